/**
 * A pair of ByteStreams joined in memory, for tests and simulations. It behaves as TCP does where that matters, and is
 * stricter where TCP only may be: every write is queued (so its buffer is taken until onDrain), and the bytes given to
 * onBytes are overwritten right after.
 */
import type { AttachHandler, ByteStream, ByteStreamHandler } from './byte-stream.ts'
import type { Endpoint } from '../common/endpoint.ts'

/** Overwrites what a handler was shown: a view that was kept reads as this. */
const SCRUB_BYTE = 0xdb

/** How a pair behaves. */
export interface MemoryPairOptions {
  /** How each end sees the other. */
  readonly leftEndpoint?: Endpoint
  readonly rightEndpoint?: Endpoint
  /** The most bytes in one onBytes; default 64 KiB. */
  readonly chunkBytes?: number
  /** Runs deliveries; default queueMicrotask. A simulation adds its delay here. */
  readonly schedule?: (run: () => void) => void
}

/** Connects two handlers. `left` is attached first, then `right`; bytes flow after that. */
export function connectMemoryPair(
  left: AttachHandler,
  right: AttachHandler,
  options: MemoryPairOptions = {},
): { readonly left: MemoryStream; readonly right: MemoryStream } {
  const {
    leftEndpoint = { host: '127.0.0.1', port: 1 },
    rightEndpoint = { host: '127.0.0.1', port: 2 },
    chunkBytes = 64 * 1024,
    schedule = queueMicrotask,
  } = options
  const leftStream = new MemoryStream(rightEndpoint, chunkBytes, schedule)
  const rightStream = new MemoryStream(leftEndpoint, chunkBytes, schedule)
  leftStream.join(rightStream, left)
  rightStream.join(leftStream, right)
  return { left: leftStream, right: rightStream }
}

/** One end of a pair. */
export class MemoryStream implements ByteStream {
  readonly remote: Endpoint
  readonly #scratch: Buffer
  readonly #schedule: (run: () => void) => void
  #other: MemoryStream | undefined
  #handler: ByteStreamHandler | undefined
  /** Written by us, not yet seen by the other end. */
  #queue: Buffer[] = []
  #corked: Buffer[] = []
  #corkDepth = 0
  #bufferedBytes = 0
  #sentBytes = 0
  #receivedBytes = 0
  #isPaused = false
  #isScheduled = false
  #isClosed = false
  #isEnding = false
  #failure: Error | undefined

  constructor(remote: Endpoint, chunkBytes: number, schedule: (run: () => void) => void) {
    this.remote = remote
    this.#scratch = Buffer.alloc(chunkBytes)
    this.#schedule = schedule
  }

  /** Part of connecting a pair. */
  join(other: MemoryStream, attach: AttachHandler): void {
    this.#other = other
    this.#handler = attach(this)
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** Bytes the other end has been shown. */
  get sentBytes(): number {
    return this.#sentBytes
  }

  get receivedBytes(): number {
    return this.#receivedBytes
  }

  write(bytes: Buffer): boolean {
    if (this.#isClosed || this.#isEnding) return false
    if (bytes.length === 0) return true
    this.#bufferedBytes += bytes.length
    if (this.#corkDepth > 0) this.#corked.push(bytes)
    else {
      this.#queue.push(bytes)
      this.#scheduleDelivery()
    }
    return false
  }

  cork(): void {
    this.#corkDepth++
  }

  uncork(): void {
    this.#corkDepth = Math.max(0, this.#corkDepth - 1)
    if (this.#corkDepth > 0 || this.#corked.length === 0) return
    this.#queue.push(Buffer.concat(this.#corked))
    this.#corked = []
    this.#scheduleDelivery()
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    const other = this.#other
    if (other !== undefined) other.#scheduleDelivery()
  }

  end(): void {
    this.#isEnding = true
    this.#isPaused = false
    const other = this.#other
    if (other !== undefined) other.#scheduleDelivery() // what it sends is taken, and dropped
    if (this.#queue.length === 0) this.close()
  }

  close(): void {
    this.#endBoth(undefined)
  }

  #endBoth(failure: Error | undefined): void {
    this.#end(failure)
    const other = this.#other
    if (other !== undefined) other.#end(undefined)
  }

  #end(failure: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#failure = failure
    this.#queue = []
    this.#corked = []
    this.#schedule(() => {
      const handler = this.#handler
      this.#handler = undefined
      handler?.onClose(this.#failure)
    })
  }

  #scheduleDelivery(): void {
    if (this.#isScheduled || this.#isClosed || this.#queue.length === 0) return
    this.#isScheduled = true
    this.#schedule(() => {
      this.#isScheduled = false
      this.#deliver()
    })
  }

  /** Shows the other end one chunk; the next comes in a turn of its own. */
  #deliver(): void {
    const other = this.#other
    const bytes = this.#queue[0]
    if (other === undefined || bytes === undefined || this.#isClosed || other.#isPaused) return
    const count = Math.min(bytes.length, other.#scratch.length)
    if (count === bytes.length) this.#queue.shift()
    else this.#queue[0] = bytes.subarray(count)
    other.#receive(bytes.subarray(0, count))
    if (this.isClosed) return // what it saw made a handler close us
    this.#sentBytes += count
    this.#bufferedBytes -= count
    if (this.#isEnding && this.#queue.length === 0) {
      this.close()
      return
    }
    if (this.#bufferedBytes === 0) this.#guard(() => this.#handler?.onDrain())
    this.#scheduleDelivery()
  }

  #receive(bytes: Buffer): void {
    if (this.#isEnding) return
    const view = this.#scratch.subarray(0, bytes.length)
    view.set(bytes)
    this.#receivedBytes += bytes.length
    this.#guard(() => this.#handler?.onBytes(view))
    view.fill(SCRUB_BYTE)
  }

  /** What a handler throws closes both ends, its own with that error. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#endBoth(error instanceof Error ? error : new Error(String(error)))
    }
  }
}
