/** Peer exchange as peers see it, over real sockets; time is a clock that the test moves. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { decodeExtensionHandshake } from '../../src/wire/extensions.ts'
import { decodePex, encodePex } from '../../src/wire/pex.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import { isHandshake, isRequest, readRange, ScriptedPeer } from '../support/scripted-peer.ts'
import type { Message, ScriptedPeerOptions } from '../support/scripted-peer.ts'
import { Swarm, type Client, type JoinOptions } from '../support/swarm.ts'

const PIECE_BYTES = 32_768
/** Fast and the extension protocol. */
const RESERVED = '100004'
/** How they want peer exchange numbered. */
const THEIR_ID = 3
const OUR_ID = 1

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent
const peers: ScriptedPeer[] = []
const logged: string[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  logged.length = 0
  made = makeTorrent({ files: [{ path: 'made', length: 20 * PIECE_BYTES }], pieceBytes: PIECE_BYTES })
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
})

after(assertNothingOpen)

async function until(isDone: () => boolean, what: string, limitMs = 120_000): Promise<void> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 100) {
    if (isDone()) return
    await clock.advance(100)
  }
  assert.fail(`not within ${limitMs} ms of the torrent's time: ${what}\n${logged.join('\n')}`)
}

/** Says that it takes part, and where it listens. */
function introduce(peer: ScriptedPeer, listenPort?: number): void {
  const port = listenPort === undefined ? '' : `1:pi${listenPort}e`
  peer.sendExtended(0, `d1:md6:ut_pexi${THEIR_ID}ee${port}e`)
}

type Script = NonNullable<ScriptedPeerOptions['onMessage']>

const talks: Script = (peer, message) => {
  if (!isHandshake(message)) return
  peer.send('haveNone')
  introduce(peer)
}

function serves(peer: ScriptedPeer, message: Message): void {
  if (isHandshake(message)) {
    peer.send('haveAll')
    peer.send('unchoke')
    introduce(peer)
  } else if (isRequest(message)) {
    const range = readRange(message.payload)
    const start = range.piece * PIECE_BYTES + range.offset
    peer.sendBlock(range, made.data.subarray(start, start + range.length))
  }
}

async function listen(name: string, onMessage: Script): Promise<ScriptedPeer> {
  const { infoHash } = made.metainfo
  const peer = await ScriptedPeer.listen({ infoHash, name, reserved: RESERVED, onMessage })
  peers.push(peer)
  return peer
}

async function call(client: Client, name: string, listenPort: number): Promise<ScriptedPeer> {
  const { infoHash } = made.metainfo
  const peer = await ScriptedPeer.dial(client.session.listenPort, { infoHash, name, reserved: RESERVED })
  peers.push(peer)
  peer.send('haveNone')
  introduce(peer, listenPort)
  return peer
}

async function leech(sources: readonly ScriptedPeer[], options: JoinOptions = {}): Promise<Client> {
  return swarm.join(made.metainfo, {
    peers: sources.map((peer) => peer.endpoint),
    log: (level, scope, message) => logged.push(`${level} ${scope} ${message}`),
    ...options,
  })
}

function name(peer: ScriptedPeer, ...endpoints: readonly { host: string; port: number }[]): void {
  const added = endpoints.map((endpoint) => ({ endpoint, flags: 0 }))
  peer.sendExtended(OUR_ID, encodePex({ added, dropped: [] }))
}

const offers = (peer: ScriptedPeer): boolean =>
  peer.extended(0).some((payload) => decodeExtensionHandshake(payload).m.has('ut_pex'))

test('peers learn of each other from us, and that one has gone', async () => {
  const first = await listen('first', talks)
  const client = await leech([first])
  await until(() => offers(first), 'the offer')
  const second = await call(client, 'second', 45_678)
  await until(() => first.extended(THEIR_ID).length > 0, 'a message to the first')
  await until(() => second.extended(THEIR_ID).length > 0, 'a message to the second')
  const toFirst = decodePex(first.extended(THEIR_ID)[0]!)
  assert.deepEqual(
    toFirst.added.map((one) => one.endpoint),
    [{ host: '127.0.0.1', port: 45_678 }],
  )
  const toSecond = decodePex(second.extended(THEIR_ID)[0]!)
  assert.deepEqual(
    toSecond.added.map((one) => one.endpoint),
    [first.endpoint],
  )
  second.hangUp()
  await until(() => first.extended(THEIR_ID).length > 1, 'the next message')
  assert.deepEqual(decodePex(first.extended(THEIR_ID)[1]!), {
    added: [],
    dropped: [{ host: '127.0.0.1', port: 45_678 }],
  })
})

