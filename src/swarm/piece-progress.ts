/**
 * The blocks of one piece in flight: free, then asked for (of one peer or, late, of several), then received, and from
 * whom. Memory is for open pieces only; a torrent of 100,000 pieces costs nothing here.
 */
import type { PieceIndex } from '../metainfo/geometry.ts'

/** A small integer that stands for one connection. Never negative, never used twice in a torrent. */
export type PeerKey = number

const NOBODY = -1

export class PieceProgress {
  readonly piece: PieceIndex
  readonly blockCount: number
  /** Open requests per block in the first half; in the second who sent it, NOBODY until it is here. */
  readonly #blocks: Int32Array
  #freeCount: number
  #receivedCount = 0
  /** No block below this one is free. */
  #firstFree = 0

  constructor(piece: PieceIndex, blockCount: number) {
    this.piece = piece
    this.blockCount = blockCount
    this.#blocks = new Int32Array(2 * blockCount).fill(NOBODY, blockCount)
    this.#freeCount = blockCount
  }

  /** Blocks nobody was asked for. */
  get freeCount(): number {
    return this.#freeCount
  }

  get receivedCount(): number {
    return this.#receivedCount
  }

  get isComplete(): boolean {
    return this.#receivedCount === this.blockCount
  }

  /** The lowest free block, now asked for; undefined when none is free. */
  takeFree(): number | undefined {
    if (this.#freeCount === 0) return undefined
    let block = this.#firstFree
    while (!this.#isFree(block)) block++
    this.#firstFree = block + 1
    this.request(block)
    return block
  }

  /** One peer more is asked for this block, free or not. */
  request(block: number): void {
    if (this.#isFree(block)) this.#freeCount--
    this.#blocks[block]!++
  }

  /** One request was dropped: the block is free again when nobody else is asked for it and it is not here. */
  free(block: number): void {
    if (this.#blocks[block] === 0) return
    this.#blocks[block]!--
    if (!this.#isFree(block)) return
    this.#freeCount++
    if (block < this.#firstFree) this.#firstFree = block
  }

  /**
   * The block came.
   * @param isAnswer false when the sender's request had been dropped before, so that only others' are still open
   * @returns false when it was here already
   */
  receive(block: number, by: PeerKey, isAnswer = true): boolean {
    if (this.isReceived(block)) {
      if (isAnswer) this.free(block)
      return false
    }
    if (this.#isFree(block)) this.#freeCount--
    else if (isAnswer) this.#blocks[block]!--
    this.#blocks[this.blockCount + block] = by
    this.#receivedCount++
    return true
  }

  isReceived(block: number): boolean {
    return this.#blocks[this.blockCount + block] !== NOBODY
  }

  /** Peers whose request for this block is open. */
  requesterCount(block: number): number {
    return this.#blocks[block]!
  }

  /** Who sent it; undefined until it is here. */
  senderOf(block: number): PeerKey | undefined {
    const sender = this.#blocks[this.blockCount + block]!
    return sender === NOBODY ? undefined : sender
  }

  #isFree(block: number): boolean {
    return this.#blocks[block] === 0 && this.#blocks[this.blockCount + block] === NOBODY
  }
}
