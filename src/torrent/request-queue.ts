/** The requests of one peer that wait for their answer, oldest first: a ring of numbers, nothing is allocated for one. */
import type { PieceIndex } from '../metainfo/geometry.ts'

/** A power of two, so that positions wrap by a mask. */
const SLOTS = 512
const FIELDS = 3

/** Requests that it holds at the most. */
export const MAX_QUEUED_REQUESTS = 500

export class RequestQueue {
  /** [piece, offset, length] a slot. Made with the first request: most peers never ask. */
  #slots: Uint32Array | undefined
  /** Slot of the oldest. */
  #first = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= MAX_QUEUED_REQUESTS
  }

  /** Only while not full. */
  push(piece: PieceIndex, offset: number, length: number): void {
    this.#slots ??= new Uint32Array(SLOTS * FIELDS)
    const at = this.#at(this.#size)
    this.#slots[at] = piece
    this.#slots[at + 1] = offset
    this.#slots[at + 2] = length
    this.#size++
  }

  /** @param index 0 is the oldest; below `size` */
  pieceAt(index: number): PieceIndex {
    return this.#field(index, 0) as PieceIndex // it came in as one
  }

  offsetAt(index: number): number {
    return this.#field(index, 1)
  }

  lengthAt(index: number): number {
    return this.#field(index, 2)
  }

  dropOldest(count: number): void {
    this.#first = (this.#first + count) % SLOTS
    this.#size -= count
  }

  /** Takes out the oldest that is just this one. @returns false when there is none. O(size) */
  remove(piece: number, offset: number, length: number): boolean {
    for (let index = 0; index < this.#size; index++) {
      if (this.pieceAt(index) !== piece || this.offsetAt(index) !== offset) continue
      if (this.lengthAt(index) !== length) continue
      this.#closeGap(index)
      return true
    }
    return false
  }

  /** The younger ones move up. */
  #closeGap(gap: number): void {
    for (let index = gap; index + 1 < this.#size; index++) {
      const from = this.#at(index + 1)
      this.#slots?.copyWithin(this.#at(index), from, from + FIELDS)
    }
    this.#size--
  }

  #at(index: number): number {
    return ((this.#first + index) % SLOTS) * FIELDS
  }

  #field(index: number, field: number): number {
    return this.#slots?.[this.#at(index) + field] ?? 0
  }
}
