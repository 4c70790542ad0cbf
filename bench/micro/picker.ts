/** The picker at 1,000, 10,000 and 100,000 pieces: cost per operation. Flat is right. */
import type { PeerPieces } from '../../src/swarm/piece-picker.ts'
import { Bitfield } from '../../src/common/bitfield.ts'
import { PiecePicker } from '../../src/swarm/piece-picker.ts'
import { nanosecondsPer, seededRandom } from './micro-bench.ts'
import type { MicroBench } from './micro-bench.ts'

const SIZES = [1_000, 10_000, 100_000]
const PARTIAL_PEERS = 20
const random = seededRandom(1)

function halfOf(pieceCount: number): Bitfield {
  const bits = new Bitfield(pieceCount)
  for (let piece = 0; piece < pieceCount; piece++) if (random() < 0.5) bits.set(piece)
  return bits
}

function swarmOf(pieceCount: number): { picker: PiecePicker; peers: Bitfield[] } {
  const picker = new PiecePicker(pieceCount, random)
  const peers = Array.from({ length: PARTIAL_PEERS }, () => halfOf(pieceCount))
  for (const peer of peers) picker.addPeer(peer)
  picker.pick('all')
  return { picker, peers }
}

/** A whole download: pick, start and have for every piece. */
function downloadNs(pieceCount: number, peerOf: (peers: Bitfield[], i: number) => PeerPieces): number {
  const { picker, peers } = swarmOf(pieceCount)
  picker.addSeed()
  let done = 0
  const ns = nanosecondsPer(pieceCount, () => {
    for (let i = 0; i < 2 * pieceCount && picker.hasOpen; i++) {
      const piece = picker.pick(peerOf(peers, i))
      if (piece === undefined) continue
      picker.start(piece)
      picker.setHave(piece)
      done++
    }
  })
  return (ns * pieceCount) / Math.max(1, done)
}

function runNs(pieceCount: number): number {
  const picker = new PiecePicker(pieceCount, random)
  picker.addSeed()
  let piece = Math.floor(pieceCount / 2)
  return nanosecondsPer(pieceCount, () => {
    for (let next = picker.pickNear(piece, 'all'); next !== undefined; next = picker.pickNear(piece, 'all')) {
      picker.start(next)
      picker.setHave(next)
      piece = next
    }
  })
}

function incrementNs(pieceCount: number): number {
  const { picker, peers } = swarmOf(pieceCount)
  const rounds = 200_000
  const [peer] = peers
  return nanosecondsPer(rounds, () => {
    for (let i = 0; i < rounds; i++) {
      const piece = Math.floor(random() * pieceCount)
      if (peer?.set(piece) === true) picker.increment(piece)
      else if (peer?.clear(piece) === true) picker.decrement(piece)
    }
  })
}

function joinNs(pieceCount: number): number {
  const { picker, peers } = swarmOf(pieceCount)
  const rounds = Math.ceil(1_000_000 / pieceCount)
  return nanosecondsPer(rounds * pieceCount, () => {
    for (let i = 0; i < rounds; i++) {
      const peer = peers[i % peers.length]!
      picker.removePeer(peer)
      picker.addPeer(peer)
      picker.pick('all')
    }
  })
}

function priorityNs(pieceCount: number): number {
  const { picker } = swarmOf(pieceCount)
  const rounds = 200_000
  return nanosecondsPer(rounds, () => {
    for (let i = 0; i < rounds; i++) picker.setPriority(Math.floor(random() * pieceCount), i & 7)
  })
}

const OPERATIONS: readonly (readonly [string, (pieceCount: number) => number])[] = [
  ['pick + start + have, seed', (size) => downloadNs(size, () => 'all')],
  ['the same, 20 half peers', (size) => downloadNs(size, (peers, i) => peers[i % peers.length]!)],
  ['pickNear + start + have', runNs],
  ['increment / decrement', incrementNs],
  ['leave + join, per piece', joinNs],
  ['change of priority, 8 of them', priorityNs],
]

export const micro: MicroBench = {
  name: 'picker',
  unit: 'ns',
  better: 'low',
  measure: () =>
    OPERATIONS.flatMap(([operation, measure]) =>
      SIZES.map((size) => ({ name: `${operation}, ${size} pieces`, value: measure(size) })),
    ),
}
