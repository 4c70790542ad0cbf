/** What a client of ours gives to peers that ask, and what it refuses. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { after, afterEach, beforeEach, test } from 'node:test'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer, type RequestedBlock, type ScriptedPeerOptions } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 65_536

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent
let seed: Client
const peers: ScriptedPeer[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  made = makeTorrent({ files: [{ path: 'made', length: 10 * PIECE_BYTES - 5 }], pieceBytes: PIECE_BYTES })
  await made.writeTo(swarm.directory('seed'))
  seed = await swarm.join(made.metainfo, { name: 'seed' })
  await seed.complete
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
})

after(assertNothingOpen)

async function dial(
  name: string,
  { port = seed.session.listenPort, ...options }: Partial<ScriptedPeerOptions> & { port?: number } = {},
): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.dial(port, { infoHash: made.metainfo.infoHash, name, ...options })
  peers.push(peer)
  return peer
}

async function until(isDone: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  await clock.until(isDone, what, limitMs)
}

async function unchoked(name: string, options: Partial<ScriptedPeerOptions> = {}): Promise<ScriptedPeer> {
  const peer = await dial(name, options)
  peer.send('interested')
  await until(() => peer.count('unchoke') === 1, 'unchoked')
  return peer
}

const block = (piece: number, number: number, length = 16_384): RequestedBlock => ({
  piece,
  offset: number * 16_384,
  length,
})

test('a seed says that it has everything, in the form that the peer understands', async () => {
  const fast = await dial('fast')
  await until(() => fast.count('haveAll') === 1, 'have all')
  const plain = await dial('plain', { reserved: '000000' })
  await until(() => plain.count('bitfield') === 1, 'bitfield')
  assert.equal(plain.received.find(({ id }) => id === 5)?.payload.toString('hex'), 'ffc0')
  assert.equal(fast.count('bitfield'), 0)
})

test('an interested peer is let in at once and gets the bytes it asks for, in order', async () => {
  const peer = await unchoked('asker')
  for (let number = 0; number < 4; number++) peer.sendRange('request', block(2, number))
  peer.sendRange('request', block(9, 3, 16_379))
  await until(() => peer.blocks.length === 5, 'five blocks')
  const start = 2 * PIECE_BYTES
  assert.ok(
    Buffer.concat(peer.blocks.slice(0, 4).map(({ data }) => data)).equals(
      made.data.subarray(start, start + PIECE_BYTES),
    ),
  )
  assert.ok(peer.blocks[4]?.data.equals(made.data.subarray(-16_379)))
  assert.equal(seed.torrent.snapshot().uploadedBytes, PIECE_BYTES + 16_379)
})

test('parts of blocks are served too', async () => {
  const peer = await unchoked('picky')
  peer.sendRange('request', { piece: 1, offset: 100, length: 7 })
  await until(() => peer.blocks.length === 1, 'seven bytes')
  assert.ok(peer.blocks[0]?.data.equals(made.data.subarray(PIECE_BYTES + 100, PIECE_BYTES + 107)))
})

test('a choked peer that speaks Fast hears that its request is rejected', async () => {
  const peer = await dial('choked')
  peer.sendRange('request', block(0, 0))
  await until(() => peer.count('reject') === 1, 'rejected')
  assert.equal(peer.blocks.length, 0)
})

test('requests beyond the piece or above 16 KiB are rejected, and close the peer when there are many', async () => {
  const peer = await unchoked('greedy')
  peer.sendRange('request', block(0, 4))
  peer.sendRange('request', block(99, 0))
  peer.sendRange('request', block(0, 0, 16_385))
  peer.sendRange('request', block(0, 0, 0))
  await until(() => peer.count('reject') === 4, 'rejected')
  for (let i = 0; i < 300; i++) peer.sendRange('request', block(99, 0))
  await until(() => peer.closedCount === 1, 'closed')
})

test('eight peers are served at a time, and a ninth gets its turn', async () => {
  const first = await Promise.all(Array.from({ length: 8 }, async (_, i) => unchoked(`peer-${i}`)))
  const ninth = await dial('ninth')
  ninth.send('interested')
  await until(() => first.some((peer) => peer.count('choke') > 0), 'somebody makes room')
  await until(() => ninth.count('unchoke') === 1, 'the ninth is let in', 120_000)
})

test('a peer for a torrent that is not here is turned away', async () => {
  const peer = await dial('stranger', { infoHash: Buffer.alloc(20, 7) })
  await until(() => peer.closedCount === 1, 'closed')
  assert.equal(peer.received.length, 0)
})

test('two connections of one client become one', async () => {
  const first = await unchoked('twin')
  const second = await dial('twin')
  await until(() => first.closedCount + second.closedCount === 1, 'one closed')
  assert.equal(seed.torrent.snapshot().peers.connected, 1)
})

test('another host that calls under the id of a peer does not take its place', async () => {
  const honest = await unchoked('twin')
  const impostor = await dial('twin', { localAddress: '127.0.0.2' })
  await until(() => impostor.count('haveAll') === 1, 'both are let in')
  assert.equal(honest.isConnected, true)
})

test('connections that say nothing leave room for others, and end', async () => {
  let ended = 0
  for (let i = 0; i < 250; i++) {
    const socket = connect(seed.session.listenPort, '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('close', () => ended++)
    socket.resume()
    await once(socket, 'connect')
  }
  await until(() => ended >= 50, 'what is beyond the limit is turned away at once', 5_000)
  await until(() => ended === 250, 'the others run out of time', 15_000)
  await unchoked('talker')
})

test('an upload limit holds for all peers together, whatever they ask for, and they share it', async () => {
  const limit = 200_000
  // In memory: the fake clock would not wait for a disk.
  const storage = new MemoryStorage({ metainfo: made.metainfo, data: Buffer.from(made.data) })
  const limited = await swarm.join(made.metainfo, { storage, uploadLimit: limit })
  await limited.complete
  const askers = await Promise.all(
    Array.from({ length: 3 }, async (_, number) => {
      const peer = await dial(`asker-${number}`, { port: limited.session.listenPort })
      peer.send('interested')
      await until(() => peer.count('unchoke') === 1, 'unchoked')
      return peer
    }),
  )
  for (const [number, peer] of askers.entries()) {
    for (let i = 0; i < 36; i++) peer.sendRange('request', block((i + number) % 9, (i * 7) % 4))
  }
  await clock.advance(1_000)
  const countsAtStart = askers.map(({ blocks }) => blocks.length)
  const start = limited.torrent.snapshot().uploadedBytes
  await clock.advance(5_000)
  const bytes = limited.torrent.snapshot().uploadedBytes - start
  assert.ok(Math.abs(bytes - 5 * limit) <= 0.05 * 5 * limit, `${bytes} bytes in 5 s`)
  const counts = askers.map(({ blocks }, number) => blocks.length - (countsAtStart[number] ?? 0))
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 2, String(counts))
  await until(() => askers.every(({ blocks }) => blocks.length === 36), 'all blocks')
})

test('a peer counts as completed when its last piece came while it was here, once', async () => {
  const have = (piece: number): Buffer => Buffer.from([0, 0, 0, piece])
  const peer = await dial('grows')
  peer.send('haveNone')
  peer.send('interested')
  for (let piece = 0; piece < 9; piece++) peer.send('have', have(piece))
  await until(() => peer.count('unchoke') === 1, 'unchoked')
  assert.equal(seed.torrent.snapshot().completedPeerCount, 0)
  assert.deepEqual([seed.torrent.snapshot().peers.interested, seed.torrent.snapshot().peers.unchoked], [1, 1])
  peer.send('have', have(9))
  await until(() => seed.torrent.snapshot().completedPeerCount === 1, 'counted')
  peer.hangUp()
  await until(() => seed.torrent.snapshot().peers.connected === 0, 'gone')
  const again = await dial('grows')
  again.send('interested')
  for (let piece = 0; piece < 10; piece++) again.send('have', have(piece))
  const whole = await dial('whole')
  whole.send('haveAll')
  const shy = await dial('shy')
  for (let piece = 0; piece < 10; piece++) shy.send('have', have(piece))
  await until(() => [again, whole, shy].every((one) => one.closedCount === 1), 'seeds part')
  assert.equal(seed.torrent.snapshot().completedPeerCount, 1)
})

test('a peer that is here over two of its addresses counts as completed once', async () => {
  const both = [await dial('twice'), await dial('twice', { localAddress: '127.0.0.2' })]
  for (const peer of both) peer.send('interested')
  await until(() => both.every((peer) => peer.count('unchoke') === 1), 'both are here')
  for (const peer of both)
    for (let piece = 0; piece < 10; piece++) peer.send('have', Buffer.from([0, 0, 0, piece]))
  await until(() => both.every((peer) => peer.closedCount === 1), 'seeds part')
  assert.equal(seed.torrent.snapshot().completedPeerCount, 1)
})

test('one that wants no more pieces is not called again and again', async () => {
  const part = await ScriptedPeer.listen({
    infoHash: made.metainfo.infoHash,
    name: 'part',
    reserved: '100004',
  })
  peers.push(part)
  seed.torrent.addPeer(part.endpoint)
  await until(() => part.count('haveAll') === 1, 'called')
  part.sendExtended(0, 'd11:upload_onlyi1ee')
  await until(() => part.closedCount === 1, 'left')
  await clock.advance(300_000)
  assert.equal(part.count('haveAll'), 1)
})

test('a slot that becomes free between rounds is passed on at once', async () => {
  const first = await Promise.all(Array.from({ length: 8 }, async (_, i) => unchoked(`peer-${i}`)))
  const waiting = [await dial('ninth'), await dial('tenth')]
  for (const peer of waiting) peer.send('interested')
  const unchokes = (): number => waiting.reduce((sum, peer) => sum + peer.count('unchoke'), 0)
  await clock.advance(200)
  assert.equal(unchokes(), 0)
  first[0]?.hangUp()
  await until(() => unchokes() === 1, 'the slot of one that left', 500)
  first[1]?.send('notInterested')
  await until(() => unchokes() === 2, 'the slot of one that wants nothing any more', 500)
  await until(() => first[1]?.count('choke') === 1, 'which has none now', 500)
})

test('a newcomer that must wait may fetch its allowed-fast pieces meanwhile, twice at the most', async () => {
  const large = makeTorrent({ files: [{ path: 'large', length: 100 * 16_384 }], pieceBytes: 16_384 })
  await large.writeTo(swarm.directory('large'))
  const giver = await swarm.join(large.metainfo, { name: 'large' })
  await giver.complete
  const join = async (name: string): Promise<ScriptedPeer> => {
    const peer = await dial(name, { port: giver.session.listenPort, infoHash: large.metainfo.infoHash })
    peer.send('interested')
    return peer
  }
  const served = await Promise.all(Array.from({ length: 8 }, async (_, i) => join(`peer-${i}`)))
  await until(() => served.every((peer) => peer.count('unchoke') === 1), 'eight are served')
  const peer = await join('newcomer')
  const allowed = (): number[] =>
    peer.received.filter(({ id }) => id === 17).map(({ payload }) => payload.readUInt32BE())
  await until(() => allowed().length === 5, 'five of a hundred pieces')
  assert.ok(served.every((one) => one.received.every(({ id }) => id !== 17)))
  for (const piece of [...allowed(), ...allowed(), ...allowed()]) peer.sendRange('request', block(piece, 0))
  const [other = 0] = [0, 1, 2, 3, 4, 5].filter((piece) => !allowed().includes(piece))
  peer.sendRange('request', block(other, 0))
  await until(() => peer.blocks.length === 10 && peer.count('reject') === 6, 'ten blocks, six rejects')
  assert.equal(peer.count('unchoke'), 0)
})

test('what the peer asks for beyond the queue that we told of is rejected', async () => {
  const peer = await dial('greedy', { reserved: '100004' })
  await until(() => peer.received.some(({ id }) => id === 20), 'extension handshake')
  const told = peer.received.find(({ id }) => id === 20)?.payload.toString('latin1') ?? ''
  assert.match(told, /4:reqqi500e/)
  peer.send('interested')
  await until(() => peer.count('unchoke') === 1, 'unchoked')
  const range = { index: 0, offset: 0, length: 16_384 }
  const request = Buffer.alloc(17)
  request.writeUInt32BE(13)
  request.writeUInt8(6, 4)
  request.writeUInt32BE(range.length, 13)
  peer.sendRaw(Buffer.concat(Array.from({ length: 520 }, () => request)))
  await until(() => peer.blocks.length + peer.count('reject') === 520, 'all answered')
  assert.ok(peer.count('reject') <= 20, `${peer.count('reject')} rejects`)
})
