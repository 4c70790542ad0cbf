/** Hashing what is there, on the main thread and in threads. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { makeGeometry, pieceIndices } from '../../../src/metainfo/geometry.ts'
import type { Geometry } from '../../../src/metainfo/geometry.ts'
import type { UseDescriptors } from '../../../src/storage/byte-source.ts'
import { hashPieces } from '../../../src/storage/hash-pieces.ts'
import type { HashPiecesOptions } from '../../../src/storage/hash-pieces.ts'
import { HashPool } from '../../../src/storage/hash-pool.ts'
import type { HashPoolOptions } from '../../../src/storage/hash-pool.ts'
import { makeTorrent } from '../../support/make-torrent.ts'
import type { MadeTorrent } from '../../support/make-torrent.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { CheckRecorder, piecesOf, StorageSite, temporaryDirectory } from '../../support/storage-fixture.ts'

const MIB = 1 << 20

/** Whatever there is to do is done in threads. */
function threadsOnly(options: Partial<HashPoolOptions> = {}): HashPool {
  return new HashPool({ maxThreads: 2, bytesPerThread: 1, mainPlaces: 0, ...options })
}

class Log {
  readonly lines: string[] = []

  readonly sink = (level: string, _scope: string, message: string): void => {
    this.lines.push(`${level} ${message}`)
  }

  get text(): string {
    return this.lines.join('\n')
  }
}

/** A file of these bytes and what hashing needs of it. */
class HashedFile {
  readonly fd: number
  readonly data: Buffer
  readonly geometry: Geometry
  readonly log = new Log()
  readonly digests: (readonly [piece: number, digest: string])[] = []
  /** Of this moment. */
  readersInThreads = 0
  /** Called before each read of the main thread. */
  beforeRead: () => Promise<void> = async () => Promise.resolve()
  readonly #firstInThread: Promise<void>
  #onFirstInThread: () => void = () => undefined

  constructor(context: TestContext, directory: string, data: Buffer, pieceBytes: number) {
    const path = join(directory, 'data')
    writeFileSync(path, data)
    this.fd = openSync(path, 'r')
    context.after(() => {
      closeSync(this.fd)
    })
    this.data = data
    this.geometry = makeGeometry(data.length, pieceBytes)
    this.#firstInThread = new Promise((resolve) => (this.#onFirstInThread = resolve))
  }

  static async make(context: TestContext, bytes: number, pieceBytes: number): Promise<HashedFile> {
    const data = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * i) % 251))
    return new HashedFile(context, await temporaryDirectory(context), Buffer.alloc(bytes, data), pieceBytes)
  }

  /** The main thread does nothing until a thread has got something to do. */
  waitForThreads(): void {
    this.beforeRead = async () => this.#firstInThread
  }

  async hash(pool: HashPool, options: Partial<HashPiecesOptions> = {}): Promise<void> {
    await hashPieces({
      geometry: this.geometry,
      pieces: [...pieceIndices(this.geometry)],
      onDigest: (piece, digest) => this.digests.push([piece, digest.toString('hex')]),
      log: this.log.sink,
      pool,
      read: async (start, into) => {
        await this.beforeRead()
        readSync(this.fd, into, 0, into.length, start)
      },
      withDescriptors: async (start, length, use) => this.withDescriptor(this.fd, start, length, use),
      ...options,
    })
  }

  async withDescriptor(
    fd: number,
    start: number,
    length: number,
    use: UseDescriptors,
  ): Promise<Buffer | undefined> {
    this.readersInThreads++
    const using = use([{ fd, offset: start, length }])
    this.#onFirstInThread()
    const digests = await using
    this.readersInThreads--
    return digests
  }

  assertAllHashed(): void {
    const { pieceBytes } = this.geometry
    const expected = [...pieceIndices(this.geometry)].map((piece) => {
      const bytes = this.data.subarray(piece * pieceBytes, (piece + 1) * pieceBytes)
      return [piece, createHash('sha1').update(bytes).digest('hex')]
    })
    assert.deepEqual(this.digests, expected)
  }
}

for (const [what, bytes, pieceBytes] of [
  ['many pieces to a read', 9 * MIB + 5, 16_384],
  ['pieces of several reads', 40 * MIB + 5, 3 * MIB],
  ['one piece', 300_000, 4 * MIB],
] as const) {
  test(`threads and the main thread find the same hashes, in order: ${what}`, async (context) => {
    const file = await HashedFile.make(context, bytes, pieceBytes)
    await file.hash(threadsOnly())
    file.assertAllHashed()
    assert.match(file.log.text, new RegExp(`hashed ${bytes} bytes, ${bytes} of them in other threads`))
    file.digests.length = 0
    await file.hash(new HashPool({ maxThreads: 0, bytesPerThread: 1, mainPlaces: 2 }))
    file.assertAllHashed()
    assert.match(file.log.text, new RegExp(`hashed ${bytes} bytes, 0 of them in other threads`))
  })
}

