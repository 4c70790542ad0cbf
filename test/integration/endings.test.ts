/** What peers hear when a download has all it wants: the last pieces, that it wants no more, and, when it does not seed, the end. */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer, isRequest, readRange } from '../support/scripted-peer.ts'
import { Swarm } from '../support/swarm.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 65_536
/** BEP 10 in the reserved bits, and BEP 6. */
const FAST_AND_EXTENSIONS = '100004'

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent
const peers: ScriptedPeer[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  made = makeTorrent({ files: [{ path: 'made', length: 10 * PIECE_BYTES - 5 }], pieceBytes: PIECE_BYTES })
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
})

after(assertNothingOpen)

async function until(isDone: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  await clock.until(isDone, what, limitMs)
}

/** Has everything and gives it. */
async function scriptedSeed(): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen({
    infoHash: made.metainfo.infoHash,
    reserved: FAST_AND_EXTENSIONS,
    onMessage: (self, message) => {
      if (message.id === -1) {
        self.send('haveAll')
        self.send('unchoke')
      } else if (isRequest(message)) {
        const range = readRange(message.payload)
        const start = range.piece * PIECE_BYTES + range.offset
        self.sendBlock(range, made.data.subarray(start, start + range.length))
      }
    },
  })
  peers.push(peer)
  return peer
}

const havesOf = (peer: ScriptedPeer): number[] =>
  peer.received.filter(({ id }) => id === 4).map(({ payload }) => payload.readUInt32BE())

/** Of the last extension handshake. */
const extensionsOf = (peer: ScriptedPeer): string =>
  peer.received
    .filter(({ id, payload }) => id === 20 && payload[0] === 0)
    .at(-1)
    ?.payload.toString('latin1') ?? ''

test('a download that ends when it is complete tells a seed of all its pieces before it closes', async () => {
  const peer = await scriptedSeed()
  const leech = await swarm.join(made.metainfo, { peers: [peer.endpoint] })
  void leech.complete.then(async () => leech.torrent.stop())
  await until(() => peer.closedCount === 1, 'it closes')
  assert.deepEqual(
    havesOf(peer).sort((a, b) => a - b),
    Array.from({ length: 10 }, (_, piece) => piece),
  )
  assert.equal(peer.count('notInterested'), 1)
  assert.match(extensionsOf(peer), /11:upload_onlyi1e/)
})

test('our seed counts our downloads, whether they go on seeding or end', async () => {
  await made.writeTo(swarm.directory('seed'))
  const seed = await swarm.join(made.metainfo, { name: 'seed' })
  await seed.complete
  const named = { peers: [{ host: '127.0.0.1', port: seed.session.listenPort }] }
  const ending = await swarm.join(made.metainfo, named)
  void ending.complete.then(async () => ending.torrent.stop())
  await until(() => seed.torrent.snapshot().completedPeerCount === 1, 'the one that ends')
  const staying = await swarm.join(made.metainfo, named)
  await until(() => seed.torrent.snapshot().completedPeerCount === 2, 'the one that goes on')
  await until(() => seed.torrent.snapshot().peers.connected === 0, 'seeds have no use for each other')
  assert.equal(staying.torrent.snapshot().state, 'complete')
})

test('who chose some files and has them says upload_only, and is counted and let go by the seed', async () => {
  await made.writeTo(swarm.directory('seed'))
  const seed = await swarm.join(made.metainfo, { name: 'seed' })
  await seed.complete
  const priorities = new Uint8Array(10)
  priorities.fill(1, 2, 5)
  const part = await swarm.join(made.metainfo, {
    peers: [{ host: '127.0.0.1', port: seed.session.listenPort }],
    priorities,
  })
  await until(() => part.torrent.snapshot().state === 'complete', 'three pieces')
  await until(() => seed.torrent.snapshot().completedPeerCount === 1, 'counted')
  await until(() => seed.torrent.snapshot().peers.connected === 0, 'let go')
})
