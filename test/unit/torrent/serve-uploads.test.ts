/** What one peer is served, and when, and what is read for it; reads end when the test says so. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease } from '../../../src/peer/outbox.ts'
import type { Peer } from '../../../src/torrent/peer.ts'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { WantedPieces } from '../../../src/torrent/wanted-pieces.ts'
import { UploadMemory } from '../../../src/torrent/upload-memory.ts'
import { UploadQueue } from '../../../src/torrent/serve-uploads.ts'
import { UploadReader } from '../../../src/torrent/upload-reader.ts'
import { PAGE_BYTES } from '../../../src/torrent/upload-page.ts'
import { makeGeometry } from '../../../src/metainfo/geometry.ts'

const BLOCK = 16_384
/** 256 KiB in four pages. */
const PIECE = 16 * BLOCK
const GEOMETRY = makeGeometry(8 * PIECE, PIECE)

/** What byte is where: blocks of a wrong place would be seen. */
const byteAt = (position: number): number => ((position / 7) * 31 + (position >> 14)) & 0xff

interface PendingRead {
  readonly start: number
  readonly length: number
  readonly end: (error?: Error) => void
}

class FakeDisk {
  readonly reads: PendingRead[] = []
  /** All reads ever, as `start+length` in blocks. */
  readonly log: string[] = []

  async read(start: number, ...into: Buffer[]): Promise<void> {
    const length = into.reduce((sum, part) => sum + part.length, 0)
    this.log.push(`${start / BLOCK}+${length / BLOCK}`)
    return new Promise((resolve, reject) => {
      const end = (error?: Error): void => {
        let at = start
        for (const part of into) for (let i = 0; i < part.length; i++) part[i] = byteAt(at++)
        if (error === undefined) resolve()
        else reject(error)
      }
      this.reads.push({ start, length, end })
    })
  }

  /** The oldest read ends. */
  async finish(error?: Error): Promise<void> {
    const read = this.reads.shift()
    assert.ok(read !== undefined, 'a read is under way')
    read.end(error)
    await turn()
  }
}

const turn = async (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

class Seed {
  readonly disk = new FakeDisk()
  readonly logged: string[] = []
  readonly memory: UploadMemory
  readonly reader: UploadReader
  readonly have = new Bitfield(GEOMETRY.pieceCount)

  constructor(pages = 256) {
    this.have.setAll()
    this.memory = new UploadMemory(pages * PAGE_BYTES)
    this.reader = new UploadReader({
      geometry: GEOMETRY,
      storage: this.disk as never,
      memory: this.memory,
      have: this.have,
      log: (_level, _scope, message) => this.logged.push(message),
    })
  }
}

/** As much of a peer as the queue looks at. */
class FakePeer {
  readonly said: string[] = []
  readonly queue: UploadQueue
  isClosed = false
  chokedAtMs = 0
  uploadedBytes = 0
  /** Does its socket take what is written? */
  isReading = true
  onBlock: () => void = () => undefined
  readonly #lent: { bytes: Buffer; lease: Lease }[] = []
  readonly context: object
  readonly connection = {
    amChoking: false,
    supportsFast: true,
    bufferedBytes: 0,
    reject: (piece: number, offset: number, length: number) =>
      this.said.push(`reject ${piece} ${offset} ${length}`),
    block: (piece: number, offset: number, data: Buffer) => {
      assert.ok(data.every((byte, i) => byte === byteAt(piece * PIECE + offset + i)))
      this.said.push(`part ${piece} ${offset} ${data.length}`)
    },
    blocks: (bytes: Buffer, lease: Lease) => {
      this.onBlock()
      this.connection.bufferedBytes += bytes.length
      this.#lent.push({ bytes, lease })
    },
    flush: () => {
      if (this.isReading) this.takeAll()
    },
    close: ({ message }: Error) => this.said.push(`close ${message}`),
  }

  constructor({ reader, memory, have }: Seed) {
    this.context = {
      metainfo: { geometry: GEOMETRY },
      have,
      wanted: new WantedPieces(have),
      clock: { now: () => 1_000_000 },
      uploadReader: reader,
      uploadMemory: memory,
    }
    this.queue = new UploadQueue(this as unknown as Peer)
  }

  onUploaded(bytes: number): void {
    this.uploadedBytes += bytes
  }

  get heldBytes(): number {
    return this.#lent.reduce((sum, { bytes }) => sum + bytes.length, 0)
  }

  /** Looks at every byte only when the socket is done with it. */
  takeAll(): void {
    this.connection.bufferedBytes = 0
    for (const { bytes, lease } of this.#lent.splice(0)) {
      for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
        const [length, piece, offset] = [
          bytes.readUInt32BE(at) - 9,
          bytes.readUInt32BE(at + 5),
          bytes.readUInt32BE(at + 9),
        ]
        const data = bytes.subarray(at + 13, at + 13 + length)
        assert.ok(
          data.every((byte, i) => byte === byteAt(piece * PIECE + offset + i)),
          `${piece} ${offset}`,
        )
        this.said.push(`block ${piece} ${offset / BLOCK}`)
      }
      lease.release()
    }
  }

  drain(): void {
    this.takeAll()
    this.queue.serve()
  }

  /** Asks for blocks of a piece, first to last. */
  ask(piece: number, first: number, last = first): void {
    for (let block = first; block <= last; block++) this.askFor(piece, block * BLOCK, BLOCK)
  }

  askFor(index: number, offset: number, length: number): void {
    this.queue.add({ index, offset, length })
  }

  leave(): void {
    this.isClosed = true
    this.queue.clear()
    this.takeAll()
  }
}

