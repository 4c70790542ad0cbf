/** Bytes a second over a sliding window of fixed slots. O(1) to add; time is an argument. */

const SLOT_COUNT = 10

export class RateMeter {
  readonly #slotMs: number
  readonly #bytes = new Float64Array(SLOT_COUNT)
  #newestSlot = -1
  #firstSlot = -1
  #total = 0

  /** @param windowMs how far back the rate looks */
  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOT_COUNT
  }

  /** All bytes ever added. */
  get totalBytes(): number {
    return this.#total
  }

  add(bytes: number, nowMs: number): void {
    const slot = this.#advance(nowMs)
    if (this.#firstSlot < 0) this.#firstSlot = slot
    const at = slot % SLOT_COUNT
    this.#bytes[at] = (this.#bytes[at] ?? 0) + bytes
    this.#total += bytes
  }

  /** Over the window, or over the time since the first byte while that is shorter (at least one slot). */
  bytesPerSecond(nowMs: number): number {
    if (this.#firstSlot < 0) return 0
    const slot = this.#advance(nowMs)
    let sum = 0
    for (const bytes of this.#bytes) sum += bytes
    const slots = Math.min(SLOT_COUNT, slot - this.#firstSlot + 1)
    return (sum * 1000) / (slots * this.#slotMs)
  }

  /** Empties the slots that time has passed over. @returns the current slot */
  #advance(nowMs: number): number {
    const slot = Math.max(Math.floor(nowMs / this.#slotMs), this.#newestSlot)
    const stale = Math.min(slot - this.#newestSlot, SLOT_COUNT)
    for (let i = 0; i < stale; i++) this.#bytes[(slot - i) % SLOT_COUNT] = 0
    this.#newestSlot = slot
    return slot
  }
}