test('hashes come in the order of the pieces, whoever is ready first', async (context) => {
  const file = await HashedFile.make(context, 20 * MIB, MIB)
  const waiting: (() => void)[] = []
  let readCount = 0
  file.beforeRead = async () => {
    readCount++
    if (readCount === 1) await new Promise<void>((resolve) => waiting.push(resolve))
    else if (readCount === 10) waiting.pop()?.()
  }
  await file.hash(new HashPool({ maxThreads: 0, bytesPerThread: 1, mainPlaces: 2 }))
  file.assertAllHashed()
})

test('a small check starts no thread, a source without files neither', async (context) => {
  const file = await HashedFile.make(context, MIB, 16_384)
  const pool = new HashPool({ maxThreads: 2, bytesPerThread: MIB + 1, mainPlaces: 2, script: NO_SCRIPT })
  await file.hash(pool)
  file.assertAllHashed()
  const { geometry, data, log } = file
  const eager = new HashPool({ maxThreads: 2, bytesPerThread: 1, mainPlaces: 2, script: NO_SCRIPT })
  let count = 0
  await hashPieces({
    ...{ geometry, pool: eager, log: log.sink, pieces: [...pieceIndices(geometry)] },
    read: async (start, into) => Promise.resolve(void data.copy(into, 0, start)),
    onDigest: () => count++,
  })
  assert.equal(count, geometry.pieceCount)
  assert.doesNotMatch(log.text, /thread failed/)
})

test('checks at the same time take turns', async (context) => {
  const files = await Promise.all([1, 2, 3].map(async () => HashedFile.make(context, 12 * MIB, 65_536)))
  const pool = threadsOnly({ maxThreads: 1 })
  await Promise.all(files.map(async (file) => file.hash(pool)))
  for (const file of files) file.assertAllHashed()
  await files[0]!.hash(pool) // its threads had ended
  assert.equal(files[0]!.digests.length, 2 * files[0]!.geometry.pieceCount)
})

test('an abort stops threads inside a piece, and nothing is read any more', async (context) => {
  const directory = await temporaryDirectory(context)
  const file = new HashedFile(context, directory, Buffer.alloc(0), 2 ** 40)
  truncateSync(join(directory, 'data'), 2 ** 40) // a hole: it would take minutes
  const geometry = makeGeometry(2 ** 40, 2 ** 40)
  const controller = new AbortController()
  const reason = new Error('stop')
  const hashing = file.hash(threadsOnly(), {
    geometry,
    pieces: [...pieceIndices(geometry)],
    signal: controller.signal,
    withDescriptors: async (start, length, use) => {
      setImmediate(() => {
        controller.abort(reason)
      })
      return file.withDescriptor(file.fd, start, length, use)
    },
  })
  await assert.rejects(hashing, reason)
  assert.equal(file.readersInThreads, 0)
  assert.deepEqual(file.digests, [])
})

test('an abort is heeded between two pieces of a job', async (context) => {
  const file = await HashedFile.make(context, 12 * MIB, 65_536)
  const controller = new AbortController()
  let count = 0
  const hashing = file.hash(threadsOnly(), {
    signal: controller.signal,
    onDigest() {
      if (++count === 2) controller.abort()
    },
  })
  await assert.rejects(hashing, { name: 'AbortError' })
  assert.equal(count, 2)
  assert.equal(file.readersInThreads, 0)
})

test('what a thread cannot read is read again here, where its error is told', async (context) => {
  const file = await HashedFile.make(context, 20 * MIB, MIB)
  const [directory, empty] = [await temporaryDirectory(context), openSync('/dev/null', 'r')]
  const unreadable = openSync(join(directory, 'unreadable'), 'w')
  context.after(() => {
    for (const fd of [empty, unreadable]) closeSync(fd)
  })
  for (const fd of [empty, unreadable]) {
    file.digests.length = 0
    await file.hash(threadsOnly(), {
      withDescriptors: async (start, length, use) => file.withDescriptor(fd, start, length, use),
    })
    file.assertAllHashed()
  }
  const failure = new Error('bad sector')
  const failing = file.hash(threadsOnly(), {
    read: async () => Promise.reject(failure),
    withDescriptors: async (start, length, use) =>
      file.withDescriptor(start >= 8 * MIB ? empty : file.fd, start, length, use),
  })
  await assert.rejects(failing, failure)
  assert.equal(file.readersInThreads, 0)
})

