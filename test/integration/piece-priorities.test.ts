/** Torrents of which only some pieces are wanted, some before others. Time is a clock that the test moves. */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import { Bitfield } from '../../src/common/bitfield.ts'
import type { Message } from '../support/scripted-peer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer, isHandshake, isRequest, readRange } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 16_384
const PIECES = 20

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent
const peers: ScriptedPeer[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  made = makeTorrent({
    files: [{ path: 'made', length: PIECES * PIECE_BYTES - 1 }],
    pieceBytes: PIECE_BYTES,
  })
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
})

after(assertNothingOpen)

/** Has these pieces and gives them; without `answers` it only has them. */
async function peerWith(has: readonly number[], answers = true): Promise<ScriptedPeer> {
  const bits = new Bitfield(PIECES)
  for (const piece of has) bits.set(piece)
  const onMessage = (self: ScriptedPeer, message: Message): void => {
    if (isHandshake(message)) {
      self.send('bitfield', bits.toBytes())
      self.send('unchoke')
    } else if (isRequest(message) && answers) {
      const range = readRange(message.payload)
      self.sendBlock(range, made.data.subarray(range.piece * PIECE_BYTES + range.offset))
    }
  }
  const peer = await ScriptedPeer.listen({
    infoHash: made.metainfo.infoHash,
    name: `peer-${peers.length}`,
    onMessage,
  })
  peers.push(peer)
  return peer
}

async function leech(priorityOf: (piece: number) => number, ...sources: ScriptedPeer[]): Promise<Client> {
  return swarm.join(made.metainfo, {
    peers: sources.map((peer) => peer.endpoint),
    priorities: Uint8Array.from({ length: PIECES }, (_, piece) => priorityOf(piece)),
  })
}

async function until(client: Client, isDone: () => boolean, what: string): Promise<void> {
  for (let passedMs = 0; passedMs < 60_000; passedMs += 50) {
    client.torrent.checkInvariants()
    if (isDone()) return
    await clock.advance(50)
  }
  assert.fail(`not within a minute of the torrent's time: ${what}`)
}

const all = Array.from({ length: PIECES }, (_, piece) => piece)
const isComplete = (client: Client) => (): boolean => client.torrent.snapshot().state === 'complete'
const asked = (peer: ScriptedPeer): number[] => peer.requests.map(({ piece }) => piece)

test('only wanted pieces are asked for, and with the last of them it is complete', async () => {
  const peer = await peerWith(all)
  const client = await leech((piece) => (piece === 3 || piece === 19 ? 1 : 0), peer)
  await until(client, isComplete(client), 'complete')
  await client.complete
  assert.deepEqual(
    asked(peer).sort((a, b) => a - b),
    [3, 19],
  )
  const { doneBytes, totalBytes } = client.torrent.snapshot()
  assert.equal(totalBytes, 2 * PIECE_BYTES - 1)
  assert.equal(doneBytes, totalBytes)
})

test('when nothing is wanted it is complete at once', async () => {
  const client = await leech(() => 0)
  await client.complete
  assert.equal(client.torrent.snapshot().totalBytes, 0)
})

test('pieces of a higher priority are asked for first', async () => {
  const peer = await peerWith(all)
  const client = await leech((piece) => 1 + Math.floor(piece / 5), peer)
  await until(client, isComplete(client), 'complete')
  assert.deepEqual(
    asked(peer).map((piece) => Math.floor(piece / 5)),
    [3, 2, 1, 0].flatMap((level) => Array<number>(5).fill(level)),
  )
})

test('a peer that has only unwanted pieces is not interesting, until it gets a wanted one', async () => {
  const peer = await peerWith([0, 1, 2])
  const client = await leech((piece) => (piece > 10 ? 1 : 0), peer)
  await until(client, () => client.torrent.snapshot().peers.connected === 1, 'connected')
  await clock.advance(5_000)
  assert.equal(peer.count('interested'), 0)
  peer.send('have', Buffer.from([0, 0, 0, 11]))
  await until(client, () => asked(peer).includes(11), 'piece 11')
  await until(client, () => client.torrent.snapshot().doneBytes === PIECE_BYTES, 'it is here')
  await until(client, () => peer.count('notInterested') === 1, 'that was all')
  assert.deepEqual(asked(peer), [11])
})

test('a change while pieces are begun: what is not wanted any more is taken back, the rest comes', async () => {
  const silent = await peerWith(all, false)
  const client = await leech(() => 1, silent)
  await until(client, () => silent.requests.length > 0, 'requests')
  const [begun = -1] = asked(silent)
  const wanted = all.filter((piece) => piece !== begun).slice(0, 4)
  client.torrent.setPiecePriorities(Uint8Array.from(all, (piece) => (wanted.includes(piece) ? 1 : 0)))
  client.torrent.checkInvariants()
  await until(client, () => silent.count('cancel') > 0, 'a cancel')
  const good = await peerWith(all)
  client.torrent.addPeer(good.endpoint)
  await until(client, isComplete(client), 'complete')
  assert.ok(asked(good).every((piece) => wanted.includes(piece)))
})

test('a change that leaves nothing missing completes it', async () => {
  const peer = await peerWith([4])
  const client = await leech(() => 1, peer)
  await until(client, () => client.torrent.snapshot().doneBytes > 0, 'piece 4')
  client.torrent.setPiecePriorities(Uint8Array.from(all, (piece) => (piece === 4 ? 1 : 0)))
  await until(client, isComplete(client), 'complete')
})
