/**
 * What a connection has to say, in order, until it is flushed: messages are put together in one buffer, blocks stay
 * where they are and leave in the same gathered write (no copy).
 *
 *   buffer   [request request header(A) | have header(B) | request]      segments: buffer up to |, A, buffer up to |,
 *   blocks                              A                B               B, buffer to the end
 *
 * A buffer that the stream could not send at once belongs to the stream until it drains; another takes its place.
 */
import type { ByteStream } from '../net/byte-stream.ts'
import { OutgoingBuffer } from '../wire/outgoing-buffer.ts'
import { writeBlockHeader } from '../wire/write-message.ts'

const MAX_SPARE_BUFFERS = 2
/** A buffer that grew beyond this (for a bitfield) is not kept. */
const MAX_KEPT_BYTES = 64 * 1024

/** The unsent words of one connection. */
export class Outbox {
  #out = new OutgoingBuffer()
  /** Where in the buffer each block's data goes. */
  readonly #blockAt: number[] = []
  readonly #blocks: Buffer[] = []
  #blockBytes = 0
  /** With the stream until it drains. */
  readonly #lent: OutgoingBuffer[] = []
  readonly #spare: OutgoingBuffer[] = []

  /** The buffer to append messages to. Ask anew after each flush. */
  get out(): OutgoingBuffer {
    return this.#out
  }

  /** Bytes that wait for a flush. */
  get pendingBytes(): number {
    return this.#out.length + this.#blockBytes
  }

  /** @param data taken: unchanged until the stream drains */
  addBlock(piece: number, offset: number, data: Buffer): void {
    writeBlockHeader(this.#out, piece, offset, data.length)
    this.#blockAt.push(this.#out.length)
    this.#blocks.push(data)
    this.#blockBytes += data.length
  }

  /** Hands everything to the stream in one write. @returns false when there was nothing */
  flush(stream: ByteStream): boolean {
    if (this.#out.length === 0) return false
    const isSent = this.#blocks.length === 0 ? stream.write(this.#out.view()) : this.#writeGathered(stream)
    if (!isSent) {
      this.#lent.push(this.#out)
      this.#out = this.#spare.pop() ?? new OutgoingBuffer()
    } else if (this.#out.capacity <= MAX_KEPT_BYTES) this.#out.clear()
    else this.#out = new OutgoingBuffer()
    return true
  }

  /** The stream has sent all it had: the buffers are ours again. */
  onDrain(): void {
    for (const buffer of this.#lent) {
      if (this.#spare.length >= MAX_SPARE_BUFFERS || buffer.capacity > MAX_KEPT_BYTES) continue
      buffer.clear()
      this.#spare.push(buffer)
    }
    this.#lent.length = 0
  }

  #writeGathered(stream: ByteStream): boolean {
    let from = 0
    stream.cork()
    for (const [i, block] of this.#blocks.entries()) {
      const to = this.#blockAt[i] ?? from
      stream.write(this.#out.view(from, to))
      stream.write(block)
      from = to
    }
    if (from < this.#out.length) stream.write(this.#out.view(from))
    stream.uncork()
    this.#blocks.length = 0
    this.#blockAt.length = 0
    this.#blockBytes = 0
    return stream.bufferedBytes === 0
  }
}
