/** Peers that hold back what they were asked for must not hold up a download. Time is a clock that the test moves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { after, afterEach, beforeEach, test } from 'node:test'
import type { Message, ScriptedPeerOptions } from '../support/scripted-peer.ts'
import { Bitfield } from '../../src/common/bitfield.ts'
import { Dialer } from '../../src/peer/dialer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { PieceMemory } from '../../src/storage/piece-memory.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { ScriptedPeer, isHandshake, isRequest, readRange } from '../support/scripted-peer.ts'
import { Torrent } from '../../src/torrent/torrent.ts'
import type { TorrentParts } from '../../src/torrent/torrent-parts.ts'
import { UploadMemory } from '../../src/torrent/upload-memory.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makePeerId } from '../../src/wire/peer-id.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import { seededRandom } from '../support/picker-strings.ts'

const BLOCK_BYTES = 16_384

let clock: FakeClock
const peers: ScriptedPeer[] = []
const torrents: Torrent[] = []

beforeEach(() => {
  clock = new FakeClock()
})

afterEach(async () => {
  await Promise.all(torrents.splice(0).map(async (torrent) => torrent.stop()))
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
})

after(assertNothingOpen)

type Script = NonNullable<ScriptedPeerOptions['onMessage']>

async function scripted(made: MadeTorrent, name: string, onMessage: Script): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.listen({ infoHash: made.metainfo.infoHash, name, onMessage })
  peers.push(peer)
  return peer
}

interface LeechOptions extends Partial<Pick<TorrentParts, 'storage' | 'priorities' | 'maxPeers'>> {
  readonly budgetPieces?: number
}

/** A client whose memory is bounded to `budgetPieces` pieces. */
function leech(
  made: MadeTorrent,
  sources: readonly ScriptedPeer[],
  { budgetPieces = 1_000, maxPeers = 10, ...more }: LeechOptions = {},
): Torrent {
  const torrent = new Torrent({
    metainfo: made.metainfo,
    clock,
    log: () => undefined,
    random: seededRandom(7),
    observer: {
      onState: () => undefined,
      onTracker: () => undefined,
      onFile: () => undefined,
      onComplete: () => undefined,
      onWarning: () => undefined,
      onFailed: () => undefined,
    },
    storage: new MemoryStorage({ metainfo: made.metainfo }),
    dialer: new Dialer({ clock }),
    makeTracker: () => assert.fail('no tracker'),
    uploadMemory: new UploadMemory(),
    peerId: makePeerId(Buffer.alloc(12, 5)),
    listenPort: 1,
    maxPeers,
    userPeers: sources.map(({ endpoint }) => endpoint),
    seedWhenComplete: true,
    pieceMemory: new PieceMemory(budgetPieces * made.metainfo.geometry.pieceBytes),
    ...more,
  })
  torrents.push(torrent)
  torrent.start()
  return torrent
}

const isComplete = (torrent: Torrent): boolean => torrent.snapshot().state === 'complete'

/** Moves the clock in steps of 50 ms until `isDone`, with `onStep` at each. */
async function until(isDone: () => boolean, limitMs: number, onStep = (): void => undefined): Promise<void> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 50) {
    if (isDone()) return
    onStep()
    await clock.advance(50)
    for (const torrent of torrents) torrent.checkInvariants()
  }
  assert.fail(`not within ${limitMs} ms of the torrent's time`)
}

function openUp(peer: ScriptedPeer, message: Message): boolean {
  if (!isHandshake(message)) return false
  peer.send('haveAll')
  peer.send('unchoke')
  return true
}

function sendBlock(made: MadeTorrent, peer: ScriptedPeer, payload: Buffer): void {
  const range = readRange(payload)
  const start = range.piece * made.metainfo.geometry.pieceBytes + range.offset
  peer.sendBlock(range, made.data.subarray(start, start + range.length))
}

const seedScript =
  (made: MadeTorrent): Script =>
  (self, message) => {
    if (!openUp(self, message) && isRequest(message)) sendBlock(made, self, message.payload)
  }