test('whom a peer names is called, and may have what we miss', async () => {
  const seed = await listen('seed', serves)
  const gossip = await listen('gossip', talks)
  const client = await leech([gossip])
  await until(() => offers(gossip), 'the offer')
  name(gossip, seed.endpoint)
  await until(() => client.torrent.snapshot().state === 'complete', 'complete')
  assert.ok((await readFile(join(client.directory, 'made'))).equals(made.data))
  assert.equal(client.torrent.snapshot().peers.fromPeers, 1)
  assert.ok(logged.some((line) => line.startsWith('info swarm') && line.includes('1 of 1 addresses are new')))
})

test('our own address, port 0 and ports of services are not called', async () => {
  const gossip = await listen('gossip', talks)
  const client = await leech([gossip])
  await until(() => offers(gossip), 'the offer')
  const host = '127.0.0.1'
  name(
    gossip,
    { host, port: client.session.listenPort },
    { host, port: 0 },
    { host, port: 22 },
    gossip.endpoint,
  )
  await until(() => logged.some((line) => line.includes('0 of 3 addresses are new')), 'the message was read')
  await clock.advance(5_000)
  assert.equal(client.torrent.snapshot().peers.known, 1)
  assert.ok(!logged.some((line) => line.includes('PEER_SELF')))
})

test('a thousand messages end the connection, and name three messages of peers', async () => {
  const gossip = await listen('gossip', talks)
  const client = await leech([gossip])
  await until(() => offers(gossip), 'the offer')
  for (let i = 0; i < 1_000; i++) name(gossip, { host: '127.0.0.1', port: 20_000 + i })
  await until(() => gossip.closedCount === 1, 'closed')
  assert.ok(logged.some((line) => line.includes('PEER_FLOOD')))
  assert.ok(client.torrent.snapshot().peers.known <= 4)
})

test('500 ports of one host lead to ten calls', async () => {
  const gossip = await listen('gossip', talks)
  const client = await leech([gossip])
  await until(() => offers(gossip), 'the offer')
  const list = Array.from({ length: 500 }, (_, i) => ({ host: '127.0.0.9', port: 2_000 + i }))
  for (let i = 0; i < 3; i++) name(gossip, ...list.slice(50 * i, 50 * (i + 1)))
  await until(() => (client.torrent.snapshot().peers.fromPeers ?? 0) > 0, 'the messages were read')
  await clock.advance(5_000)
  assert.equal(client.torrent.snapshot().peers.fromPeers, 10)
})

for (const [what, payload] of [
  ['no bencode', Buffer.from('spam')],
  ['10,000 addresses', encodePexOf(11_000)],
] as const) {
  test(`${what}: the connection ends, the torrent goes on`, async () => {
    const seed = await listen('seed', serves)
    const liar = await listen('liar', talks)
    const client = await leech([liar])
    await until(() => offers(liar), 'the offer')
    liar.sendExtended(OUR_ID, payload)
    await until(() => liar.closedCount === 1, 'closed')
    assert.ok(logged.some((line) => line.includes('WIRE_PEX')))
    assert.equal(client.torrent.snapshot().peers.fromPeers, undefined)
    client.torrent.addPeer(seed.endpoint)
    await until(() => client.torrent.snapshot().state === 'complete', 'complete')
  })
}

/** More than any client says at once. */
function encodePexOf(count: number): Buffer {
  return Buffer.concat([Buffer.from(`d5:added${6 * count}:`), Buffer.alloc(6 * count, 80), Buffer.from('e')])
}

for (const [what, isPrivate, usesPex] of [
  ['of a private torrent', true, true],
  ['with --no-pex', false, false],
] as const) {
  test(`${what} it is neither offered, nor sent, nor heard`, async () => {
    made = makeTorrent({ files: [{ path: 'made', length: 20 * PIECE_BYTES }], private: isPrivate })
    const seed = await listen('seed', serves)
    const gossip = await listen('gossip', talks)
    const client = await leech([gossip], { session: { usesPex } })
    await until(() => gossip.extended(0).length > 0, 'the extension handshake')
    assert.equal(offers(gossip), false)
    const caller = await call(client, 'caller', 45_678)
    for (let i = 0; i < 10; i++) name(gossip, seed.endpoint)
    await clock.advance(130_000)
    assert.deepEqual([gossip, caller].map((peer) => peer.extended(THEIR_ID).length), [0, 0]) // prettier-ignore
    assert.equal(seed.isConnected, false)
    assert.equal(client.torrent.snapshot().peers.fromPeers, undefined)
  })
}
