/**
 * The open requests of one peer, in the order sent. Peers answer in order, so the oldest is looked at first: O(1).
 * Answers out of order leave holes, closed when there are more holes than requests.
 *
 *   ids:   | . . 17 18 -1 20 21 . . |      -1: settled out of order
 *              head           tail         a ring: both count up for ever, masked
 */

/** Marks a hole. */
const SETTLED = -1
const FIRST_CAPACITY = 64
/** Holes that may stay among few requests. */
const SPARE_HOLES = 32

/** A block of the torrent as one integer: piece x blocksPerPiece + block. */
export type BlockId = number

export class RequestLedger {
  #ids = new Float64Array(FIRST_CAPACITY)
  #sentMs = new Float64Array(FIRST_CAPACITY)
  #head = 0
  #tail = 0
  #size = 0
  /** Just after the request settled last: where a peer that skipped some goes on. */
  #next = 0
  /** When the request settled last was sent. */
  #settledSentMs = -Infinity
  #overtakenCount = 0

  /** Open requests. */
  get size(): number {
    return this.#size
  }

  /** Places in the ring: at least `size`, and not much more than ever was open at a time. */
  get capacity(): number {
    return this.#ids.length
  }

  /** When the oldest open request was sent; Infinity when none is open. */
  get oldestSentMs(): number {
    return this.#size === 0 ? Infinity : this.#sentMs[this.#head & this.#mask]!
  }

  /** Requests settled since the oldest open one is the oldest: they overtook it. */
  get overtakenCount(): number {
    return this.#overtakenCount
  }

  /** A request was sent. The same block may be open twice; each answer settles one. */
  add(block: BlockId, nowMs: number): void {
    if (this.#tail - this.#head === this.#ids.length) this.#makeRoom()
    const at = this.#tail++ & this.#mask
    this.#ids[at] = block
    this.#sentMs[at] = nowMs
    this.#size++
  }

  /** Takes out an answered, refused or cancelled request. @returns when it was sent, or -1 when it is not open */
  settle(block: BlockId): number {
    const at = this.#find(block)
    if (at < 0) return -1
    const sentMs = this.#sentMs[at & this.#mask]!
    this.#next = at + 1
    this.#settledSentMs = sentMs
    if (at === this.#head) this.#overtakenCount = 0
    else this.#overtakenCount++
    this.#remove(at)
    return sentMs
  }

  /** Open requests that were sent after `sentMs`. O(1) while all were, else O(those). */
  countSentAfter(sentMs: number): number {
    if (this.#size === 0 || this.oldestSentMs > sentMs) return this.#size
    const mask = this.#mask
    let count = 0
    for (let at = this.#tail - 1; at >= this.#head && this.#sentMs[at & mask]! > sentMs; at--)
      if (this.#ids[at & mask] !== SETTLED) count++
    return count
  }

  has(block: BlockId): boolean {
    return this.#find(block) >= 0
  }

  /** Empties the ledger. @returns what was open, oldest first */
  takeAll(): BlockId[] {
    const blocks = [...this.blocks()]
    this.#head = this.#tail
    this.#size = 0
    this.#overtakenCount = 0
    return blocks
  }

  /** Takes out the requests sent at or before `sentMs`. @returns them, oldest first */
  takeOlderThan(sentMs: number): BlockId[] {
    const blocks: BlockId[] = []
    while (this.#size > 0 && this.oldestSentMs <= sentMs) {
      blocks.push(this.#ids[this.#head & this.#mask]!)
      this.#remove(this.#head)
      this.#overtakenCount = 0
    }
    return blocks
  }

  /** Takes out the requests that were sent before the one settled last: a peer that answers in order left them out. */
  takeOvertaken(): BlockId[] {
    const blocks: BlockId[] = []
    while (this.#size > 0 && this.oldestSentMs < this.#settledSentMs) {
      blocks.push(this.#ids[this.#head & this.#mask]!)
      this.#remove(this.#head)
    }
    this.#overtakenCount = 0
    return blocks
  }

  /** Open requests, oldest first. The ledger must not change meanwhile. */
  *blocks(): Generator<BlockId> {
    for (let at = this.#head; at < this.#tail; at++) {
      const block = this.#ids[at & this.#mask]!
      if (block !== SETTLED) yield block
    }
  }

  get #mask(): number {
    return this.#ids.length - 1
  }

  /** The head is never a hole, so an answer in order is found at once. */
  #find(block: BlockId): number {
    const mask = this.#mask
    const next = this.#next
    if (next > this.#head && next < this.#tail && this.#ids[next & mask] === block) return next
    for (let at = this.#head; at < this.#tail; at++) if (this.#ids[at & mask] === block) return at
    return -1
  }

  #remove(at: number): void {
    this.#ids[at & this.#mask] = SETTLED
    this.#size--
    while (this.#head < this.#tail && this.#ids[this.#head & this.#mask] === SETTLED) this.#head++
    if (this.#tail - this.#head > 2 * this.#size + SPARE_HOLES) this.#move(this.#ids.length)
  }

  #makeRoom(): void {
    this.#move(this.#ids.length * 2)
  }

  /** Copies the open requests into a ring of this capacity, without holes. */
  #move(capacity: number): void {
    const ids = new Float64Array(capacity)
    const sentMs = new Float64Array(capacity)
    const next = this.#next
    let size = 0
    for (let at = this.#head; at < this.#tail; at++) {
      if (at === next) this.#next = size
      const block = this.#ids[at & this.#mask]!
      if (block === SETTLED) continue
      ids[size] = block
      sentMs[size] = this.#sentMs[at & this.#mask]!
      size++
    }
    this.#ids = ids
    this.#sentMs = sentMs
    this.#head = 0
    this.#tail = size
  }
}
