/**
 * The memory of pieces that are being received, for all torrents of a session: one byte budget, and buffers that are
 * used again, by whichever torrent needs one of their size. piece-buffers.ts is one torrent's view of it.
 *
 * No torrent can take it all from others: each may have one piece at any time, however full it is, and beyond that as
 * many bytes as the budget has for each of those that have pieces now. One that has more, because others came later,
 * begins no piece until it has less.
 *
 * The buffer given back last is taken first: its pages are mapped and perhaps still cached. Buffers stay ours: one that
 * is dropped is freed only when the garbage collector comes, and by then others have been made in its place. They are
 * dropped only when another size is needed and there is no room for both.
 */

/** What a process may hold of unfinished pieces unless it is told otherwise. */
export const DEFAULT_PIECE_MEMORY_BYTES = 48 << 20

export class PieceMemory {
  readonly #budgetBytes: number
  /** By size. */
  readonly #idle = new Map<number, Buffer[]>()
  #reservedBytes = 0
  /** Buffers in use and idle ones. */
  #bufferBytes = 0
  #idleBytes = 0
  /** Torrents that have reserved something. */
  #holderCount = 0

  /** @param budgetBytes that all reserved pieces together may need, each torrent's one piece apart */
  constructor(budgetBytes: number = DEFAULT_PIECE_MEMORY_BYTES) {
    this.#budgetBytes = budgetBytes
  }

  get reservedBytes(): number {
    return this.#reservedBytes
  }

  /** Of all buffers: those that are out, and those that wait to be used again. */
  get bufferBytes(): number {
    return this.#bufferBytes
  }

  /** Bytes that a torrent may have now. @param heldBytes what it has reserved */
  shareBytes(heldBytes: number): number {
    return this.#budgetBytes / Math.max(1, heldBytes > 0 ? this.#holderCount : this.#holderCount + 1)
  }

  /** May this torrent begin another piece? @param heldBytes what it has reserved */
  hasRoom(bytes: number, heldBytes: number): boolean {
    if (heldBytes === 0) return true
    return this.#reservedBytes + bytes <= this.#budgetBytes && heldBytes + bytes <= this.shareBytes(heldBytes)
  }

  /** Accounts for a piece. Only when `hasRoom`. */
  reserve(bytes: number, heldBytes: number): void {
    if (heldBytes === 0) this.#holderCount++
    this.#reservedBytes += bytes
  }

  /** The piece is done with. @param heldBytes what the torrent still has */
  unreserve(bytes: number, heldBytes: number): void {
    if (heldBytes === 0) this.#holderCount--
    this.#reservedBytes -= bytes
  }

  /** A buffer of that size, the caller's until `give`. Holds old bytes. */
  take(bytes: number): Buffer {
    const idle = this.#idle.get(bytes)?.pop()
    if (idle !== undefined) {
      this.#idleBytes -= bytes
      return idle
    }
    this.#makeRoom(bytes)
    this.#bufferBytes += bytes
    // Slow: not cut from Node's shared 8 KiB pool.
    return Buffer.allocUnsafeSlow(bytes)
  }

  /** Takes a buffer back; the caller must not touch it any more. */
  give(buffer: Buffer): void {
    // Beyond the budget (pieces that were each a torrent's only one) no more than one is kept.
    if (this.#bufferBytes > this.#budgetBytes && this.#idleBytes > 0) {
      this.#bufferBytes -= buffer.length
      return
    }
    this.#idleBytes += buffer.length
    const idle = this.#idle.get(buffer.length)
    if (idle === undefined) this.#idle.set(buffer.length, [buffer])
    else idle.push(buffer)
  }

  /** Drops idle buffers of other sizes until one more fits into the budget. */
  #makeRoom(bytes: number): void {
    for (const [size, idle] of this.#idle) {
      while (this.#bufferBytes + bytes > this.#budgetBytes && idle.pop() !== undefined) {
        this.#bufferBytes -= size
        this.#idleBytes -= size
      }
      if (idle.length === 0) this.#idle.delete(size)
    }
  }
}
