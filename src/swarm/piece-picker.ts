/**
 * Which piece to begin next: of the highest priority, the rarest one that the peer has, ties broken at random.
 *
 * Pieces somebody may begin ("open": not started, not had, not unwanted) lie in one order a priority (rarity-order.ts).
 * Seeds have everything, so they are only a counter. All pieces begin with the same priority, in one order; without
 * `setPriority` there is never another.
 *
 * Pieces are trusted indices (metainfo/geometry.ts makes them). What the caller adds it must remove again unchanged.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { PeerPieces, PieceTables } from './rarity-order.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import { BugError } from '../common/errors.ts'
import { RarityOrder } from './rarity-order.ts'

export type { PeerPieces } from './rarity-order.ts'

/** Never picked. */
export const UNWANTED = 0
export const DEFAULT_PRIORITY = 1
export const MAX_PRIORITY = 255

const OPEN = 0
const STARTED = 1
const HAVE = 2
/** Nobody works on it, nor should: its priority is 0. */
const SHUT = 3

/** Peers with more than one piece in this many are counted in bulk. */
const BULK_FRACTION = 16

export class PiecePicker {
  readonly #pieceCount: number
  readonly #random: () => number
  readonly #tables: PieceTables
  readonly #counts: Int32Array
  readonly #states: Uint8Array
  /** 0 to 255 a piece; undefined while all have the default. */
  #priorities: Uint8Array | undefined
  readonly #default: RarityOrder
  /** Of all priorities there ever were, highest first. */
  readonly #orders: RarityOrder[]
  /** The open pieces once more, as bits, for runs in index order. */
  readonly #openWords: Int32Array
  #seedCount = 0
  /** Pieces that peers other than seeds have, those of each peer counted. */
  #heldCount = 0
  #openCount: number
  #startedCount = 0
  /** Grows whenever a piece becomes open: a search that found nothing need not be repeated before. */
  #openings = 0
  readonly #fruitless = new WeakMap<Bitfield, { openings: number; peerCount: number }>()

  /** Every piece begins open. @param random in [0, 1) */
  constructor(pieceCount: number, random: () => number) {
    this.#pieceCount = pieceCount
    this.#random = random
    this.#counts = new Int32Array(pieceCount)
    this.#tables = { counts: this.#counts, positions: new Int32Array(pieceCount) }
    this.#states = new Uint8Array(pieceCount)
    this.#openWords = new Int32Array(Math.ceil(pieceCount / 32))
    this.#openCount = pieceCount
    const all = Int32Array.from({ length: pieceCount }, (_, piece) => piece)
    this.#default = new RarityOrder(DEFAULT_PRIORITY, all, this.#tables, random)
    this.#orders = [this.#default]
    for (let piece = 0; piece < pieceCount; piece++) this.#openWords[piece >> 5]! |= 1 << (piece & 31)
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
    this.#prepareFor(bits)
    for (const piece of bits.indices()) this.increment(piece)
  }

  /** @param bits all that `addPeer` and `increment` counted for this peer */
  removePeer(bits: Bitfield): void {
    this.#prepareFor(bits)
    for (const piece of bits.indices()) this.decrement(piece)
  }

