/**
 * A set of bits of fixed length in the byte order of BEP 3's bitfield message: bit 0 is the high bit of byte 0.
 * Indices are trusted (0 <= index < length); check numbers from outside first (metainfo/geometry.ts).
 */

export class Bitfield {
  readonly length: number
  readonly #bytes: Uint8Array
  #count = 0

  constructor(length: number) {
    this.length = length
    this.#bytes = new Uint8Array(Math.ceil(length / 8))
  }

  /** A copy of wire bytes, or undefined when the size is wrong or a spare bit is set (BEP 3: close the connection). */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield | undefined {
    const field = new Bitfield(length)
    if (bytes.length !== field.#bytes.length) return undefined
    const spareBits = field.#bytes.length * 8 - length
    if (spareBits > 0 && (bytes[bytes.length - 1]! & ((1 << spareBits) - 1)) !== 0) return undefined
    field.#bytes.set(bytes)
    for (const byte of bytes) field.#count += POPULATION[byte]!
    return field
  }

  /** How many bits are set. O(1). */
  get count(): number {
    return this.#count
  }

  get isFull(): boolean {
    return this.#count === this.length
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  has(index: number): boolean {
    return (this.#bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0
  }

  /** @returns false when it was set before */
  set(index: number): boolean {
    if (this.has(index)) return false
    this.#bytes[index >> 3]! |= 0x80 >> (index & 7)
    this.#count++
    return true
  }

  /** @returns false when it was not set */
  clear(index: number): boolean {
    if (!this.has(index)) return false
    this.#bytes[index >> 3]! &= ~(0x80 >> (index & 7))
    this.#count--
    return true
  }

  setAll(): void {
    this.#bytes.fill(0xff)
    const spareBits = this.#bytes.length * 8 - this.length
    if (spareBits > 0) this.#bytes[this.#bytes.length - 1]! &= 0xff << spareBits
    this.#count = this.length
  }

  copy(): Bitfield {
    const copy = new Bitfield(this.length)
    for (const index of this.indices()) copy.set(index)
    return copy
  }

  /** The wire form: a copy. */
  toBytes(): Buffer {
    return Buffer.from(this.#bytes)
  }

  /** The lowest index >= `from` whose bit is clear, or undefined. */
  firstMissing(from = 0): number | undefined {
    for (let index = from; index < this.length;) {
      if ((index & 7) === 0 && this.#bytes[index >> 3] === 0xff) index += 8
      else if (this.has(index)) index++
      else return index
    }
    return undefined
  }

  /** Set bits in ascending order. */
  *indices(): Generator<number> {
    for (let index = 0; index < this.length;) {
      if ((index & 7) === 0 && this.#bytes[index >> 3] === 0) index += 8
      else {
        if (this.has(index)) yield index
        index++
      }
    }
  }
}

const POPULATION = Uint8Array.from({ length: 256 }, (_, byte) => {
  let bits = 0
  for (let rest = byte; rest !== 0; rest >>= 1) bits += rest & 1
  return bits
})