/** A seed that sends one block in `everyMs`, oldest request first. @returns what to call at each step */
async function slowSeed(
  made: MadeTorrent,
  name: string,
  everyMs: number,
  withholds: (payload: Buffer) => boolean = () => false,
): Promise<{ peer: ScriptedPeer; step: () => void }> {
  const waiting: Buffer[] = []
  const peer = await scripted(made, name, (self, message) => {
    if (openUp(self, message)) return
    if (isRequest(message) && !withholds(message.payload)) waiting.push(message.payload)
    if (message.id !== 8) return
    const at = waiting.findIndex((payload) => payload.equals(message.payload))
    if (at >= 0) waiting.splice(at, 1)
  })
  let nextMs = clock.now()
  return {
    peer,
    step: () => {
      if (clock.now() < nextMs) return
      const payload = waiting.shift()
      if (payload === undefined) return
      nextMs = clock.now() + everyMs
      sendBlock(made, peer, payload)
    },
  }
}

const torrentOf = (pieces: number, blocks: number): MadeTorrent =>
  makeTorrent({
    files: [{ path: 'made', length: pieces * blocks * BLOCK_BYTES }],
    pieceBytes: blocks * BLOCK_BYTES,
  })

test('a peer that unchokes again and again but sends nothing gives up its blocks', async () => {
  const made = torrentOf(8, 4)
  const holder = await scripted(made, 'holder', (self, message) => void openUp(self, message))
  const torrent = leech(made, [holder])
  await until(() => holder.requests.length > 0, 5_000)
  const honest = await slowSeed(made, 'honest', 1_000)
  torrent.addPeer(honest.peer.endpoint)
  let steps = 0
  await until(
    () => isComplete(torrent),
    90_000,
    () => {
      honest.step()
      if (++steps % 100 === 0) holder.send('unchoke')
    },
  )
})

test('a block that a busy peer leaves out is asked for again', async () => {
  const made = torrentOf(200, 2)
  const first: Buffer[] = []
  const peer = await slowSeed(made, 'skipper', 200, (payload) => {
    if (first.length === 0) first.push(payload)
    return first.length === 1 && first[0] === payload
  })
  const torrent = leech(made, [peer.peer])
  const skipped = (): number => peer.peer.received.filter(({ payload }) => first[0]?.equals(payload)).length
  await until(() => skipped() === 2, 65_000, peer.step)
  assert.ok(!isComplete(torrent))
})

test('a peer that drops requests beyond what it keeps is asked for them again, soon, and for fewer', async () => {
  const made = torrentOf(200, 4)
  const waiting: Buffer[] = []
  const kept = 24
  const peer = await ScriptedPeer.listen({
    infoHash: made.metainfo.infoHash,
    name: 'dropper',
    reserved: '000000', // no Fast extension: it drops them silently
    onMessage: (self, message) => {
      if (isHandshake(message)) {
        const all = new Bitfield(200)
        all.setAll()
        self.send('bitfield', all.toBytes())
        self.send('unchoke')
      } else if (isRequest(message) && waiting.length < kept) waiting.push(message.payload)
    },
  })
  peers.push(peer)
  const torrent = leech(made, [peer])
  await until(
    () => isComplete(torrent),
    60_000,
    () => {
      for (const payload of waiting.splice(0, 8)) sendBlock(made, peer, payload)
    },
  )
  const askedTwice = peer.requests.length - 800
  assert.ok(askedTwice < 200, `${askedTwice}`)
})

test('when memory is full of pieces that slow peers work on, a fast one fetches their blocks too', async () => {
  const made = torrentOf(6, 40)
  const slow = await slowSeed(made, 'slow', 2_000)
  const torrent = leech(made, [slow.peer], { budgetPieces: 1 })
  await until(() => slow.peer.requests.length >= 32, 5_000)
  torrent.addPeer((await scripted(made, 'fast', seedScript(made))).endpoint)
  await until(() => isComplete(torrent), 30_000, slow.step)
})

