/** Counts what a downloader was sent: when 99 % of the torrent had come, and how much came twice. */
import type { SimClock } from './sim-clock.ts'

export class Deliveries {
  readonly #clock: SimClock
  readonly #seen: Uint8Array
  #different = 0
  #total = 0
  /** When 99 % of all blocks were there; Infinity before. */
  mostAtMs = Infinity

  constructor(clock: SimClock, blockCount: number) {
    this.#clock = clock
    this.#seen = new Uint8Array(blockCount)
  }

  note(block: number): void {
    this.#total++
    if (this.#seen[block] === 1) return
    this.#seen[block] = 1
    this.#different++
    if (this.mostAtMs === Infinity && this.#different >= 0.99 * this.#seen.length)
      this.mostAtMs = this.#clock.now()
  }

  get isWhole(): boolean {
    return this.#different === this.#seen.length
  }

  /** Blocks received in vain, as a share of the torrent. */
  get wastedShare(): number {
    return (this.#total - this.#different) / this.#seen.length
  }
}
