/** Bytes a second over a sliding window of fixed slots. O(1) to add; time is an argument. */

const SLOT_COUNT = 10

export class RateMeter {
  readonly #slotMs: number
  readonly #slotCount: number
  readonly #bytes: Float64Array
  #newestSlot = -1
  #firstSlot = -1
  #total = 0

  /**
   * @param windowMs how far back the rate looks @param slotCount the slot that has just begun counts as a whole one: with
   *   10 of them a steady rate is shown 5 % too low on average, with 60 of them less than 1 %
   */
  constructor(windowMs: number, slotCount = SLOT_COUNT) {
    this.#slotMs = windowMs / slotCount
    this.#slotCount = slotCount
    this.#bytes = new Float64Array(slotCount)
  }

  /** All bytes ever added. */
  get totalBytes(): number {
    return this.#total
  }

  add(bytes: number, nowMs: number): void {
    const slot = this.#advance(nowMs)
    if (this.#firstSlot < 0) this.#firstSlot = slot
    const at = slot % this.#slotCount
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes
    this.#total += bytes
  }

  /** Over the window, or over the time since the first byte while that is shorter (at least one slot). */
  bytesPerSecond(nowMs: number): number {
    if (this.#firstSlot < 0) return 0
    const slot = this.#advance(nowMs)
    let sum = 0
    for (const bytes of this.#bytes) sum += bytes
    const slots = Math.min(this.#slotCount, slot - this.#firstSlot + 1)
    return (sum * 1000) / (slots * this.#slotMs)
  }

  /** Empties the slots that time has passed over. @returns the current slot */
  #advance(nowMs: number): number {
    const slot = Math.max(Math.floor(nowMs / this.#slotMs), this.#newestSlot)
    const stale = Math.min(slot - this.#newestSlot, this.#slotCount)
    for (let i = 0; i < stale; i++) this.#bytes[(slot - i) % this.#slotCount] = 0
    this.#newestSlot = slot
    return slot
  }
}
