/**
 * Bytes that are there -> the hash of each piece, on all cores. For whatever reads data it did not just receive:
 * checking, and in time creating and verifying.
 */
import type { ByteSource } from './byte-source.ts'
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import type { HashJob } from './hash-job.ts'
import type { HashPlace } from './hash-place.ts'
import type { HashPool } from './hash-pool.ts'
import type { LogSink } from '../common/log.ts'
import { silentLog } from '../common/log.ts'
import { pieceLength } from '../metainfo/geometry.ts'
import { cutJobs } from './hash-job.ts'
import { processHashPool } from './hash-pool.ts'
import { DIGEST_BYTES } from './piece-digests.ts'

/** Where the bytes come from, and who hashes them. */
export interface HashSource extends ByteSource {
  readonly log?: LogSink | undefined
  /** Undefined: the process's own. */
  readonly pool?: HashPool | undefined
}

export interface HashPiecesOptions extends HashSource {
  readonly geometry: Geometry
  /** Ascending; their data must be there. */
  readonly pieces: readonly PieceIndex[]
  /** Once a piece, in order. @param digest 20 bytes, the callee's to keep */
  readonly onDigest: (piece: PieceIndex, digest: Buffer) => void
  /** Now and then, and at the end. */
  readonly onProgress?: ((hashedBytes: number, totalBytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Hashes these pieces. Once it has settled nothing is read any more.
 * @throws what `read` rejects with, or the signal's reason
 */
export async function hashPieces(options: HashPiecesOptions): Promise<void> {
  const { geometry, pieces, signal, log = silentLog, pool = processHashPool } = options
  signal?.throwIfAborted()
  const run = new HashRun(options)
  const onAbort = (): void => {
    run.stop(signal?.reason)
  }
  const member = { bytesForThreads: options.withDescriptors === undefined ? 0 : run.totalBytes, log }
  signal?.addEventListener('abort', onAbort)
  pool.join(member)
  try {
    for (const job of cutJobs(geometry, pieces)) {
      const place = await pool.take()
      const hashing = run.hash(place, job).finally(() => {
        pool.give(place)
      })
      run.deliver(job, hashing)
      if (run.isStopped) break
    }
    await run.end()
  } finally {
    pool.leave(member)
    signal?.removeEventListener('abort', onAbort)
  }
  log('debug', 'storage', `hashed ${run.totalBytes} bytes, ${run.threadBytes} of them in other threads`)
}

class HashRun {
  readonly totalBytes: number
  threadBytes = 0
  readonly #options: HashPiecesOptions
  readonly #stopping = new AbortController()
  readonly #stop = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #hashedBytes = 0
  /** Settles when everything handed to `deliver` has been delivered or dropped. Never rejects. */
  #delivered: Promise<void> = Promise.resolve()

  constructor(options: HashPiecesOptions) {
    this.#options = options
    this.totalBytes = options.pieces.reduce((sum, piece) => sum + pieceLength(options.geometry, piece), 0)
  }

  get isStopped(): boolean {
    return this.#stopping.signal.aborted
  }

  /** The first reason counts. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason)
    Atomics.store(this.#stop, 0, 1)
  }

  async hash(place: HashPlace, job: HashJob): Promise<Buffer> {
    const { geometry, onProgress } = this.#options
    return place.hash({
      job,
      pieceBytes: geometry.pieceBytes,
      source: this.#options,
      signal: this.#stopping.signal,
      stop: this.#stop,
      onBytes: (bytes, where) => {
        this.#hashedBytes += bytes
        if (where === 'thread') this.threadBytes += bytes
        onProgress?.(this.#hashedBytes, this.totalBytes)
      },
    })
  }

  /** After all that came before; nothing after the first failure. */
  deliver(job: HashJob, hashing: Promise<Buffer>): void {
    this.#delivered = this.#deliver(this.#delivered, job, hashing)
  }

  /** @throws why it was stopped, if it was */
  async end(): Promise<void> {
    await this.#delivered
    this.#stopping.signal.throwIfAborted()
  }

  async #deliver(before: Promise<void>, { pieces }: HashJob, hashing: Promise<Buffer>): Promise<void> {
    try {
      const digests = await hashing
      await before
      for (const [at, piece] of pieces.entries()) {
        if (this.isStopped) return
        this.#options.onDigest(piece, digests.subarray(at * DIGEST_BYTES, (at + 1) * DIGEST_BYTES))
      }
    } catch (error) {
      this.stop(error)
      await before // it may be reading still
    }
  }
}
