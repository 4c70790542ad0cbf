/**
 * How often the local network may be told of our torrents: one announce a minute (BEP 14) over time. A few may follow each
 * other, so that the torrents of a batch need not wait for one another's minutes. Pure.
 */

const COST_MS = 60_000
/** BEP 14 lets five torrents have an announce each. */
const MAX_SAVED_MS = 5 * COST_MS

export class AnnounceAllowance {
  #savedMs = MAX_SAVED_MS
  #countedAtMs: number

  constructor(nowMs: number) {
    this.#countedAtMs = nowMs
  }

  /** Until the next one; 0: now. */
  nextInMs(nowMs: number): number {
    this.#count(nowMs)
    return Math.max(0, COST_MS - this.#savedMs)
  }

  take(nowMs: number): void {
    this.#count(nowMs)
    this.#savedMs -= COST_MS
  }

  #count(nowMs: number): void {
    this.#savedMs = Math.min(MAX_SAVED_MS, this.#savedMs + nowMs - this.#countedAtMs)
    this.#countedAtMs = nowMs
  }
}
