/**
 * Which piece to begin next: the rarest one that the peer has, ties broken at random.
 *
 * `order` is a permutation of all pieces. Pieces nobody needs to begin (started, have, unwanted) lie in front, the open
 * ones behind them in buckets by how many peers have them. Seeds have everything, so they are only a counter.
 *
 *   order:  | not open ... | bucket 0 | bucket 1 | ... | bucket m |      pos[order[i]] = i
 *           0              start[0]   start[1]         start[m]    n
 *
 * One peer more or less for a piece swaps it to the edge of its bucket and moves that edge: O(1). A piece leaves for the
 * front by hopping over the (rarer, hence mostly empty) buckets before its own. A peer with many pieces makes the
 * buckets stale; the next pick sorts them once, O(n), however many peers came in between.
 *
 * Pieces are trusted indices (metainfo/geometry.ts makes them). What the caller adds it must remove again unchanged.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import { BugError } from '../common/errors.ts'

/** What a peer has; 'all' for a seed, which is cheaper to ask about. */
export type PeerPieces = Bitfield | 'all'

const OPEN = 0
const STARTED = 1
const HAVE = 2
const UNWANTED = 3

/** Peers with more than one piece in this many are counted in bulk. */
const BULK_FRACTION = 16

export class PiecePicker {
  readonly #pieceCount: number
  readonly #random: () => number
  readonly #order: Int32Array
  readonly #position: Int32Array
  /** Peers that have the piece, seeds not counted. */
  readonly #counts: Int32Array
  readonly #states: Uint8Array
  /** The open pieces once more, as bits, for runs in index order. */
  readonly #openWords: Int32Array
  /** `#starts[a]`: where the bucket of pieces with `a` peers begins. One past `#lastBucket` is always n. */
  #starts = new Int32Array(16)
  #lastBucket = 0
  #isStale = false
  #seedCount = 0
  #openCount: number
  #startedCount = 0
  /** Grows whenever a piece becomes open: a search that found nothing need not be repeated before. */
  #openings = 0
  readonly #fruitless = new WeakMap<Bitfield, { openings: number; peerCount: number }>()

  /** Every piece begins open. @param random in [0, 1) */
  constructor(pieceCount: number, random: () => number) {
    this.#pieceCount = pieceCount
    this.#random = random
    this.#order = Int32Array.from({ length: pieceCount }, (_, piece) => piece)
    this.#position = new Int32Array(pieceCount)
    this.#counts = new Int32Array(pieceCount)
    this.#states = new Uint8Array(pieceCount)
    this.#openWords = new Int32Array(Math.ceil(pieceCount / 32))
    this.#openCount = pieceCount
    this.#shuffle()
    this.#starts.fill(pieceCount, 1)
  }

  // What peers have.

  addSeed(): void {
    this.#seedCount++
  }

  removeSeed(): void {
    this.#seedCount--
  }

