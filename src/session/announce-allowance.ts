/**
 * How often the local network may be told of our torrents: one announce a minute (BEP 14) over time. A few may follow each
 * other, so that the torrents of a batch need not wait for one another's minutes. Pure.
 */

const EARNED_EVERY_MS = 60_000
/** BEP 14 lets five torrents have an announce each. */
const MAX_SAVED = 5

export class AnnounceAllowance {
  #saved = MAX_SAVED
  #countedAtMs: number

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs
  }

  /** Until the next one; 0: now. */
  nextInMs(nowMs: number): number {
    this.#count(nowMs)
    return Math.max(0, Math.ceil((1 - this.#saved) * EARNED_EVERY_MS))
  }

  take(nowMs: number): void {
    this.#count(nowMs)
    this.#saved--
  }

  #count(nowMs: number): void {
    this.#saved = Math.min(MAX_SAVED, this.#saved + (nowMs - this.#countedAtMs) / EARNED_EVERY_MS)
    this.#countedAtMs = nowMs
  }
}
