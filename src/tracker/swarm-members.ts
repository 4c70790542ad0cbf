/**
 * The members of one swarm of one address family: slots of the peer table, seeds first, so that one stretch of the list
 * holds whom a seed or a leecher wants. Adding, removing and changing sides are O(1), picking is O(picked).
 */

/** More than any list is long: each of them steps through every member of a list before it meets one again. */
const STRIDES = [
  2147483647, 2147483629, 2147483587, 2147483579, 2147483563, 2147483549, 2147483543, 2147483497,
]

export class SwarmMembers {
  readonly #slots: number[] = []
  #seedCount = 0
  readonly #positions: Uint32Array

  /** @param positions of the peer table: where each slot stands in its list */
  constructor(positions: Uint32Array) {
    this.#positions = positions
  }

  get count(): number {
    return this.#slots.length
  }

  get seedCount(): number {
    return this.#seedCount
  }

  isSeed(slot: number): boolean {
    return this.#positions[slot]! < this.#seedCount
  }

  add(slot: number, isSeed: boolean): void {
    const end = this.#slots.length
    this.#slots.push(slot)
    this.#positions[slot] = end
    if (!isSeed) return
    this.#swap(end, this.#seedCount)
    this.#seedCount += 1
  }

  remove(slot: number): void {
    if (this.isSeed(slot)) {
      this.#seedCount -= 1
      this.#swap(this.#positions[slot]!, this.#seedCount)
    }
    this.#swap(this.#positions[slot]!, this.#slots.length - 1)
    this.#slots.pop()
  }

  setSeed(slot: number, isSeed: boolean): void {
    if (isSeed === this.isSeed(slot)) return
    if (isSeed) this.#swap(this.#positions[slot]!, this.#seedCount++)
    else this.#swap(this.#positions[slot]!, --this.#seedCount)
  }

  /** How many a seed, or a leecher, could be named. */
  countFor(isForSeed: boolean): number {
    return this.#slots.length - (isForSeed ? this.#seedCount : 0)
  }

  /**
   * Writes up to `count` others at random into `picked`, from `at` on: no seeds for a seed, and not `self`.
   * @param random in [0, 1) @returns behind the last one written
   */
  pick(
    picked: Uint32Array,
    at: number,
    wanted: { readonly count: number; readonly isForSeed: boolean; readonly self: number },
    random: () => number,
  ): number {
    const first = wanted.isForSeed ? this.#seedCount : 0
    const size = this.#slots.length - first
    const end = at + wanted.count
    if (size === 0 || end === at) return at
    const stride = STRIDES[Math.floor(random() * STRIDES.length)]! % size
    let index = Math.floor(random() * size)
    let written = at
    for (let seen = 0; seen < size && written < end; seen++) {
      const slot = this.#slots[first + index]!
      if (slot !== wanted.self) picked[written++] = slot
      index = (index + stride) % size
    }
    return written
  }

  #swap(one: number, other: number): void {
    const slots = this.#slots
    const slot = slots[one]!
    slots[one] = slots[other]!
    slots[other] = slot
    this.#positions[slots[one]] = one
    this.#positions[slot] = other
  }
}
