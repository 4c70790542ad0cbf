/**
 * Open pieces of one priority, ordered by how many peers have them.
 *
 *   order:  | room | bucket 0 | bucket 1 | ... | bucket m |      position[order[i]] = i
 *           0      start[0]   start[1]         start[m]   length
 *
 * One peer more or less for a piece swaps it to the edge of its bucket and moves that edge: O(1). A piece leaves by
 * hopping over the (rarer, hence mostly empty) buckets before its own, and the room in front grows by one. When many
 * counts change at once the buckets are stale: the next pick sorts them once, O(n), however many changes came before.
 *
 * A piece is in one order at a time, so all share the arrays of counts and positions.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'

/** What a peer has; 'all' for a seed, which is cheaper to ask about. */
export type PeerPieces = Bitfield | 'all'

/** Indexed by piece. */
export interface PieceTables {
  /** Peers that have the piece, seeds not counted. */
  readonly counts: Int32Array
  /** Where the piece is in its order; any number when it is in none. */
  readonly positions: Int32Array
}

export class RarityOrder {
  /** Of its pieces; higher comes first. */
  readonly priority: number
  readonly #random: () => number
  readonly #counts: Int32Array
  readonly #positions: Int32Array
  #order: Int32Array
  /** `#starts[a]`: where the bucket of pieces with `a` peers begins. One past `#lastBucket` is always the length. */
  #starts = new Int32Array(16)
  #lastBucket = 0
  /** Only `#starts[0]` is right then. */
  #isStale = false

  /** @param order all its pieces, taken over; every count is 0 @param random in [0, 1) */
  constructor(priority: number, order: Int32Array, { counts, positions }: PieceTables, random: () => number) {
    this.priority = priority
    this.#order = order
    this.#counts = counts
    this.#positions = positions
    this.#random = random
    this.#shuffle()
    this.#starts.fill(order.length, 1)
  }

  get size(): number {
    return this.#order.length - this.#starts[0]!
  }

  /** Counts of many of its pieces changed, or will. */
  setStale(): void {
    this.#isStale = true
  }

