/** What a torrent does with peers that are slow, silent, greedy or false. Time is a clock that the test moves. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import type { Message, ScriptedPeerOptions } from '../support/scripted-peer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer, isHandshake, isRequest, readRange } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 32_768

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent
const peers: ScriptedPeer[] = []

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  made = makeTorrent({ files: [{ path: 'made', length: 20 * PIECE_BYTES }], pieceBytes: PIECE_BYTES })
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await swarm.close()
})

after(assertNothingOpen)

async function scripted(
  onMessage: NonNullable<ScriptedPeerOptions['onMessage']>,
  name = 'one',
): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen({ infoHash: made.metainfo.infoHash, name, onMessage })
  peers.push(peer)
  return peer
}

async function leech(...sources: ScriptedPeer[]): Promise<Client & { lines: string[] }> {
  const lines: string[] = []
  const client = await swarm.join(made.metainfo, {
    peers: sources.map((peer) => peer.endpoint),
    log: (level, scope, message) => lines.push(`${level} ${scope} ${message}`),
  })
  return { ...client, lines }
}

/** Moves the clock in small steps, letting sockets work, until `isDone`. */
async function until(isDone: () => boolean, what: string, limitMs = 120_000): Promise<void> {
  await clock.until(isDone, what, limitMs)
}

function blockOf({ piece, offset, length }: { piece: number; offset: number; length: number }): Buffer {
  const start = piece * PIECE_BYTES + offset
  return made.data.subarray(start, start + length)
}

/** A seed as it should be. */
function serve(peer: ScriptedPeer, message: Message): void {
  if (isHandshake(message)) {
    peer.send('haveAll')
    peer.send('unchoke')
  } else if (isRequest(message)) {
    const range = readRange(message.payload)
    peer.sendBlock(range, blockOf(range))
  }
}

/** Has everything, answers nothing. */
function openOnly(peer: ScriptedPeer, message: Message): void {
  if (!isHandshake(message)) return
  peer.send('haveAll')
  peer.send('unchoke')
}

async function assertWhole(client: Client): Promise<void> {
  assert.ok((await readFile(join(client.directory, 'made'))).equals(made.data))
}

const isComplete = (client: Client) => (): boolean => client.torrent.snapshot().state === 'complete'

test('a peer that chokes us gets no requests', async () => {
  const peer = await scripted((self, message) => {
    if (isHandshake(message)) self.send('haveAll')
  })
  const client = await leech(peer)
  await until(() => peer.count('interested') === 1, 'interested')
  await clock.advance(5_000)
  assert.equal(peer.requests.length, 0)
  peer.send('unchoke')
  await until(() => peer.requests.length > 0, 'requests after the unchoke')
  assert.equal(client.torrent.snapshot().peers.unchoking, 1)
})

test('each block is asked for once while peers answer', async () => {
  const peer = await scripted(serve)
  const client = await leech(peer)
  await until(isComplete(client), 'complete')
  const asked = peer.requests.map(({ piece, offset }) => piece * PIECE_BYTES + offset)
  assert.equal(new Set(asked).size, asked.length)
  assert.equal(asked.length, 40)
  await assertWhole(client)
})

test('the blocks of a silent peer are fetched elsewhere', async () => {
  const silent = await scripted(openOnly, 'silent')
  const client = await leech(silent)
  await until(() => silent.requests.length > 0, 'requests')
  const good = await scripted(serve, 'good')
  client.torrent.addPeer(good.endpoint)
  await until(isComplete(client), 'complete')
  await assertWhole(client)
})

test('a peer that leaves in the middle of a piece leaves nothing undone', async () => {
  let blocks = 0
  const quitter = await scripted((self, message) => {
    if (isRequest(message) && ++blocks > 3) void self.close()
    else serve(self, message)
  }, 'quitter')
  const client = await leech(quitter)
  await until(() => quitter.closedCount > 0, 'the quitter leaves')
  const good = await scripted(serve, 'good')
  client.torrent.addPeer(good.endpoint)
  await until(isComplete(client), 'complete')
  await assertWhole(client)
  assert.equal(client.torrent.snapshot().wastedBytes, 0)
})

