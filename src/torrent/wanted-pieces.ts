/**
 * Which pieces a torrent is to have, and how many of them it still lacks. It is complete when none is lacking; peers
 * interest us for these alone. Pieces that were there before may be had without being wanted. What was had and then
 * dropped (nobody needs it any more) counts as had here, though nobody can be given it.
 */
import { Bitfield } from '../common/bitfield.ts'

export class WantedPieces {
  readonly #have: Bitfield
  #pieces: Bitfield | 'all' = 'all'
  /** Wanted and had; not kept up while all are wanted. */
  #hadCount = 0
  #dropped: Bitfield | undefined

  /** @param have the torrent's: what is added to it is told to `onHave` */
  constructor(have: Bitfield) {
    this.#have = have
  }

  /** From now on these, and no others. O(pieces). @param pieces taken over; nobody changes it any more */
  set(pieces: Bitfield | 'all'): void {
    this.#pieces = pieces
    this.#hadCount = 0
    if (pieces !== 'all') for (const piece of pieces.indices()) if (this.hasHad(piece)) this.#hadCount++
  }

  has(piece: number): boolean {
    return this.#pieces === 'all' || this.#pieces.has(piece)
  }

  /** Is it wanted, and not had? */
  isMissing(piece: number): boolean {
    return !this.hasHad(piece) && this.has(piece)
  }

  /** Is it here, or was it? */
  hasHad(piece: number): boolean {
    return this.#have.has(piece) || this.wasDropped(piece)
  }

  wasDropped(piece: number): boolean {
    return this.#dropped?.has(piece) === true
  }

  /** A piece that is had goes away, and out of `have`. */
  drop(piece: number): void {
    this.#dropped ??= new Bitfield(this.#have.length)
    this.#dropped.set(piece)
    this.#have.clear(piece)
  }

  /** `have` has this piece since just now. */
  onHave(piece: number): void {
    if (this.#pieces !== 'all' && this.#pieces.has(piece)) this.#hadCount++
  }

  get count(): number {
    return this.#pieces === 'all' ? this.#have.length : this.#pieces.count
  }

  /** Wanted pieces that are had. */
  get hadCount(): number {
    return this.#pieces === 'all' ? this.#have.count + (this.#dropped?.count ?? 0) : this.#hadCount
  }

  get missingCount(): number {
    return this.count - this.hadCount
  }

  get isComplete(): boolean {
    return this.missingCount === 0
  }
}
