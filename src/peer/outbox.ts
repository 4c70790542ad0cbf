/**
 * What a connection has to say, in order, until it is flushed: messages are put together in one buffer; blocks, and
 * messages that others put together, stay where they are and leave in the same gathered write (no copy).
 *
 *   buffer   [request request header(A) | have header(B) | request]      segments: buffer up to |, A, buffer up to |,
 *   inserts                             A                B               B, buffer to the end
 *
 * A buffer that the stream could not send at once belongs to the stream until it drains; another takes its place.
 */
import type { ByteStream } from '../net/byte-stream.ts'
import { OutgoingBuffer } from '../wire/outgoing-buffer.ts'
import { writeBlockHeader } from '../wire/write-message.ts'

const MAX_SPARE_BUFFERS = 2
/** A buffer that grew beyond this (for a bitfield) is not kept. */
const MAX_KEPT_BYTES = 64 * 1024

/** The right to have bytes stay as they are. */
export interface Lease {
  /** The bytes are not looked at any more. Called once. */
  release(): void
}

/** The unsent words of one connection. */
export class Outbox {
  #out = new OutgoingBuffer()
  /** Where in the buffer each insert goes. */
  readonly #insertAt: number[] = []
  readonly #inserts: Buffer[] = []
  #insertBytes = 0
  /** Of inserts that wait. */
  readonly #leases: Lease[] = []
  /** With the stream until it drains. */
  readonly #lent: OutgoingBuffer[] = []
  readonly #lentLeases: Lease[] = []
  readonly #spare: OutgoingBuffer[] = []

  /** The buffer to append messages to. Ask anew after each flush. */
  get out(): OutgoingBuffer {
    return this.#out
  }

  /** Bytes that wait for a flush. */
  get pendingBytes(): number {
    return this.#out.length + this.#insertBytes
  }

  /** @param data taken: unchanged until the stream drains */
  addBlock(piece: number, offset: number, data: Buffer): void {
    writeBlockHeader(this.#out, piece, offset, data.length)
    this.#insert(data)
  }

  /** @param messages whole ones; unchanged until the lease is released, which is ours to do */
  addMessages(messages: Buffer, lease: Lease): void {
    this.#insert(messages)
    this.#leases.push(lease)
  }

  /** Hands everything to the stream in one write. @returns false when there was nothing */
  flush(stream: ByteStream): boolean {
    if (this.pendingBytes === 0) return false
    const isSent = this.#inserts.length === 0 ? stream.write(this.#out.view()) : this.#writeGathered(stream)
    if (!isSent) this.#lend()
    else if (this.#out.capacity <= MAX_KEPT_BYTES) this.#out.clear()
    else this.#out = new OutgoingBuffer()
    if (isSent) releaseAll(this.#leases)
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
    releaseAll(this.#lentLeases)
  }

  /** The stream is closed: nothing will be sent any more. */
  onClosed(): void {
    releaseAll(this.#leases)
    releaseAll(this.#lentLeases)
  }

  #insert(bytes: Buffer): void {
    this.#insertAt.push(this.#out.length)
    this.#inserts.push(bytes)
    this.#insertBytes += bytes.length
  }

  /** What was written stays with the stream until it drains. */
  #lend(): void {
    this.#lent.push(this.#out)
    this.#out = this.#spare.pop() ?? new OutgoingBuffer()
    for (const lease of this.#leases) this.#lentLeases.push(lease)
    this.#leases.length = 0
  }

  #writeGathered(stream: ByteStream): boolean {
    let from = 0
    stream.cork()
    for (const [i, bytes] of this.#inserts.entries()) {
      const to = this.#insertAt[i] ?? from
      if (from < to) stream.write(this.#out.view(from, to))
      stream.write(bytes)
      from = to
    }
    if (from < this.#out.length) stream.write(this.#out.view(from))
    stream.uncork()
    this.#inserts.length = 0
    this.#insertAt.length = 0
    this.#insertBytes = 0
    return stream.bufferedBytes === 0
  }
}

/** Empties the list first: a release may lead to more being sent. */
function releaseAll(leases: Lease[]): void {
  for (const lease of leases.splice(0)) lease.release()
}