test('a late copy arrives first: the other peer hears a cancel', async () => {
  const slow = await scripted(openOnly, 'slow')
  const client = await leech(slow)
  await until(() => slow.requests.length >= 32, 'requests at the slow peer')
  const good = await scripted(serve, 'good')
  client.torrent.addPeer(good.endpoint)
  await until(isComplete(client), 'complete', 9_000)
  assert.ok(slow.count('cancel') > 0)
  await assertWhole(client)
})

test('rejected requests are asked for again', async () => {
  let rejects = 0
  const peer = await scripted((self, message) => {
    if (isRequest(message) && rejects++ < 5) self.send('reject', message.payload)
    else serve(self, message)
  })
  const client = await leech(peer)
  await until(isComplete(client), 'complete')
  await assertWhole(client)
})

test('a peer that rejects everything is closed', async () => {
  const peer = await scripted((self, message) => {
    if (isRequest(message)) self.send('reject', message.payload)
    else openOnly(self, message)
  })
  const client = await leech(peer)
  await until(() => peer.closedCount > 0, 'closed')
  assert.ok(client.lines.some((line) => line.includes('PEER_REJECTS_ALL')))
})

test('blocks that nobody asked for are counted as waste, and close the peer when there are many', async () => {
  const peer = await scripted((self, message) => {
    if (!isHandshake(message)) return
    self.send('haveAll')
    for (let i = 0; i < 40; i++) self.sendBlock({ piece: 1, offset: 0, length: 16_384 }, made.data)
  })
  const client = await leech(peer)
  await until(() => peer.closedCount > 0, 'closed')
  assert.equal(client.torrent.snapshot().doneBytes, 0)
  assert.ok(client.torrent.snapshot().wastedBytes >= 33 * 16_384)
  assert.ok(client.lines.some((line) => line.includes('PEER_UNREQUESTED')))
})

test('a lone liar is banned by its first bad piece and never completes anything', async () => {
  const liar = await scripted((self, message) => {
    if (isRequest(message)) self.sendBlock(readRange(message.payload), Buffer.alloc(16_384, 1))
    else openOnly(self, message)
  }, 'liar')
  const client = await leech(liar)
  await until(() => client.torrent.snapshot().peers.banned > 0, 'banned')
  assert.equal(client.torrent.snapshot().doneBytes, 0)
  assert.equal(liar.closedCount, 1)
})

test('of two peers that share a bad piece only the liar is banned', async () => {
  made = makeTorrent({ files: [{ path: 'made', length: 8 * 16_384 }], pieceBytes: 8 * 16_384 })
  const half = async (name: string, corrupts: boolean): Promise<ScriptedPeer> => {
    let count = 0
    return scripted((self, message) => {
      if (!isRequest(message)) {
        openOnly(self, message)
        return
      }
      const range = readRange(message.payload)
      if (++count > 4 && !corrupts && !isLiarGone()) return undefined // each sends half of the first attempt
      const data = Buffer.from(made.data.subarray(range.offset, range.offset + range.length))
      if (corrupts) data.writeUInt8(data.readUInt8() ^ 1)
      self.sendBlock(range, data)
    }, name)
  }
  let liar: ScriptedPeer | undefined = undefined as ScriptedPeer | undefined
  const isLiarGone = (): boolean => (liar?.received.length ?? 0) > 0
  const honest = await half('honest', false)
  const client = await leech(honest)
  await until(() => client.torrent.snapshot().downloadedBytes >= 4 * 16_384, 'the honest half')
  liar = await half('liar', true)
  client.torrent.addPeer(liar.endpoint)
  await until(isComplete(client), 'complete', 300_000)
  const bans = client.lines.filter((line) => line.startsWith('warn peer banned'))
  assert.ok(
    bans.every((line) => line.includes(`:${liar.endpoint.port} `)),
    bans.join('\n'),
  )
})

test('a connection to ourselves is noticed and not tried again', async () => {
  const client = await leech()
  client.torrent.addPeer({ host: '127.0.0.1', port: client.session.listenPort })
  await until(() => client.torrent.snapshot().peers.known === 0, 'forgotten')
  assert.ok(client.lines.some((line) => line.includes('PEER_SELF')))
})
