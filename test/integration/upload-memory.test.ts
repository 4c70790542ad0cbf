/** A seed with little memory for uploads among many peers: everybody gets the right bytes, and the budget holds. */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, test } from 'node:test'
import { Dialer } from '../../src/peer/dialer.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MemoryStorage } from '../../src/storage/memory-storage.ts'
import { PeerConnection } from '../../src/peer/peer-connection.ts'
import { ScriptedPeer, type Message, type RequestedBlock } from '../support/scripted-peer.ts'
import { TcpListener } from '../../src/net/tcp-listener.ts'
import { Torrent } from '../../src/torrent/torrent.ts'
import { UploadMemory } from '../../src/torrent/upload-memory.ts'
import { PAGE_BYTES } from '../../src/torrent/upload-page.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makePeerId } from '../../src/wire/peer-id.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'
import { seededRandom } from '../support/picker-strings.ts'

const PIECE_BYTES = 5 * 16_384
const BUDGET_PAGES = 12

let clock: FakeClock
let made: MadeTorrent
let memory: UploadMemory
let storage: CountingStorage
let torrent: Torrent
let listener: TcpListener
let random: () => number
const peers: ScriptedPeer[] = []

class CountingStorage extends MemoryStorage {
  readBytes = 0
  /** A read waits for this. */
  gate: Promise<void> = Promise.resolve()

  override async read(start: number, ...into: Buffer[]): Promise<void> {
    this.readBytes += into.reduce((sum, { length }) => sum + length, 0)
    await this.gate
    await super.read(start, ...into)
  }
}

beforeEach(async () => {
  clock = new FakeClock()
  random = seededRandom(11)
  made = makeTorrent({ files: [{ path: 'made', length: 40 * PIECE_BYTES - 7 }], pieceBytes: PIECE_BYTES })
  memory = new UploadMemory(BUDGET_PAGES * PAGE_BYTES)
  storage = new CountingStorage({ metainfo: made.metainfo, data: Buffer.from(made.data) })
  listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: ['127.0.0.1'],
    attach: (stream) =>
      new PeerConnection({
        clock,
        isInbound: true,
        accept: (connection, peerHandshake) => torrent.accept(connection, peerHandshake),
        onFailed: () => undefined,
      }).attach(stream),
  })
  torrent = new Torrent({
    metainfo: made.metainfo,
    clock,
    log: () => undefined,
    random,
    observer: {
      onState: () => undefined,
      onTracker: () => undefined,
      onFile: () => undefined,
      onComplete: () => undefined,
      onWarning: () => undefined,
      onFailed: (error) => assert.fail(error.message),
    },
    storage,
    dialer: new Dialer({ clock }),
    makeTracker: () => assert.fail('no tracker'),
    uploadMemory: memory,
    peerId: makePeerId(Buffer.alloc(12, 5)),
    listenPort: listener.port,
    maxPeers: 50,
    userPeers: [],
    seedWhenComplete: true,
  })
  torrent.start()
  await until(() => torrent.snapshot().state === 'complete', 'the seed is ready')
})

afterEach(async () => {
  await Promise.all(peers.splice(0).map(async (peer) => peer.close()))
  await torrent.stop()
  await listener.close()
  memory.checkInvariants()
})

after(assertNothingOpen)

async function until(isDone: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  for (let passedMs = 0; passedMs < limitMs; passedMs += 50) {
    if (isDone()) return
    await clock.advance(50)
    torrent.checkInvariants()
    assert.ok(memory.bytes <= BUDGET_PAGES * PAGE_BYTES)
  }
  assert.fail(`not within ${limitMs} ms of the torrent's time: ${what}`)
}

/** Let in, with an address of its own. */
async function unchoked(
  number: number,
  onMessage?: (peer: ScriptedPeer, message: Message) => void,
): Promise<ScriptedPeer> {
  const peer = await ScriptedPeer.dial(listener.port, {
    infoHash: made.metainfo.infoHash,
    name: `peer-${number}`,
    localAddress: `127.0.0.${number + 2}`,
    ...(onMessage === undefined ? {} : { onMessage }),
  })
  peers.push(peer)
  peer.send('interested')
  await until(() => peer.count('unchoke') === 1, 'unchoked')
  return peer
}

