/**
 * One torrent's part of the piece memory (piece-memory.ts), in buffers of its piece length.
 *
 * Two steps, because requests go out long before their data comes in: `reserve` when a piece is begun (this is what
 * the budget counts), `take` when its first block arrives.
 *
 * ```
 * reserve() -> [requests go out] -> take() -> [blocks come in] -> give(buffer) -> unreserve()
 * ```
 */
import type { PieceMemory } from './piece-memory.ts'
import { BugError } from '../common/errors.ts'

export interface PieceBuffersOptions {
  /** Size of every buffer: the torrent's piece length. */
  readonly pieceBytes: number
  /** Shared with the session's other torrents. */
  readonly memory: PieceMemory
}

export class PieceBuffers {
  readonly #pieceBytes: number
  readonly #memory: PieceMemory
  #reservedCount = 0
  #takenCount = 0

  constructor({ pieceBytes, memory }: PieceBuffersOptions) {
    this.#pieceBytes = pieceBytes
    this.#memory = memory
  }

  /** Pieces begun: reserved and not yet unreserved. */
  get reservedCount(): number {
    return this.#reservedCount
  }

  /** How many pieces this torrent's share of the memory is worth now, at least 1. Changes as others come and go. */
  get maxReserved(): number {
    return Math.max(1, Math.floor(this.#memory.shareBytes(this.#heldBytes) / this.#pieceBytes))
  }

  /** Would `reserve` say no? */
  get isFull(): boolean {
    return !this.#memory.hasRoom(this.#pieceBytes, this.#heldBytes)
  }

  /** Buffers that are out. */
  get takenCount(): number {
    return this.#takenCount
  }

  /** Accounts for one more piece. @returns false when there is no memory for it: begin no further piece */
  reserve(): boolean {
    if (this.isFull) return false
    this.#memory.reserve(this.#pieceBytes, this.#heldBytes)
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
    return this.#memory.take(this.#pieceBytes)
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
    this.#memory.give(buffer)
  }

  /** The piece is done with, or given up. */
  unreserve(): void {
    if (this.#reservedCount === 0) throw new BugError('BUG_PIECE_BUFFERS', 'nothing is reserved')
    this.#reservedCount--
    this.#memory.unreserve(this.#pieceBytes, this.#heldBytes)
  }

  get #heldBytes(): number {
    return this.#reservedCount * this.#pieceBytes
  }
}
