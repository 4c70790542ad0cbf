/** Counts events in windows of time: the bound on what is harmless once and a nuisance by the thousand. O(1). */

/** One kind of event of one peer. */
export class FloodLimit {
  readonly #limit: number
  readonly #windowMs: number
  #windowStartMs = -Infinity
  #count = 0

  /** @param limit events allowed in one window */
  constructor(limit: number, windowMs: number) {
    this.#limit = limit
    this.#windowMs = windowMs
  }

  /** Counts one event. @returns false when it is one too many */
  take(nowMs: number): boolean {
    if (nowMs - this.#windowStartMs >= this.#windowMs) {
      this.#windowStartMs = nowMs
      this.#count = 0
    }
    return ++this.#count <= this.#limit
  }
}