  /** Counts a peer's pieces. O(pieces of the peer). */
  addPeer(bits: Bitfield): void {
    if (bits.count * BULK_FRACTION > this.#pieceCount) this.#isStale = true
    for (const piece of bits.indices()) this.increment(piece)
  }

  /** @param bits all that `addPeer` and `increment` counted for this peer */
  removePeer(bits: Bitfield): void {
    if (bits.count * BULK_FRACTION > this.#pieceCount) this.#isStale = true
    for (const piece of bits.indices()) this.decrement(piece)
  }

  /** One peer more has this piece. */
  increment(piece: number): void {
    const count = this.#counts[piece]!++
    if (this.#isStale || this.#states[piece] !== OPEN) return
    this.#makeBucket(count + 1)
    const edge = --this.#starts[count + 1]!
    this.#swap(this.#position[piece]!, edge)
    this.#mix(edge, count + 1)
  }

  /** One peer less has this piece. */
  decrement(piece: number): void {
    const count = this.#counts[piece]!--
    if (count === 0) throw new BugError('BUG_PICKER', `piece ${piece} removed from nobody`)
    if (this.#isStale || this.#states[piece] !== OPEN) return
    const edge = this.#starts[count]!++
    this.#swap(this.#position[piece]!, edge)
    this.#mix(edge, count - 1)
  }

  /** Peers that have this piece, seeds included. */
  availability(piece: number): number {
    return this.#counts[piece]! + this.#seedCount
  }

  /** Is every open piece equally available, as when all sources are seeds? Then the order is free. */
  get isUniform(): boolean {
    this.#refresh()
    return this.#openCount === 0 || this.#bucketEnd(this.#rarestBucket()) === this.#pieceCount
  }

  // What became of a piece.

  /** The piece is verified: never picked again. */
  setHave(piece: number): void {
    this.#setState(piece, HAVE)
  }

  /** Somebody works on it. */
  start(piece: number): void {
    this.#setState(piece, STARTED)
  }

  /** Nobody works on it any more, or it is wanted again. */
  release(piece: number): void {
    this.#setState(piece, OPEN)
  }

  /** Not to be fetched. `release` makes it wanted again. */
  setUnwanted(piece: number): void {
    this.#setState(piece, UNWANTED)
  }

  isOpen(piece: number): boolean {
    return this.#states[piece] === OPEN
  }

  get hasOpen(): boolean {
    return this.#openCount > 0
  }

  get openCount(): number {
    return this.#openCount
  }

  /** Open and started pieces: all that is still to come. */
  get missingCount(): number {
    return this.#openCount + this.#startedCount
  }

  // Decisions. None of them changes what a later one may answer.

  /** The rarest open piece this peer has. Expected O(1) for a seed; looks from the rarest on for others. */
  pick(peerHas: PeerPieces): PieceIndex | undefined {
    if (this.#openCount === 0) return undefined
    if (peerHas !== 'all' && this.#isFruitless(peerHas)) return undefined
    this.#refresh()
    for (let bucket = this.#rarestBucket(); bucket <= this.#lastBucket; bucket++) {
      const piece = this.#pickFrom(this.#starts[bucket]!, this.#bucketEnd(bucket), peerHas)
      if (piece !== undefined) return piece
    }
    if (peerHas !== 'all') this.#setFruitless(peerHas)
    return undefined
  }

  /** The next open piece after `piece` in index order (from the start again at the end): long runs write faster. */
  pickNear(piece: number, peerHas: PeerPieces): PieceIndex | undefined {
    if (this.#openCount === 0) return undefined
    if (peerHas === 'all') return this.#nextOpen(piece + 1) ?? this.#nextOpen(0)
    if (this.#isFruitless(peerHas)) return undefined
    for (let near = this.#nextOpen(piece + 1); near !== undefined; near = this.#nextOpen(near + 1)) {
      if (peerHas.has(near)) return near
    }
    for (let near = this.#nextOpen(0); near !== undefined && near <= piece; near = this.#nextOpen(near + 1)) {
      if (peerHas.has(near)) return near
    }
    this.#setFruitless(peerHas)
    return undefined
  }

  /** For tests. @throws BugError BUG_PICKER when order, positions, buckets and states disagree */
  checkInvariants(): void {
    this.#refresh()
    const counts = [0, 0, 0, 0]
    for (let at = 0; at < this.#pieceCount; at++) {
      const piece = this.#order[at]!
      const state = this.#states[piece]!
      counts[state]!++
      this.#expect(this.#position[piece] === at, `piece ${piece} is not where it thinks`)
      this.#expect((state === OPEN) === at >= this.#starts[0]!, `piece ${piece} of state ${state} at ${at}`)
      const count = this.#counts[piece]!
      const isInBucket = state !== OPEN || (at >= this.#starts[count]! && at < this.#bucketEnd(count))
      this.#expect(isInBucket, `piece ${piece} is not in bucket ${count}`)
      const bit = (this.#openWords[piece >> 5]! >>> (piece & 31)) & 1
      this.#expect((bit === 1) === (state === OPEN), `piece ${piece} has the wrong open bit`)
    }
    this.#expect(counts[OPEN] === this.#openCount, `${this.#openCount} open counted`)
    this.#expect(counts[STARTED] === this.#startedCount, `${this.#startedCount} started counted`)
  }

  #expect(isTrue: boolean, otherwise: string): void {
    if (!isTrue) throw new BugError('BUG_PICKER', otherwise)
  }

  #setState(piece: number, state: number): void {
    const before = this.#states[piece]!
    if (before === state) return
    this.#states[piece] = state
    if (before === STARTED) this.#startedCount--
    if (state === STARTED) this.#startedCount++
    if (before === OPEN) this.#close(piece)
    if (state === OPEN) this.#open(piece)
  }

  #close(piece: number): void {
    this.#openCount--
    this.#openWords[piece >> 5]! &= ~(1 << (piece & 31))
    if (this.#isStale) return
    for (let bucket = this.#counts[piece]!; bucket >= 0; bucket--) {
      this.#swap(this.#position[piece]!, this.#starts[bucket]!++)
    }
  }

  #open(piece: number): void {
    this.#openCount++
    this.#openings++
    this.#openWords[piece >> 5]! |= 1 << (piece & 31)
    if (this.#isStale) return
    const count = this.#counts[piece]!
    this.#makeBucket(count)
    for (let bucket = 0; bucket <= count; bucket++) {
      this.#swap(this.#position[piece]!, --this.#starts[bucket]!)
    }
    this.#mix(this.#position[piece]!, count)
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

  #nextOpen(from: number): PieceIndex | undefined {
    if (from >= this.#pieceCount) return undefined
    let word = from >> 5
    let bits = this.#openWords[word]! & (-1 << (from & 31))
    while (bits === 0) {
      if (++word === this.#openWords.length) return undefined
      bits = this.#openWords[word]!
    }
    return (word * 32 + 31 - Math.clz32(bits & -bits)) as PieceIndex
  }

  /** Did this peer, with as many pieces as now, have nothing open, and has nothing become open since? */
  #isFruitless(peerHas: Bitfield): boolean {
    const last = this.#fruitless.get(peerHas)
    return last?.openings === this.#openings && last.peerCount === peerHas.count
  }

  #setFruitless(peerHas: Bitfield): void {
    this.#fruitless.set(peerHas, { openings: this.#openings, peerCount: peerHas.count })
  }

  /** The first bucket with a piece in it. Only when a piece is open. */
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
      const longer = new Int32Array(Math.max(bucket + 2, this.#starts.length * 2)).fill(this.#pieceCount)
      longer.set(this.#starts)
      this.#starts = longer
    }
    this.#lastBucket = bucket
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
    this.#position[pieceB] = a
    this.#position[pieceA] = b
  }

  /** Counting sort of stale buckets. Stable over an order that is shuffled, so ties stay random. */
  #refresh(): void {
    if (!this.#isStale) return
    this.#isStale = false
    const sizes = new Int32Array(this.#countOpenUpTo())
    const n = this.#pieceCount
    for (let piece = 0; piece < n; piece++) if (this.#states[piece] === OPEN) sizes[this.#counts[piece]!]!++
    this.#lastBucket = 0
    this.#starts.fill(n)
    this.#makeBucket(sizes.length - 1)
    const next = new Int32Array(sizes.length)
    let start = n - this.#openCount
    for (let bucket = 0; bucket < sizes.length; bucket++) {
      this.#starts[bucket] = start
      next[bucket] = start
      start += sizes[bucket]!
    }
    this.#place(next)
  }

  #place(next: Int32Array): void {
    let front = 0
    for (const piece of this.#order.slice()) {
      const at = this.#states[piece] === OPEN ? next[this.#counts[piece]!]!++ : front++
      this.#order[at] = piece
      this.#position[piece] = at
    }
  }

  /** One more than the largest count of an open piece. */
  #countOpenUpTo(): number {
    let largest = 0
    for (let piece = 0; piece < this.#pieceCount; piece++) {
      if (this.#states[piece] === OPEN && this.#counts[piece]! > largest) largest = this.#counts[piece]!
    }
    return largest + 1
  }

  #shuffle(): void {
    const n = this.#pieceCount
    for (let at = n - 1; at > 0; at--) {
      const other = Math.floor(this.#random() * (at + 1))
      const piece = this.#order[at]!
      this.#order[at] = this.#order[other]!
      this.#order[other] = piece
    }
    for (let at = 0; at < n; at++) {
      this.#position[this.#order[at]!] = at
      this.#openWords[at >> 5]! |= 1 << (at & 31)
    }
  }
}
