/** Bytes being put together for sending: grows when it must, then is used again and again without allocating. */

const FIRST_BYTES = 1024

/** Numbers big endian, bytes as they are, one after another. */
export class OutgoingBuffer {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  get length(): number {
    return this.#length
  }

  /** What it can hold before it must grow. */
  get capacity(): number {
    return this.#bytes.length
  }

  u8(value: number): void {
    const at = this.#advance(1)
    this.#bytes.writeUInt8(value, at)
  }

  u16(value: number): void {
    const at = this.#advance(2)
    this.#bytes.writeUInt16BE(value, at)
  }

  u32(value: number): void {
    const at = this.#advance(4)
    this.#bytes.writeUInt32BE(value, at)
  }

  /** Copies `bytes`. */
  raw(bytes: Uint8Array): void {
    const at = this.#advance(bytes.length)
    this.#bytes.set(bytes, at)
  }

  /** @returns a view of what was written, [from, to); valid until the next write after `clear` */
  view(from = 0, to = this.#length): Buffer {
    return this.#bytes.subarray(from, to)
  }

  /** Forgets the content and keeps the memory. Views of it must be done with. */
  clear(): void {
    this.#length = 0
  }

  /** Makes room. @returns where the new bytes go */
  #advance(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#length = needed
    return at
  }
}
