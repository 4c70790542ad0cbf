/**
 * The pieces being fetched right now: their block states, their buffer, and who works on them.
 *
 * Memory is bounded in two steps (storage/piece-buffers.ts): opening a piece reserves budget, because requests for it
 * go out; its buffer is taken when the first block arrives. When the budget is used up no further piece is opened and
 * peers share those that are open: this is the download's only back-pressure.
 */
import type { PieceBuffers } from '../storage/piece-buffers.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import { PieceProgress } from '../swarm/piece-progress.ts'

/** What `open` is told. */
export interface OpeningPiece {
  readonly piece: PieceIndex
  readonly blockCount: number
  readonly owner: PeerKey | undefined
  /** Peers that are too slow for a piece of their own fetch it together. */
  readonly isShared: boolean
  readonly openedAtMs: number
  /** Its blocks may come from the owner only (after a failed hash: swarm/piece-inquiry.ts). */
  readonly isSingleSource: boolean
}

/** A class, so that all have one shape: there may be 100,000 in a download. */
export class OpenPiece {
  readonly piece: PieceIndex
  readonly progress: PieceProgress
  /** Taken with the first block. */
  buffer: Buffer | undefined = undefined
  /** The peer that fetches this piece; undefined: shared, or up for adoption. */
  owner: PeerKey | undefined
  readonly isShared: boolean
  readonly openedAtMs: number
  readonly isSingleSource: boolean

  constructor({ piece, blockCount, owner, isShared, openedAtMs, isSingleSource }: OpeningPiece) {
    this.piece = piece
    this.progress = new PieceProgress(piece, blockCount)
    this.owner = owner
    this.isShared = isShared
    this.openedAtMs = openedAtMs
    this.isSingleSource = isSingleSource
  }
}

export class OpenPieces {
  readonly #byPiece = new Map<number, OpenPiece>()
  /** Those with blocks nobody was asked for, oldest first. */
  readonly #withFree = new Set<OpenPiece>()
  readonly #buffers: PieceBuffers

  constructor(buffers: PieceBuffers) {
    this.#buffers = buffers
  }

  get size(): number {
    return this.#byPiece.size
  }

  /** Pieces whose memory is accounted for: the open ones, and those being hashed and written. */
  get reservedCount(): number {
    return this.#buffers.reservedCount
  }

  /** How many pieces the memory budget allows at a time. */
  get maxReserved(): number {
    return this.#buffers.maxReserved
  }

  /** Buffers in use. */
  get takenCount(): number {
    return this.#buffers.takenCount
  }

  /** May no further piece be opened? */
  get isFull(): boolean {
    return this.#buffers.isFull
  }

  get(piece: number): OpenPiece | undefined {
    return this.#byPiece.get(piece)
  }

  values(): IterableIterator<OpenPiece> {
    return this.#byPiece.values()
  }

  /** Pieces with free blocks, oldest first. Taking blocks while iterating is allowed. */
  *withFree(): Generator<OpenPiece> {
    for (const open of this.#withFree) {
      if (open.progress.freeCount > 0) yield open
      else this.#withFree.delete(open)
    }
  }

  /** @returns undefined when the memory budget is used up */
  open(opening: OpeningPiece): OpenPiece | undefined {
    if (!this.#buffers.reserve()) return undefined
    const open = new OpenPiece(opening)
    this.#byPiece.set(opening.piece, open)
    this.#withFree.add(open)
    return open
  }

  /** The lowest block nobody was asked for, now asked for. */
  takeFree(open: OpenPiece): number | undefined {
    const block = open.progress.takeFree()
    if (open.progress.freeCount === 0) this.#withFree.delete(open)
    return block
  }

  /** A request was dropped: its block may be free again. */
  release(open: OpenPiece, block: number): void {
    open.progress.free(block)
    if (open.progress.freeCount > 0 && this.#byPiece.has(open.piece)) this.#withFree.add(open)
  }

  bufferOf(open: OpenPiece): Buffer {
    open.buffer ??= this.#buffers.take()
    return open.buffer
  }

  /** Out of the set, while its hash is checked and its bytes are written. The budget stays reserved. */
  detach(open: OpenPiece): void {
    this.#byPiece.delete(open.piece)
    this.#withFree.delete(open)
  }

  /** The end of a detached or open piece: memory and budget go back. */
  discard(open: OpenPiece): void {
    this.detach(open)
    open.owner = undefined
    if (open.buffer !== undefined) this.#buffers.give(open.buffer)
    open.buffer = undefined
    this.#buffers.unreserve()
  }

  /** The torrent ends: what it holds of the session's memory goes back. Detached pieces are left to who detached them. */
  discardAll(): void {
    for (const open of [...this.#byPiece.values()]) this.discard(open)
  }
}
