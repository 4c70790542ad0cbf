/**
 * Whole files -> their digests, for comparing them with a list of checksums. Several at a time, in threads where there
 * is enough to do; a file itself is read from its start to its end.
 */
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { HashPlace } from './hash-place.ts'
import type { HashAlgorithm } from './piece-digests.ts'
import type { StoredFiles } from './stored-files.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { StorageError } from '../common/errors.ts'
import { HashPool } from './hash-pool.ts'

/** As in hash-pool.ts: beyond this the disk is the bound. */
const MAX_THREADS = 4
const BYTES_PER_THREAD = 64 << 20

/** Not that of the pieces: a whole file has its place for as long as it takes, and the checks of others would wait. */
const pool = new HashPool({
  maxThreads: Math.min(availableParallelism() - 1, MAX_THREADS),
  bytesPerThread: BYTES_PER_THREAD,
  mainPlaces: 0,
})

export interface DigestOrder {
  /** Index into the torrent's files; wanted, and found. */
  readonly file: number
  readonly algorithm: HashAlgorithm
}

export interface FileDigestsOptions<Order extends DigestOrder> {
  readonly metainfo: Metainfo
  readonly stored: StoredFiles
  readonly orders: readonly Order[]
  /** Once for each, in any order. @param answer the digest, or why there is none */
  readonly onDigest: (order: Order, answer: Buffer | StorageError) => void
  readonly log: LogSink
  readonly signal: AbortSignal
}

export class FileDigests<Order extends DigestOrder> {
  readonly totalBytes: number
  readonly #options: FileDigestsOptions<Order>
  readonly #stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  readonly #hashedBytes = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT))

  constructor(options: FileDigestsOptions<Order>) {
    this.#options = options
    this.totalBytes = options.orders.reduce((sum, { file }) => sum + this.#lengthOf(file), 0)
  }

  /** So far. What a thread gave up is counted again by who does it instead. */
  get hashedBytes(): number {
    return Math.min(Number(Atomics.load(this.#hashedBytes, 0)), this.totalBytes)
  }

  /** Once it has settled nothing is read any more. @throws the signal's reason */
  async run(): Promise<void> {
    const { orders, log, signal } = this.#options
    signal.throwIfAborted()
    const onAbort = (): void => {
      Atomics.store(this.#stop, 0, 1)
    }
    // No more threads than files.
    const member = { bytesForThreads: Math.min(this.totalBytes, orders.length * BYTES_PER_THREAD), log }
    signal.addEventListener('abort', onAbort)
    pool.join(member)
    const running: Promise<void>[] = []
    try {
      for (const order of orders) {
        const place = await pool.take()
        running.push(this.#digestAt(place, order))
        if (signal.aborted) break
      }
    } finally {
      await Promise.allSettled(running)
      pool.leave(member)
      signal.removeEventListener('abort', onAbort)
    }
    signal.throwIfAborted()
    await Promise.all(running) // what is no fault of a file
  }

  async #digestAt(place: HashPlace, order: Order): Promise<void> {
    try {
      const digest = await this.#digest(place, order)
      this.#options.signal.throwIfAborted()
      this.#options.onDigest(order, digest)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      this.#options.onDigest(order, error)
    } finally {
      pool.give(place)
    }
  }

  /** @throws StorageError, or the signal's reason */
  async #digest(place: HashPlace, { file, algorithm }: Order): Promise<Buffer> {
    const { metainfo, stored, signal } = this.#options
    const length = this.#lengthOf(file)
    if (length === 0) return createHash(algorithm).digest()
    const digest = await place.hash({
      // As if the file were one piece.
      job: { pieces: [0 as PieceIndex], start: metainfo.files[file]?.start ?? 0, length },
      pieceBytes: length,
      ...{ algorithm, hashedBytes: this.#hashedBytes, source: stored.source, signal, stop: this.#stop },
      onBytes: ignore,
    })
    if (!stored.files.isAsKnown(file)) throw stored.files.changed(file, 'changed')
    return digest
  }

  #lengthOf(file: number): number {
    return this.#options.metainfo.files[file]?.lengthBytes ?? 0
  }
}

function ignore(): void {
  // The shared number tells more.
}