test('a throwing observer ends the check with its error', async (context) => {
  const file = await HashedFile.make(context, 12 * MIB, 65_536)
  const failure = new Error('a bug above')
  const throwIt = (): void => {
    throw failure
  }
  await assert.rejects(file.hash(threadsOnly(), { onDigest: throwIt }), failure)
  await assert.rejects(file.hash(threadsOnly(), { onProgress: throwIt }), failure)
})

function script(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`)
}

const READY = "import { parentPort } from 'node:worker_threads'; parentPort.postMessage('ready');"
const NO_SCRIPT = new URL('file:///nonexistent/hash-worker.js')
const FAILING_SCRIPTS: readonly (readonly [what: string, script: URL])[] = [
  ['is not there', NO_SCRIPT],
  ['fails as it starts', script("throw new Error('no luck')")],
  ['ends as it starts', script('process.exit(0)')],
]
const DYING_SCRIPTS: readonly (readonly [what: string, script: URL])[] = [
  ['throws', script(`${READY} parentPort.on('message', () => { throw new Error('no luck') })`)],
  ['ends', script(`${READY} parentPort.on('message', () => process.exit(0))`)],
]

for (const [what, url] of FAILING_SCRIPTS) {
  test(`a thread that ${what}: the main thread does it alone, and says so`, async (context) => {
    const file = await HashedFile.make(context, 12 * MIB, 65_536)
    const failed = new Promise<void>((resolve) => {
      file.beforeRead = async () => failed
      const sink = file.log.sink
      Object.assign(file.log, {
        sink: (level: string, scope: string, message: string) => {
          sink(level, scope, message)
          if (message.includes('thread failed')) resolve()
        },
      })
    })
    await file.hash(new HashPool({ maxThreads: 1, bytesPerThread: 1, mainPlaces: 2, script: url }))
    file.assertAllHashed()
    assert.match(file.log.text, /^warn a hashing thread failed, going on without it: ./m)
  })
}

for (const [what, url] of DYING_SCRIPTS) {
  test(`a thread that ${what} at work: the main thread does its part, and says so`, async (context) => {
    const file = await HashedFile.make(context, 40 * MIB, 65_536)
    file.waitForThreads()
    await file.hash(new HashPool({ maxThreads: 2, bytesPerThread: 1, mainPlaces: 2, script: url }))
    file.assertAllHashed()
    assert.match(file.log.text, /^warn a hashing thread failed, going on without it: ./m)
    assert.match(file.log.text, / 0 of them in other threads/)
  })
}

/** Files larger and smaller than a job, a padding file, a piece of many files. */
function mixedTorrent(): MadeTorrent {
  return makeTorrent({
    name: 'set',
    pieceBytes: 65_536,
    files: [
      { path: 'big', length: 9 * MIB + 1 },
      { path: '.pad/65535', length: 65_535, attr: 'p' },
      ...Array.from({ length: 60 }, (_, i) => ({ path: `small/${i}`, length: 5_000 + i })),
      { path: 'last', length: 3 * MIB },
    ],
  })
}

test('threads check files of all sizes, and find exactly the wrong pieces', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), mixedTorrent())
  await site.torrent.writeTo(site.output)
  const log = new Log()
  const options = { hashPool: threadsOnly(), log: log.sink, usePartFiles: false, force: true }
  await site.run(({ have, check }) => {
    assert.ok(have.isFull)
    assert.equal(check.checkedBytes, site.torrent.data.length)
  }, options)
  const [, inThreads] = /hashed \d+ bytes, (\d+) of them/.exec(log.text) ?? []
  assert.ok(Number(inThreads) >= 8 * MIB, log.text)
  const wrong = [0, 17, 145, 160, site.torrent.metainfo.geometry.pieceCount - 1]
  const data = Buffer.from(site.torrent.data)
  for (const piece of wrong) data.writeUInt8(data.readUInt8(piece * 65_536) ^ 1, piece * 65_536)
  mkdirSync(site.path('set'), { recursive: true })
  for (const { start, lengthBytes, path, isPadding } of site.torrent.metainfo.files) {
    if (!isPadding) writeFileSync(site.path(...path), data.subarray(start, start + lengthBytes))
  }
  await site.run(({ have }) => {
    const missing = piecesOf(site.torrent.metainfo).filter((piece) => !have.has(piece))
    assert.deepEqual(missing, wrong)
  }, options)
})

test('a file that becomes shorter while threads check it is an error as ever', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), mixedTorrent())
  await site.torrent.writeTo(site.output)
  const check = new CheckRecorder()
  const opening = site
    .storage({
      hashPool: threadsOnly(),
      log: (_level, _scope, message) => {
        if (message.includes('has started')) truncateSync(site.path('set', 'big'), MIB)
      },
    })
    .open(check)
  await assert.rejects(opening, isCode('DISK_SHORT'))
})
