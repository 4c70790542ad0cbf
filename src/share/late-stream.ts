/** A peer far away: what it is told arrives late, so that every answer takes that much longer. */
import type { Clock, CancelTimer } from '../common/clock.ts'
import type { AttachHandler, ByteStream, ByteStreamHandler } from '../net/byte-stream.ts'

/** On their way to us; with more the sender has to wait. */
const MAX_HELD_BYTES = 1024 * 1024

/** @param delayMs from when bytes come until they are heard */
export function lateStreams(clock: Clock, delayMs: number): (attach: AttachHandler) => AttachHandler {
  return (attach) => (stream) => new LateStream(stream, attach, { clock, delayMs })
}

interface Held {
  readonly bytes: Buffer
  readonly dueMs: number
}

class LateStream implements ByteStream, ByteStreamHandler {
  readonly #stream: ByteStream
  readonly #handler: ByteStreamHandler
  readonly #clock: Clock
  readonly #delayMs: number
  readonly #held: Held[] = []
  #heldBytes = 0
  #cancel: CancelTimer | undefined
  #isPaused = false

  constructor(
    stream: ByteStream,
    attach: AttachHandler,
    { clock, delayMs }: { readonly clock: Clock; readonly delayMs: number },
  ) {
    this.#stream = stream
    this.#clock = clock
    this.#delayMs = delayMs
    this.#handler = attach(this)
  }

  get remote(): ByteStream['remote'] {
    return this.#stream.remote
  }

  get bufferedBytes(): number {
    return this.#stream.bufferedBytes
  }

  write(bytes: Buffer): boolean {
    return this.#stream.write(bytes)
  }

  cork(): void {
    this.#stream.cork()
  }

  uncork(): void {
    this.#stream.uncork()
  }

  pause(): void {
    this.#isPaused = true
    this.#stream.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#schedule()
    this.#goOnReading()
  }

  end(): void {
    this.#forget()
    this.#stream.end()
  }

  close(): void {
    this.#forget()
    this.#stream.close()
  }

  onBytes(bytes: Buffer): void {
    this.#held.push({ bytes: Buffer.from(bytes), dueMs: this.#clock.now() + this.#delayMs })
    this.#heldBytes += bytes.length
    if (this.#heldBytes > MAX_HELD_BYTES) this.#stream.pause()
    this.#schedule()
  }

  onDrain(): void {
    this.#handler.onDrain()
  }

  onClose(error: Error | undefined): void {
    this.#forget()
    this.#handler.onClose(error)
  }

  #forget(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#held.length = 0
    this.#heldBytes = 0
  }

  #schedule(): void {
    const [first] = this.#held
    if (first === undefined || this.#cancel !== undefined || this.#isPaused) return
    this.#cancel = this.#clock.after(first.dueMs - this.#clock.now(), () => {
      this.#cancel = undefined
      this.#deliver()
    })
  }

  /** All that is due. */
  #deliver(): void {
    while (!this.#isPaused && (this.#held[0]?.dueMs ?? Infinity) <= this.#clock.now()) {
      const { bytes } = this.#held.shift() ?? { bytes: Buffer.alloc(0) }
      this.#heldBytes -= bytes.length
      try {
        this.#handler.onBytes(bytes)
      } catch {
        this.close() // as the stream below does when its own call throws
        return
      }
    }
    this.#schedule()
    this.#goOnReading()
  }

  #goOnReading(): void {
    if (!this.#isPaused && this.#heldBytes <= MAX_HELD_BYTES) this.#stream.resume()
  }
}
