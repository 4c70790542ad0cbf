/**
 * The memory of pieces that are being received: a byte budget, and buffers that are used again.
 *
 * Two steps, because requests go out long before their data comes in: `reserve` when a piece is begun (this is what
 * the budget counts), `take` when its first block arrives. The buffer given back last is taken first: its pages are
 * mapped and perhaps still cached. Buffers stay ours: one that is dropped is freed only when the garbage collector
 * comes, and by then others have been made in its place.
 *
 * ```
 * reserve() -> [requests go out] -> take() -> [blocks come in] -> give(buffer) -> unreserve()
 * ```
 */
import { BugError } from '../common/errors.ts'

export interface PieceBuffersOptions {
  /** Size of every buffer: the torrent's piece length. */
  readonly pieceBytes: number
  /** Bytes that all reserved pieces together may need. One piece is always allowed, however large. */
  readonly budgetBytes: number
}

export class PieceBuffers {
  readonly #pieceBytes: number
  readonly #maxReserved: number
  readonly #idle: Buffer[] = []
  #reservedCount = 0
  #takenCount = 0

  constructor({ pieceBytes, budgetBytes }: PieceBuffersOptions) {
    this.#pieceBytes = pieceBytes
    this.#maxReserved = Math.max(1, Math.floor(budgetBytes / pieceBytes))
  }

  /** Pieces begun: reserved and not yet unreserved. */
  get reservedCount(): number {
    return this.#reservedCount
  }

  /** How many pieces the budget allows at a time, at least 1. */
  get maxReserved(): number {
    return this.#maxReserved
  }

  /** Buffers that are out. */
  get takenCount(): number {
    return this.#takenCount
  }

  /** Buffers that wait to be used again. */
  get idleCount(): number {
    return this.#idle.length
  }

  /** Accounts for one more piece. @returns false when the budget is used up: begin no further piece */
  reserve(): boolean {
    if (this.#reservedCount >= this.#maxReserved) return false
    this.#reservedCount++
    return true
  }

  /** One buffer of `pieceBytes`, the caller's until `give`. Holds old bytes. Only after `reserve`. */
  take(): Buffer {
    if (this.#takenCount >= this.#reservedCount) {
      throw new BugError(
        'BUG_PIECE_BUFFERS',
        `buffer ${this.#takenCount + 1} of ${this.#reservedCount} reserved`,
      )
    }
    this.#takenCount++
    // Slow: not cut from Node's shared 8 KiB pool.
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#pieceBytes)
  }

  /** Takes a buffer back; the caller must not touch it any more. */
  give(buffer: Buffer): void {
    if (buffer.length !== this.#pieceBytes || this.#takenCount === 0) {
      throw new BugError(
        'BUG_PIECE_BUFFERS',
        `${buffer.length} bytes given back, ${this.#takenCount} buffers out`,
      )
    }
    this.#takenCount--
    this.#idle.push(buffer)
  }

  /** The piece is done with, or given up. */
  unreserve(): void {
    if (this.#reservedCount === 0) throw new BugError('BUG_PIECE_BUFFERS', 'nothing is reserved')
    this.#reservedCount--
  }
}