  /** The count of this piece, one of the order's, has just grown by one. */
  onIncrement(piece: number): void {
    if (this.#isStale) return
    const count = this.#counts[piece]!
    this.#makeBucket(count)
    const edge = --this.#starts[count]!
    this.#swap(this.#positions[piece]!, edge)
    this.#mix(edge, count)
  }

  /** The count of this piece, one of the order's, has just become one less. */
  onDecrement(piece: number): void {
    if (this.#isStale) return
    const count = this.#counts[piece]!
    const edge = this.#starts[count + 1]!++
    this.#swap(this.#positions[piece]!, edge)
    this.#mix(edge, count)
  }

  /** Takes in a piece that no order has. */
  add(piece: number): void {
    if (this.#starts[0] === 0) this.#makeRoom()
    const count = this.#isStale ? 0 : this.#counts[piece]!
    if (!this.#isStale) this.#makeBucket(count)
    const front = this.#starts[0]! - 1
    this.#order[front] = piece
    this.#positions[piece] = front
    for (let bucket = 0; bucket <= count; bucket++) {
      this.#swap(this.#positions[piece], --this.#starts[bucket]!)
    }
    if (!this.#isStale) this.#mix(this.#positions[piece], count)
  }

  remove(piece: number): void {
    for (let bucket = this.#isStale ? 0 : this.#counts[piece]!; bucket >= 0; bucket--) {
      this.#swap(this.#positions[piece]!, this.#starts[bucket]!++)
    }
  }

  /** The rarest piece this peer has, ties broken at random. Expected O(1) for a seed, else from the rarest on. */
  pick(peerHas: PeerPieces): PieceIndex | undefined {
    if (this.size === 0) return undefined
    this.#refresh()
    for (let bucket = this.#rarestBucket(); bucket <= this.#lastBucket; bucket++) {
      const piece = this.#pickFrom(this.#starts[bucket]!, this.#bucketEnd(bucket), peerHas)
      if (piece !== undefined) return piece
    }
    return undefined
  }

  /** For tests. @returns what is wrong, or undefined; `isMember` says which pieces should be here */
  findFault(isMember: (piece: number) => boolean): string | undefined {
    this.#refresh()
    for (let at = this.#starts[0]!; at < this.#order.length; at++) {
      const piece = this.#order[at]!
      const count = this.#counts[piece]!
      if (this.#positions[piece] !== at) return `piece ${piece} is not where it thinks`
      if (!isMember(piece)) return `piece ${piece} is still at ${at} of priority ${this.priority}`
      if (at < this.#starts[count]! || at >= this.#bucketEnd(count))
        return `${piece} is not in bucket ${count}`
    }
    return undefined
  }

  /** From a random position round the range: even without the shuffled order no piece is always first. */
  #pickFrom(from: number, to: number, peerHas: PeerPieces): PieceIndex | undefined {
    const offset = from + Math.floor(this.#random() * (to - from))
    for (let at = offset; at < to; at++) {
      const piece = this.#order[at]!
      if (peerHas === 'all' || peerHas.has(piece)) return piece as PieceIndex
    }
    for (let at = from; at < offset; at++) {
      const piece = this.#order[at]!
      if (peerHas === 'all' || peerHas.has(piece)) return piece as PieceIndex
    }
    return undefined
  }

  /** The first bucket with a piece in it. Only when there is a piece. */
  #rarestBucket(): number {
    let bucket = 0
    while (this.#starts[bucket] === this.#bucketEnd(bucket)) bucket++
    return bucket
  }

  #bucketEnd(bucket: number): number {
    return this.#starts[bucket + 1]!
  }

  #makeBucket(bucket: number): void {
    if (bucket <= this.#lastBucket) return
    if (bucket + 1 >= this.#starts.length) {
      const longer = new Int32Array(Math.max(bucket + 2, this.#starts.length * 2)).fill(this.#order.length)
      longer.set(this.#starts)
      this.#starts = longer
    }
    this.#lastBucket = bucket
  }

  /** Doubles the order; the new room lies in front. */
  #makeRoom(): void {
    const room = Math.max(16, this.#order.length)
    const longer = new Int32Array(room + this.#order.length)
    longer.set(this.#order, room)
    this.#order = longer
    for (let bucket = 0; bucket < this.#starts.length; bucket++) this.#starts[bucket]! += room
    for (let at = this.#starts[0]!; at < longer.length; at++) this.#positions[longer[at]!] = at
  }

  /** Swaps the piece at `at` with a random one of its bucket, so that buckets stay shuffled. */
  #mix(at: number, bucket: number): void {
    const from = this.#starts[bucket]!
    this.#swap(at, from + Math.floor(this.#random() * (this.#bucketEnd(bucket) - from)))
  }

  #swap(a: number, b: number): void {
    const pieceA = this.#order[a]!
    const pieceB = this.#order[b]!
    this.#order[a] = pieceB
    this.#order[b] = pieceA
    this.#positions[pieceB] = a
    this.#positions[pieceA] = b
  }

  /** Counting sort of stale buckets. Stable over an order that is shuffled, so ties stay random. */
  #refresh(): void {
    if (!this.#isStale) return
    this.#isStale = false
    const pieces = this.#order.slice(this.#starts[0])
    const sizes = new Int32Array(this.#countUpTo(pieces))
    for (const piece of pieces) sizes[this.#counts[piece]!]!++
    let start = this.#starts[0]!
    this.#lastBucket = 0
    this.#starts.fill(this.#order.length)
    this.#makeBucket(sizes.length - 1)
    for (let bucket = 0; bucket < sizes.length; bucket++) {
      this.#starts[bucket] = start
      start += sizes[bucket]!
    }
    this.#place(pieces, this.#starts.slice(0, sizes.length))
  }

  #place(pieces: Int32Array, next: Int32Array): void {
    for (const piece of pieces) {
      const at = next[this.#counts[piece]!]!++
      this.#order[at] = piece
      this.#positions[piece] = at
    }
  }

  /** One more than the largest count of these. */
  #countUpTo(pieces: Int32Array): number {
    let largest = 0
    for (const piece of pieces) if (this.#counts[piece]! > largest) largest = this.#counts[piece]!
    return largest + 1
  }

  #shuffle(): void {
    for (let at = this.#order.length - 1; at > 0; at--) {
      const other = Math.floor(this.#random() * (at + 1))
      const piece = this.#order[at]!
      this.#order[at] = this.#order[other]!
      this.#order[other] = piece
    }
    for (let at = 0; at < this.#order.length; at++) this.#positions[this.#order[at]!] = at
  }
}