const blocks = (piece: number, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `block ${piece} ${first + i}`)

test('requests whose data is being read when we choke the peer are rejected, as the waiting ones are', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(1, 0, 1)
  peer.askFor(3, 0, 5)
  peer.queue.serve()
  peer.connection.amChoking = true
  peer.queue.clear()
  await seed.disk.finish()
  assert.deepEqual(peer.said, ['reject 1 0 16384', 'reject 1 16384 16384', 'reject 3 0 5'])
})

test('what cannot be read is rejected, and said once; what comes after it is served', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(0, 0, 1)
  peer.ask(5, 0)
  peer.queue.serve()
  await seed.disk.finish(new Error('EIO'))
  await seed.disk.finish()
  assert.deepEqual(peer.said, ['reject 0 0 16384', 'reject 0 16384 16384', 'block 5 0'])
  assert.deepEqual(seed.logged, ['cannot read piece 0 for a peer: EIO'])
  seed.memory.checkInvariants()
})

test('of several pages read together only the bad one fails', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(0, 0, 11)
  peer.queue.serve()
  for (let read = seed.disk.reads[0]; read !== undefined; read = seed.disk.reads[0]) {
    const isBad = read.start < 8 * BLOCK && read.start + read.length > 4 * BLOCK
    await seed.disk.finish(isBad ? new Error('EIO') : undefined)
  }
  assert.equal(seed.disk.log[0], '0+12')
  assert.equal(seed.logged.length, 1)
  assert.deepEqual(
    peer.said.filter((line) => line.startsWith('block')),
    [...blocks(0, 0, 3), ...blocks(0, 8, 11)],
  )
  assert.equal(peer.said.filter((line) => line.startsWith('reject')).length, 4)
})

test('a mistake of ours while serving closes this peer and no more', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.onBlock = () => {
    throw new Error('oops')
  }
  peer.ask(0, 0)
  peer.queue.serve()
  await seed.disk.finish()
  assert.deepEqual(peer.said, ['close our mistake: oops'])
})

test('a cancelled request is not sent, even when its data has been read for it', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(2, 0, 2)
  peer.queue.serve()
  peer.queue.cancel({ index: 2, offset: 0, length: BLOCK })
  peer.queue.cancel({ index: 2, offset: 0, length: BLOCK })
  await seed.disk.finish()
  assert.deepEqual(peer.said, ['reject 2 0 16384', ...blocks(2, 1, 2)])
  assert.equal(peer.uploadedBytes, 2 * BLOCK)
})

test('several peers that want the same cause one read', async () => {
  const seed = new Seed()
  const peers = Array.from({ length: 5 }, () => new FakePeer(seed))
  for (const peer of peers) {
    peer.ask(3, 0, 15)
    peer.queue.serve()
  }
  await seed.disk.finish()
  for (const peer of peers) assert.deepEqual(peer.said, blocks(3, 0, 15))
  const late = new FakePeer(seed)
  late.ask(3, 4, 7)
  late.queue.serve()
  assert.deepEqual(late.said, blocks(3, 4, 7))
  assert.deepEqual(seed.disk.log, ['48+16'])
})

test('what waits in a row is read at once, across pieces too', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(0, 8, 15)
  peer.ask(1, 0, 3)
  peer.ask(5, 0)
  peer.queue.serve()
  await seed.disk.finish()
  assert.deepEqual(seed.disk.log, ['8+12', '80+4'])
})

test('pieces here and there that wait are read side by side, as many as one read might have had', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  for (const piece of [5, 0, 7, 2, 4]) peer.ask(piece, 0, 15)
  peer.queue.serve()
  assert.deepEqual(seed.disk.log, ['80+16', '0+16', '112+16', '32+16'])
  while (seed.disk.reads.length > 0) await seed.disk.finish()
  assert.deepEqual(
    peer.said,
    [5, 0, 7, 2, 4].flatMap((piece) => blocks(piece, 0, 15)),
  )
  assert.equal(seed.disk.log.length, 5)
})