test('memory held by pieces that only a silent peer has is freed for another peer', async () => {
  const made = torrentOf(16, 2)
  let sent = 0
  const silent = await scripted(made, 'silent', (self, message) => {
    if (openUp(self, message)) return
    // One block of each piece, so that none is given up as untouched.
    if (isRequest(message) && readRange(message.payload).offset === 0 && ++sent <= 4)
      sendBlock(made, self, message.payload)
  })
  const torrent = leech(made, [silent], { budgetPieces: 2 })
  await until(() => silent.requests.length >= 4, 5_000)
  const held = silent.requests.slice(0, 4).map(({ piece }) => piece)
  const others = new Bitfield(16)
  others.setAll()
  for (const piece of held) others.clear(piece)
  const half = await scripted(made, 'half', (self, message) => {
    if (isHandshake(message)) {
      self.send('bitfield', others.toBytes())
      self.send('unchoke')
    } else if (isRequest(message)) sendBlock(made, self, message.payload)
  })
  torrent.addPeer(half.endpoint)
  await until(() => torrent.snapshot().doneBytes >= 14 * 2 * BLOCK_BYTES, 60_000)
})

test('a piece that must come from one peer does not wait for a slow one when a fast one is there', async () => {
  const made = torrentOf(1, 20)
  // Both send half of a piece that fails its hash, so that it is fetched again from one peer alone.
  let isLying = true
  const liar = await slowSeed(made, 'liar', 5_000, () => isLying)
  const lie = (): void => {
    for (const range of liar.peer.requests) liar.peer.sendBlock(range, Buffer.alloc(BLOCK_BYTES, 1))
  }
  let fromHonest = 0
  const honest = await scripted(made, 'honest', (self, message) => {
    if (openUp(self, message) || !isRequest(message)) return
    if (++fromHonest > 10 && isLying) return
    sendBlock(made, self, message.payload)
  })
  const torrent = leech(made, [honest])
  await until(() => fromHonest >= 20, 5_000)
  honest.send('choke')
  torrent.addPeer(liar.peer.endpoint)
  await until(() => liar.peer.requests.length >= 10, 30_000)
  lie()
  isLying = false
  await until(() => liar.peer.requests.length > 20, 5_000)
  honest.send('unchoke')
  await until(() => isComplete(torrent), 40_000, liar.step)
})

test('when every place is taken, a peer that never gave anything makes room', async () => {
  const made = torrentOf(4, 2)
  const idle = await scripted(made, 'idle', (self, message) => {
    if (isHandshake(message)) self.send('haveAll')
  })
  const torrent = leech(made, [idle], { maxPeers: 1 })
  await until(() => idle.isConnected, 5_000)
  torrent.addPeer((await scripted(made, 'honest', seedScript(made))).endpoint)
  let steps = 0
  await until(
    () => isComplete(torrent),
    700_000,
    () => {
      if (++steps % 1_000 === 0) idle.sendRaw(Buffer.alloc(4)) // a keep-alive
    },
  )
})

test('a torrent that stops hangs up on those that it was calling, too', async () => {
  const made = torrentOf(4, 2)
  const mute = createServer()
  mute.listen(0, '127.0.0.1')
  await once(mute, 'listening')
  const address = mute.address()
  const torrent = leech(made, [])
  await until(() => torrent.snapshot().state !== 'checking', 5_000)
  const accepted = once(mute, 'connection')
  torrent.addPeer({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
  const [socket] = (await accepted) as [Socket]
  socket.resume()
  const ended = once(socket, 'close')
  await torrent.stop()
  await ended
  assert.equal(torrent.snapshot().peers.dialing, 0)
  mute.close()
  await once(mute, 'close')
})

test('while finished files are looked at once more, no peer is to blame for the silence', async () => {
  const made = torrentOf(8, 1)
  const peer = await scripted(made, 'seed', seedScript(made))
  let finish: () => void = () => assert.fail('not asked')
  const storage = new MemoryStorage({ metainfo: made.metainfo })
  storage.confirm = async () =>
    new Promise<void>((resolve) => {
      finish = resolve
    })
  const torrent = leech(made, [peer], { storage, priorities: Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 0) })
  await until(() => torrent.snapshot().doneBytes === 3 * BLOCK_BYTES, 5_000)
  await clock.advance(30_000)
  const { state, idleSeconds } = torrent.snapshot()
  assert.equal(state, 'downloading')
  assert.ok(idleSeconds < 5, `idle for ${idleSeconds} s`)
  finish()
  await until(() => isComplete(torrent), 5_000)
})
