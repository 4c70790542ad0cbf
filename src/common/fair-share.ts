/**
 * Shares out an amount among members who may want less than their part: max-min fair, in whole units. What one leaves
 * goes to the others; when there is less than a unit for each, they take turns, and the next time begins where this one
 * ended.
 */
export class FairShare {
  readonly #unit: number
  #first = 0

  /** @param unit no member uses less at a time, its last one apart */
  constructor(unit: number) {
    this.#unit = unit
  }

  /**
   * @param take offers an amount to a member, at least one unit. @returns what it used, no more than the offer
   * @returns what all used
   */
  shareOut<T>(amount: number, members: readonly T[], take: (member: T, offer: number) => number): number {
    let left = amount
    const count = members.length
    let hungry = Array.from({ length: count }, (_, index) => (this.#first + index) % count)
    while (left >= this.#unit && hungry.length > 0) {
      const share = Math.max(this.#unit, left / hungry.length)
      const still: number[] = []
      for (const index of hungry) {
        const member = members[index]
        if (member === undefined) continue
        if (left < this.#unit) {
          this.#first = index
          return amount - left
        }
        const offer = Math.min(share, left)
        const used = take(member, offer)
        left -= used
        if (used > 0 && used + this.#unit > offer) still.push(index)
      }
      hungry = still
    }
    return amount - left
  }
}