test("what is read for later and fails is nobody's loss until it is needed", async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.ask(0, 0)
  peer.ask(3, 0)
  peer.queue.serve()
  const [now, later] = seed.disk.reads.splice(0)
  later?.end(new Error('EIO'))
  await turn()
  now?.end()
  await turn()
  assert.deepEqual([peer.said, seed.logged], [['block 0 0'], []])
  await seed.disk.finish()
  assert.deepEqual(peer.said, ['block 0 0', 'block 3 0'])
})

test('a piece that we lack is not read along', () => {
  const seed = new Seed()
  seed.have.clear(1)
  const peer = new FakePeer(seed)
  peer.ask(0, 12, 15)
  peer.ask(1, 0)
  peer.queue.serve()
  assert.deepEqual(peer.said, ['reject 1 0 16384'])
  assert.deepEqual(seed.disk.log, ['12+4'])
})

/** Asks for each block only when it has the one before. */
async function askOneByOne(seed: Seed, peer: FakePeer, piece: number, count: number): Promise<void> {
  for (let block = 0; block < count; block++) {
    peer.ask(piece, block)
    peer.queue.serve()
    while (seed.disk.reads.length > 0) await seed.disk.finish()
  }
}

test('who takes whole pieces is read ahead of, more each time', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  await askOneByOne(seed, peer, 0, 16)
  assert.deepEqual(seed.disk.log.splice(0), ['0+4', '4+8', '12+4'])
  await askOneByOne(seed, peer, 4, 16)
  assert.deepEqual(seed.disk.log, ['64+16'])
})

test('who jumps about is not read ahead of', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  await askOneByOne(seed, peer, 0, 16)
  await askOneByOne(seed, peer, 1, 2)
  seed.disk.log.length = 0
  for (const piece of [4, 5, 6]) await askOneByOne(seed, peer, piece, 1)
  assert.deepEqual(seed.disk.log, ['64+4', '80+4', '96+4'])
})

test('a request off the grid of blocks is served from the pages it touches', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.askFor(0, 4 * BLOCK - 10, BLOCK)
  peer.askFor(0, 5, 7)
  peer.queue.serve()
  while (seed.disk.reads.length > 0) await seed.disk.finish()
  assert.deepEqual(peer.said, [`part 0 ${4 * BLOCK - 10} ${BLOCK}`, 'part 0 5 7'])
  assert.equal(peer.uploadedBytes, BLOCK + 7)
})

test('a peer that does not read gets its share and no further reads', async () => {
  const seed = new Seed()
  const peer = new FakePeer(seed)
  peer.isReading = false
  for (let piece = 0; piece < 8; piece++) peer.ask(piece, 0, 15)
  peer.queue.serve()
  while (seed.disk.reads.length > 0) await seed.disk.finish()
  assert.ok(peer.heldBytes >= seed.memory.peerBytes && peer.heldBytes <= 512 * 1024 + PAGE_BYTES)
  const { length } = seed.disk.log
  peer.queue.serve()
  assert.equal(seed.disk.log.length, length)
  while (peer.said.length < 128) {
    peer.drain()
    while (seed.disk.reads.length > 0) await seed.disk.finish()
  }
  assert.equal(peer.uploadedBytes, 8 * PIECE)
})

test('when dead peers hold all memory the others wait, and are served in turn when one leaves', async () => {
  const seed = new Seed(8)
  const dead = Array.from({ length: 8 }, () => new FakePeer(seed))
  for (const [piece, peer] of dead.entries()) {
    peer.isReading = false
    peer.ask(piece, 0, 3)
    peer.queue.serve()
    await seed.disk.finish()
  }
  const waiting = [0, 1].map(() => new FakePeer(seed))
  for (const peer of waiting) {
    peer.ask(6, 8, 11)
    peer.queue.serve()
  }
  assert.equal(seed.disk.reads.length, 0)
  seed.memory.checkInvariants()
  dead[2]?.leave()
  await seed.disk.finish()
  for (const peer of waiting) assert.deepEqual(peer.said, blocks(6, 8, 11))
  assert.equal(seed.memory.bytes, 8 * PAGE_BYTES)
  seed.memory.checkInvariants()
})

test('a torrent that stops in the middle of reads and writes gives all its memory back', async () => {
  const seed = new Seed(8)
  const [reading, stuck] = [new FakePeer(seed), new FakePeer(seed)]
  stuck.isReading = false
  stuck.ask(0, 0, 3)
  stuck.queue.serve()
  await seed.disk.finish()
  reading.ask(1, 0, 7)
  reading.queue.serve()
  reading.leave()
  seed.reader.close()
  await seed.disk.finish(new Error('the storage is closed'))
  stuck.leave()
  seed.memory.checkInvariants()
  const other = Array.from({ length: 8 }, () => seed.memory.take('ahead'))
  assert.ok(other.every((page) => page !== undefined))
  assert.deepEqual(reading.said, [])
  assert.deepEqual(seed.logged, [])
})
