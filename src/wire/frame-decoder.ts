/**
 * Cuts a peer's byte stream into length-prefixed frames (BEP 3, "peer messages"; layout in message.ts). Knows frames,
 * not messages. A frame that lies whole in a chunk is handed on as a view; only one that crosses chunks is copied,
 * into a buffer that grows with the bytes that really came, never with what a prefix claims.
 *
 *   chunk      ...| len | frame | len | frame | len | fra          view, view, then 'len fra' is carried
 *   next chunk me | len | frame | ...                              'me' completes the carry
 */
import { PeerError } from '../common/errors.ts'
import { PREFIX_BYTES } from './message.ts'

const FIRST_CARRY_BYTES = 256

/** The frames of one stream, in order. Holds at most one that is open. */
export class FrameDecoder {
  #maxFrameBytes: number
  readonly #onKeepAlive: (() => void) | undefined
  #carry: Buffer = Buffer.alloc(0)
  /** Bytes of the open frame in the carry, its prefix included. */
  #carried = 0
  #isStopped = false
  #frameCount = 0
  #keepAliveCount = 0

  /** @param onKeepAlive called for each frame of length 0, which onFrame never sees */
  constructor(maxFrameBytes: number, onKeepAlive?: () => void) {
    this.#maxFrameBytes = maxFrameBytes
    this.#onKeepAlive = onKeepAlive
  }

  /** Frames handed on so far, keep-alives not counted. */
  get frameCount(): number {
    return this.#frameCount
  }

  get keepAliveCount(): number {
    return this.#keepAliveCount
  }

  /** Bytes of a frame that has begun and not ended, its prefix included. */
  get openBytes(): number {
    return this.#carried
  }

  /** Holds for frames whose prefix has not been read yet. */
  setMaxFrameBytes(maxFrameBytes: number): void {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Ends decoding for good: a callback that closes the connection calls it, and no further frame comes. */
  stop(): void {
    this.#isStopped = true
  }

  /**
   * @param onFrame gets id and payload, at least one byte: a view, valid only during the call
   * @throws PeerError WIRE_FRAME_TOO_LARGE as soon as a prefix is in
   */
  push(chunk: Buffer, onFrame: (frame: Buffer) => void): void {
    const end = chunk.length
    let at = this.#carried > 0 && !this.#isStopped ? this.#completeCarry(chunk, onFrame) : 0
    while (!this.#isStopped && end - at >= PREFIX_BYTES) {
      const length = chunk.readUInt32BE(at)
      if (length > this.#maxFrameBytes) this.#refuse(length)
      const next = at + PREFIX_BYTES + length
      if (next > end) break
      if (length === 0) this.#countKeepAlive()
      else {
        this.#frameCount++
        onFrame(chunk.subarray(at + PREFIX_BYTES, next))
      }
      at = next
    }
    if (at < end && !this.#isStopped) this.#carryOn(chunk, at, end)
  }

  /** @returns where in `chunk` the carried frame ends; chunk.length when it is still open */
  #completeCarry(chunk: Buffer, onFrame: (frame: Buffer) => void): number {
    let at = 0
    if (this.#carried < PREFIX_BYTES) {
      at = Math.min(PREFIX_BYTES - this.#carried, chunk.length)
      this.#carryOn(chunk, 0, at)
      if (this.#carried < PREFIX_BYTES) return at
    }
    const length = this.#carry.readUInt32BE(0)
    if (length > this.#maxFrameBytes) this.#refuse(length)
    const missing = PREFIX_BYTES + length - this.#carried
    const next = Math.min(at + missing, chunk.length)
    this.#carryOn(chunk, at, next)
    if (next - at < missing) return next
    this.#carried = 0
    if (length === 0) this.#countKeepAlive()
    else {
      this.#frameCount++
      onFrame(this.#carry.subarray(PREFIX_BYTES, PREFIX_BYTES + length))
    }
    return next
  }

  /** Appends chunk[from, to) to the open frame. */
  #carryOn(chunk: Buffer, from: number, to: number): void {
    const needed = this.#carried + to - from
    if (needed > this.#carry.length) {
      const size = Math.max(needed, Math.min(2 * this.#carry.length, this.#maxFrameBytes), FIRST_CARRY_BYTES)
      const larger = Buffer.allocUnsafeSlow(size)
      this.#carry.copy(larger, 0, 0, this.#carried)
      this.#carry = larger
    }
    chunk.copy(this.#carry, this.#carried, from, to)
    this.#carried = needed
  }

  #countKeepAlive(): void {
    this.#keepAliveCount++
    this.#onKeepAlive?.()
  }

  #refuse(length: number): never {
    throw new PeerError(
      'WIRE_FRAME_TOO_LARGE',
      `frame of ${length} bytes; at most ${this.#maxFrameBytes} allowed`,
    )
  }
}
