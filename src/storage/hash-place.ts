/** A place where one job at a time is hashed: on the main thread, or in a hashing thread. */
import type { ByteSource } from './byte-source.ts'
import type { HashJob } from './hash-job.ts'
import type { HashThread } from './hash-thread.ts'
import type { HashAlgorithm } from './piece-digests.ts'
import { PieceDigests, READ_BYTES } from './piece-digests.ts'

export interface HashTask {
  readonly job: HashJob
  readonly pieceBytes: number
  /** Undefined: SHA-1. */
  readonly algorithm?: HashAlgorithm
  /** For those who want to see how far a long job is; see ThreadOrder. */
  readonly hashedBytes?: BigInt64Array
  readonly source: ByteSource
  /** Stops it, with its reason. */
  readonly signal: AbortSignal
  /** Shared with the threads; not 0 as soon as the signal has aborted. */
  readonly stop: Int32Array
  /** So many more bytes are hashed. */
  readonly onBytes: (bytes: number, where: 'here' | 'thread') => void
}

export class HashPlace {
  readonly #seat: { readonly thread: HashThread; readonly slot: number } | undefined
  #buffer: Buffer | undefined

  /** @param seat undefined: on the main thread */
  constructor(seat?: { readonly thread: HashThread; readonly slot: number }) {
    this.#seat = seat
  }

  get isUsable(): boolean {
    return this.#seat?.thread.isRunning ?? true
  }

  get isThread(): boolean {
    return this.#seat !== undefined
  }

  /**
   * What a thread cannot do is done here: too many files, an end of the thread, and whatever cannot be read, so that
   * errors are told in one place. @returns the digest of each piece @throws what `read` rejects with, the signal's reason
   */
  async hash(task: HashTask): Promise<Buffer> {
    return (await this.#hashInThread(task)) ?? this.#hashHere(task)
  }

  async #hashInThread(task: HashTask): Promise<Buffer | undefined> {
    const { job, pieceBytes, algorithm, hashedBytes, source, stop, onBytes } = task
    if (this.#seat === undefined) return undefined
    const { thread, slot } = this.#seat
    const order = { slot, stop, pieceBytes, algorithm, hashedBytes, length: job.length }
    const reading = source.withDescriptors?.(job.start, job.length, async (spans) =>
      thread.hash({ ...order, spans }),
    )
    const digests = await reading?.catch(() => undefined) // a file cannot be opened: `read` will say why
    if (digests !== undefined) onBytes(job.length, 'thread')
    return digests
  }

  async #hashHere({
    job,
    pieceBytes,
    algorithm,
    hashedBytes,
    source,
    signal,
    onBytes,
  }: HashTask): Promise<Buffer> {
    this.#buffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
    const pieces = new PieceDigests(pieceBytes, job.length, algorithm)
    for (let at = 0; at < job.length;) {
      signal.throwIfAborted()
      const bytes = this.#buffer.subarray(0, Math.min(READ_BYTES, job.length - at))
      await source.read(job.start + at, bytes)
      signal.throwIfAborted()
      pieces.add(bytes)
      if (hashedBytes !== undefined) Atomics.add(hashedBytes, 0, BigInt(bytes.length))
      at += bytes.length
      onBytes(bytes.length, 'here')
    }
    return pieces.digests
  }
}
