/** The first seed of a torrent: how much it sends until everybody has everything, and what it shows to whom (BEP 16). */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { TrackerServer } from '../../src/tracker/tracker-server.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 65_536
const PIECES = 60

let clock: FakeClock
let swarm: Swarm
let tracker: TrackerServer
let made: MadeTorrent
const peers: ScriptedPeer[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  tracker = await TrackerServer.open({ host: '127.0.0.1', port: 0, intervalSeconds: 1800 })
  made = makeTorrent({
    files: [{ path: 'made', length: PIECES * PIECE_BYTES }],
    pieceBytes: PIECE_BYTES,
    trackers: [[`http://127.0.0.1:${tracker.port}/announce`]],
  })
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
  await tracker.close()
})

after(assertNothingOpen)

async function until(isDone: () => boolean, what: string, limitMs = 600_000): Promise<void> {
  await clock.until(isDone, what, limitMs)
}

async function startSeed(isSuperSeeding: boolean): Promise<Client> {
  await made.writeTo(swarm.directory('seed'))
  const seed = await swarm.join(made.metainfo, { name: 'seed', isSuperSeeding, uploadLimit: 2_000_000 })
  await until(() => seed.torrent.snapshot().state === 'complete', 'the seed is ready')
  return seed
}

const havesOf = (peer: ScriptedPeer): number[] =>
  peer.received.filter(({ id }) => id === 4).map(({ payload }) => payload.readUInt32BE())

async function dial(seed: Client, name: string): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.dial(seed.session.listenPort, { infoHash: made.metainfo.infoHash, name })
  peers.push(peer)
  return peer
}

const have = (piece: number): Buffer => Buffer.from([0, 0, 0, piece])

/** @returns how many times the torrent the seed sent until so many peers had it all */
async function timesSent(isSuperSeeding: boolean, count: number): Promise<number> {
  const seed = await startSeed(isSuperSeeding)
  const leeches = await Promise.all(Array.from({ length: count }, async () => swarm.join(made.metainfo)))
  await until(() => leeches.every(({ torrent }) => torrent.snapshot().state === 'complete'), 'all have it')
  return seed.torrent.snapshot().uploadedBytes / made.data.length
}

for (const count of [2, 5, 12]) {
  test(`${count} peers get it all from a super-seed that sends it little more than once`, async (t) => {
    const times = await timesSent(true, count)
    t.diagnostic(`sent ${times.toFixed(2)} times`)
    assert.ok(times >= 1 && times < 1.25, `sent ${times} times`)
  })
}

test('a seed that shows all it has sends more', async (t) => {
  const times = await timesSent(false, 5)
  t.diagnostic(`sent ${times.toFixed(2)} times`)
  assert.ok(times > 1.25, `sent ${times} times`)
})

test('one peer alone gets it all', async () => {
  const seed = await startSeed(true)
  const leech = await swarm.join(made.metainfo)
  await until(() => leech.torrent.snapshot().state === 'complete', 'it has it')
  assert.equal(seed.torrent.snapshot().uploadedBytes, made.data.length)
})

test('a peer is shown the next piece when another has what it was shown, and no two the same', async () => {
  const seed = await startSeed(true)
  const first = await dial(seed, 'first')
  const second = await dial(seed, 'second')
  for (const peer of [first, second]) {
    peer.send('haveNone')
    peer.send('interested')
  }
  const ahead = 16
  await until(() => [first, second].every((peer) => havesOf(peer).length === ahead), 'shown')
  assert.equal(first.count('haveNone'), 1)
  assert.equal(new Set([...havesOf(first), ...havesOf(second)]).size, 2 * ahead)
  const [shown = 0] = havesOf(first)
  first.send('have', have(shown))
  await clock.advance(2_000)
  assert.equal(havesOf(first).length, ahead, 'that it has it itself proves nothing')
  second.send('have', have(shown))
  await until(() => havesOf(first).length === ahead + 1, 'the next')
  assert.equal(havesOf(second).length, ahead)
})

test('pieces of a peer that left are shown to others', async () => {
  const seed = await startSeed(true)
  const first = await dial(seed, 'first')
  first.send('haveNone')
  first.send('interested')
  await until(() => havesOf(first).length === 16, 'shown')
  first.hangUp()
  const second = await dial(seed, 'second')
  second.send('haveNone')
  second.send('interested')
  await until(() => havesOf(second).length === 16, 'shown')
  // Alone, it is shown more for each piece that it fetched.
  for (let known = 0; known < PIECES;) {
    const shown = havesOf(second)
    for (const piece of shown.slice(known)) second.send('have', have(piece))
    known = shown.length
    if (known < PIECES) await until(() => havesOf(second).length > known, `more than ${known}`)
  }
  assert.equal(new Set(havesOf(second)).size, PIECES)
})

test('a peer that nobody helps is shown more all the same', async () => {
  const seed = await startSeed(true)
  const stuck = await dial(seed, 'stuck')
  const mute = await dial(seed, 'mute')
  for (const peer of [stuck, mute]) {
    peer.send('haveNone')
    peer.send('interested')
  }
  await until(() => havesOf(stuck).length === 16, 'shown')
  for (const piece of havesOf(stuck)) stuck.send('have', have(piece))
  await until(() => havesOf(stuck).length > 16, 'more', 20_000)
})

test('a peer that wants other pieces than those it is shown is shown all', async () => {
  const seed = await startSeed(true)
  const picky = await dial(seed, 'picky')
  const waiting = await dial(seed, 'waiting')
  picky.send('haveNone')
  for (const piece of [0, 1]) waiting.send('have', have(piece))
  await until(() => havesOf(picky).length === 1, 'a first one, which it does not want')
  await until(() => havesOf(picky).length === PIECES, 'all', 20_000)
  assert.equal(new Set(havesOf(picky)).size, PIECES)
})

test('a part of the torrent comes from a super-seed, too', async () => {
  const seed = await startSeed(true)
  const priorities = new Uint8Array(PIECES)
  priorities[PIECES - 1] = 1
  const port = seed.session.listenPort
  const leech = await swarm.join(made.metainfo, { priorities, peers: [{ host: '127.0.0.1', port }] })
  await until(() => leech.torrent.snapshot().state === 'complete', 'its piece', 60_000)
})
