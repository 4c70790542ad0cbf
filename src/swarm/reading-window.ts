/**
 * The pieces that somebody who reads a torrent in order needs next, as priorities: only those of the window are open,
 * and the nearer one is, the sooner it is picked. Distances are taken in bands, each twice as wide as the one before,
 * so that a step changes few priorities and rarity still counts inside a band:
 *
 *   front | 1 2 | 3 4 5 6 | 7 ... 14 | ...          band = floor(log2(distance + 1))
 *
 * Pure: it tells a picker. Pieces behind the front are left as they are.
 */
import type { PiecePicker } from './piece-picker.ts'
import { DEFAULT_PRIORITY, UNWANTED } from './piece-picker.ts'

export class ReadingWindow {
  readonly #picker: Pick<PiecePicker, 'setPriority'>
  readonly #last: number
  readonly #size: number
  readonly #lastBand: number
  #front: number

  /**
   * Opens the window at `first` and shuts the rest of the range. O(range).
   * @param last of the range, inclusive; below `first` when there is nothing to read
   * @param size pieces, at least 1 and below 2^200
   */
  constructor(picker: Pick<PiecePicker, 'setPriority'>, first: number, last: number, size: number) {
    this.#picker = picker
    this.#front = first
    this.#last = last
    this.#size = size
    this.#lastBand = bandOf(size - 1)
    for (let piece = first; piece <= last; piece++) {
      const distance = piece - first
      picker.setPriority(piece, distance < size ? this.#priorityOf(distance) : UNWANTED)
    }
  }

  /** All before `front` was read. O(log size) a piece. */
  advance(front: number): void {
    while (this.#front < front) {
      this.#front++
      this.#set(this.#size - 1)
      for (let lastOfBand = 0; lastOfBand < this.#size; lastOfBand = 2 * lastOfBand + 2) this.#set(lastOfBand)
    }
  }

  #set(distance: number): void {
    const piece = this.#front + distance
    if (piece <= this.#last) this.#picker.setPriority(piece, this.#priorityOf(distance))
  }

  #priorityOf(distance: number): number {
    return DEFAULT_PRIORITY + this.#lastBand - bandOf(distance)
  }
}

function bandOf(distance: number): number {
  return Math.floor(Math.log2(distance + 1))
}