/** Some range inside some piece: mostly a block, sometimes a part of one, or parts of two. */
function randomRange(): RequestedBlock {
  const piece = Math.floor(random() * 40)
  const pieceLength = Math.min(PIECE_BYTES, made.data.length - piece * PIECE_BYTES)
  const offset = random() < 0.8 ? 16_384 * Math.floor(random() * 5) : Math.floor(random() * (pieceLength - 1))
  const length = Math.min(random() < 0.9 ? 16_384 : 1 + Math.floor(random() * 16_384), pieceLength - offset)
  return { piece, offset, length }
}

const keyOf = ({ piece, offset, length }: RequestedBlock): string => `${piece} ${offset} ${length}`

for (const seed of [11, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15]) {
  test(`many peers that ask at random (${seed}) get each block they asked for, with the right bytes`, async () => {
    random = seededRandom(seed)
    const asked = await Promise.all(
      Array.from({ length: 8 }, async (_, number) => {
        const peer = await unchoked(number)
        const ranges = Array.from({ length: 300 }, randomRange)
        for (const range of ranges) peer.sendRange('request', range)
        return { peer, ranges }
      }),
    )
    await until(() => asked.every(({ peer, ranges }) => peer.blocks.length === ranges.length), 'all blocks')
    for (const { peer, ranges } of asked) {
      const got = peer.blocks.map(({ piece, offset, data }) => keyOf({ piece, offset, length: data.length }))
      assert.deepEqual(got, ranges.map(keyOf))
      for (const { piece, offset, data } of peer.blocks) {
        const start = piece * PIECE_BYTES + offset
        assert.ok(data.equals(made.data.subarray(start, start + data.length)), `${piece} ${offset}`)
      }
      assert.equal(peer.count('reject'), 0)
    }
  })
}

test('eight peers that fetch the same at the same time cause few reads', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, async (_, number) => unchoked(number)))
  const ranges = Array.from({ length: 40 * 5 }, (_, block) => ({
    piece: Math.floor(block / 5),
    offset: (block % 5) * 16_384,
    length: block === 40 * 5 - 1 ? 16_384 - 7 : 16_384,
  }))
  let open: () => void = () => undefined
  storage.gate = new Promise((resolve) => {
    open = resolve
  })
  for (const peer of all) {
    for (const range of ranges) peer.sendRange('request', range)
    peer.sendRange('request', { piece: 40, offset: 0, length: 16_384 }) // no such piece: all before it were heard
  }
  await until(() => all.every((peer) => peer.count('reject') === 1), 'all requests')
  open()
  await until(() => all.every((peer) => peer.blocks.length === ranges.length), 'all blocks')
  assert.ok(
    storage.readBytes < 2 * made.data.length,
    `${storage.readBytes / made.data.length} times the torrent`,
  )
})

test('peers that leave in the middle, and a stop in the middle of a read, leave nothing behind', async () => {
  const all = await Promise.all(Array.from({ length: 6 }, async (_, number) => unchoked(number)))
  for (const peer of all) for (let i = 0; i < 200; i++) peer.sendRange('request', randomRange())
  await until(() => all.every((peer) => peer.blocks.length > 5), 'some blocks')
  for (const peer of all.slice(0, 3)) peer.hangUp()
  await until(() => torrent.snapshot().peers.connected === 3, 'three are left')
  let open: () => void = () => undefined
  storage.gate = new Promise((resolve) => {
    open = resolve
  })
  for (const peer of all.slice(3)) for (let i = 0; i < 200; i++) peer.sendRange('request', randomRange())
  const { readBytes } = storage
  await until(() => storage.readBytes > readBytes, 'a read is under way')
  await torrent.stop()
  open()
  await new Promise((resolve) => setImmediate(resolve))
  memory.checkInvariants()
  const pages = Array.from({ length: BUDGET_PAGES }, () => memory.take('ahead'))
  assert.ok(
    pages.every((page) => page !== undefined),
    'all memory is free again',
  )
  for (const page of pages) memory.giveBack(page)
})