  /** One peer more has this piece. */
  increment(piece: number): void {
    this.#counts[piece]!++
    this.#heldCount++
    if (this.#states[piece] === OPEN) this.#orderOf(piece).onIncrement(piece)
  }

  /** One peer less has this piece. */
  decrement(piece: number): void {
    const count = this.#counts[piece]!--
    if (count === 0) throw new BugError('BUG_PICKER', `piece ${piece} removed from nobody`)
    this.#heldCount--
    if (this.#states[piece] === OPEN) this.#orderOf(piece).onDecrement(piece)
  }

  /** Peers that have this piece, seeds included. */
  availability(piece: number): number {
    return this.#counts[piece]! + this.#seedCount
  }

  /** Do all that have pieces have every piece? Then nothing is rare, and nobody else is after the same pieces. */
  get isOnlySeeds(): boolean {
    return this.#heldCount === 0
  }

  // What becomes of a piece.

  /** The piece is verified: never picked again. */
  setHave(piece: number): void {
    this.#setState(piece, HAVE)
  }

  /** Somebody works on it. */
  start(piece: number): void {
    this.#setState(piece, STARTED)
  }

  /** Nobody works on it any more, or it is missing again. */
  release(piece: number): void {
    this.#setState(piece, this.priority(piece) === UNWANTED ? SHUT : OPEN)
  }

  /**
   * A higher priority is picked first, however rare others are; 0 is never picked. It holds for good: for a piece that
   * is started or had now, from when it is released. @param priority 0 to 255
   */
  setPriority(piece: number, priority: number): void {
    if (this.priority(piece) === priority) return
    this.#priorities ??= new Uint8Array(this.#pieceCount).fill(DEFAULT_PRIORITY)
    const state = this.#states[piece]!
    if (state === OPEN) this.#close(piece)
    this.#priorities[piece] = priority
    if (state === STARTED || state === HAVE) return
    this.#states[piece] = priority === UNWANTED ? SHUT : OPEN
    if (priority !== UNWANTED) this.#open(piece)
  }

  priority(piece: number): number {
    return this.#priorities === undefined ? DEFAULT_PRIORITY : this.#priorities[piece]!
  }

  /** May somebody begin it? */
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

  /** Of the highest priority for which this peer has an open piece, the rarest. */
  pick(peerHas: PeerPieces): PieceIndex | undefined {
    if (this.#openCount === 0) return undefined
    if (peerHas !== 'all' && this.#isFruitless(peerHas)) return undefined
    for (const order of this.#orders) {
      const piece = order.pick(peerHas)
      if (piece !== undefined) return piece
    }
    if (peerHas !== 'all') this.#setFruitless(peerHas)
    return undefined
  }

  /**
   * The next open piece after `piece` in index order (from the start again at the end): long runs write faster. Where
   * priorities differ only the very next may be it; otherwise what `pick` says.
   */
  pickNear(piece: number, peerHas: PeerPieces): PieceIndex | undefined {
    if (this.#openCount === 0) return undefined
    if (this.#isMixed()) return this.#pickNext(piece, peerHas)
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

  /** Are there open pieces of several priorities? */
  #isMixed(): boolean {
    return this.#orders.length > 1 && this.#firstOrder()?.size !== this.#openCount
  }

  #pickNext(piece: number, peerHas: PeerPieces): PieceIndex | undefined {
    const next = this.#nextOpen(piece + 1)
    const isFirst = next !== undefined && this.priority(next) === this.#firstOrder()?.priority
    return isFirst && (peerHas === 'all' || peerHas.has(next)) ? next : this.pick(peerHas)
  }

  /** For tests. @throws BugError BUG_PICKER when orders, positions, buckets and states disagree */
  checkInvariants(): void {
    let open = 0
    let started = 0
    for (let piece = 0; piece < this.#pieceCount; piece++) {
      const isOpen = this.isOpen(piece)
      if (isOpen) open++
      const isShut = this.#states[piece] === SHUT
      this.#expect(!isOpen || this.priority(piece) > UNWANTED, `piece ${piece} is unwanted and open`)
      this.#expect(!isShut || this.priority(piece) === UNWANTED, `piece ${piece} is wanted and shut`)
      if (this.#states[piece] === STARTED) started++
      const bit = (this.#openWords[piece >> 5]! >>> (piece & 31)) & 1
      this.#expect((bit === 1) === isOpen, `piece ${piece} has the wrong open bit`)
    }
    let ordered = 0
    for (const [at, order] of this.#orders.entries()) {
      ordered += order.size
      const isMember = (piece: number): boolean => this.isOpen(piece) && this.#orderOf(piece) === order
      const fault = order.findFault(isMember)
      this.#expect(fault === undefined, fault ?? '')
      const before = this.#orders[at - 1]
      this.#expect(before === undefined || before.priority > order.priority, `order ${at} stands wrongly`)
    }
    this.#expect(ordered === open, `${open} open, ${ordered} in order`)
    this.#expect(open === this.#openCount, `${this.#openCount} open counted`)
    this.#expect(started === this.#startedCount, `${this.#startedCount} started counted`)
  }

  #expect(isTrue: boolean, otherwise: string): void {
    if (!isTrue) throw new BugError('BUG_PICKER', otherwise)
  }

  /** Many counts at once are sorted once, later. */
  #prepareFor(bits: Bitfield): void {
    if (bits.count * BULK_FRACTION <= this.#pieceCount) return
    for (const order of this.#orders) order.setStale()
  }

  /** The highest priority that has an open piece. */
  #firstOrder(): RarityOrder | undefined {
    for (const order of this.#orders) if (order.size > 0) return order
    return undefined
  }

  /** Of an open piece. */
  #orderOf(piece: number): RarityOrder {
    return this.#priorities === undefined ? this.#default : this.#orderOfPriority(this.#priorities[piece]!)
  }

  #orderOfPriority(priority: number): RarityOrder {
    for (const order of this.#orders) if (order.priority === priority) return order
    const order = new RarityOrder(priority, new Int32Array(0), this.#tables, this.#random)
    const behind = this.#orders.findIndex((other) => other.priority < priority)
    this.#orders.splice(behind === -1 ? this.#orders.length : behind, 0, order)
    return order
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
    this.#orderOf(piece).remove(piece)
  }

  #open(piece: number): void {
    this.#openCount++
    this.#openings++
    this.#openWords[piece >> 5]! |= 1 << (piece & 31)
    this.#orderOf(piece).add(piece)
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
}
