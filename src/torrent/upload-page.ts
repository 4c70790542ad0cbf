/**
 * Memory for a few neighbouring blocks of one piece, laid out as they go out: each block stands behind the header of its
 * message, so that any run of them is one stretch of bytes and one write, the same for every peer that asks.
 *
 *   | header | 16 KiB | header | 16 KiB | header | 16 KiB | header | 16 KiB |
 */
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import type { Lease } from '../peer/outbox.ts'
import { BLOCK_BYTES, blockCount, blockLength } from '../metainfo/geometry.ts'
import { BLOCK_HEADER_BYTES } from '../wire/message.ts'
import { OutgoingBuffer } from '../wire/outgoing-buffer.ts'
import { writeBlockHeader } from '../wire/write-message.ts'

/** Few, so that a peer that takes its time holds little; a read or a write is of many pages. */
export const PAGE_BLOCKS = 4
const FRAME_BYTES = BLOCK_HEADER_BYTES + BLOCK_BYTES

/** Memory of one page. */
export const PAGE_BYTES = PAGE_BLOCKS * FRAME_BYTES

const header = new OutgoingBuffer()

/** Who holds pages, and hears what becomes of them. */
export interface PageKeeper {
  /** The page is needed for something else: forget it. */
  onEvicted(page: UploadPage): void
}

/** Who waits for a page, or for the memory of one. */
export interface PageWaiter {
  /** It is there; or there is memory to read it into. */
  onReady(): void
  /** It cannot be read. @param number of the page */
  onReadFailed(number: number): void
}

export class UploadPage implements Lease {
  readonly #bytes: Buffer = Buffer.allocUnsafeSlow(PAGE_BYTES)
  /** Where the data of whole blocks goes. */
  readonly #wholeBlocks: readonly Buffer[]
  readonly #onLeft: (page: UploadPage) => void
  #geometry: Geometry | undefined
  #piece = 0 as PieceIndex
  #firstBlock = 0
  #blockCount = 0
  /** One bit a block that did not go out yet. */
  #unsent = 0
  #leases = 0
  keeper: PageKeeper | undefined
  /** Which page of its torrent. */
  number = 0
  isReading = false
  readonly waiters = new Set<PageWaiter>()

  /** @param onLeft called when no lease is left */
  constructor(onLeft: (page: UploadPage) => void) {
    this.#onLeft = onLeft
    this.#wholeBlocks = Array.from({ length: PAGE_BLOCKS }, (_, index) => {
      const start = index * FRAME_BYTES + BLOCK_HEADER_BYTES
      return this.#bytes.subarray(start, start + BLOCK_BYTES)
    })
  }

  get piece(): PieceIndex {
    return this.#piece
  }

  /** Every block went out to somebody. */
  get isSpent(): boolean {
    return this.#unsent === 0
  }

  get leaseCount(): number {
    return this.#leases
  }

  /** Says which blocks it is for and writes their headers; the data has to follow. */
  assign(geometry: Geometry, piece: PieceIndex, firstBlock: number): void {
    this.#geometry = geometry
    this.#piece = piece
    this.#firstBlock = firstBlock
    this.#blockCount = Math.min(PAGE_BLOCKS, blockCount(geometry, piece) - firstBlock)
    this.#unsent = (1 << this.#blockCount) - 1
    for (let index = 0; index < this.#blockCount; index++) {
      const offset = (firstBlock + index) * BLOCK_BYTES
      header.clear()
      writeBlockHeader(header, piece, offset, this.#lengthOf(index))
      this.#bytes.set(header.view(), index * FRAME_BYTES)
    }
  }

  /** Adds to `parts` where the data goes, block after block. */
  addDataTo(parts: Buffer[]): void {
    for (let index = 0; index < this.#blockCount; index++) parts.push(this.#dataOf(index))
  }

  /** Messages of `count` blocks. @param block number inside the piece, one of ours @returns a view; take a lease */
  frames(block: number, count: number): Buffer {
    const index = block - this.#firstBlock
    const last = index + count - 1
    this.#unsent &= ~(((1 << count) - 1) << index)
    return this.#bytes.subarray(
      index * FRAME_BYTES,
      last * FRAME_BYTES + BLOCK_HEADER_BYTES + this.#lengthOf(last),
    )
  }

  /** Copies data from `offset` of the piece on, as far as this page has it. @returns how many bytes */
  copyData(offset: number, into: Buffer): number {
    let copied = 0
    while (copied < into.length) {
      const at = offset + copied
      const index = Math.floor(at / BLOCK_BYTES) - this.#firstBlock
      if (index >= this.#blockCount || at % BLOCK_BYTES >= this.#lengthOf(index)) break
      copied += this.#dataOf(index).copy(into, copied, at % BLOCK_BYTES)
    }
    return copied
  }

  /** The bytes stay as they are until `release`. */
  lease(): this {
    this.#leases++
    return this
  }

  release(): void {
    this.#leases--
    if (this.#leases === 0) this.#onLeft(this)
  }

  #lengthOf(index: number): number {
    return this.#geometry === undefined
      ? 0
      : blockLength(this.#geometry, this.#piece, this.#firstBlock + index)
  }

  #dataOf(index: number): Buffer {
    const length = this.#lengthOf(index)
    const whole = this.#wholeBlocks[index]
    if (whole !== undefined && length === BLOCK_BYTES) return whole
    const start = index * FRAME_BYTES + BLOCK_HEADER_BYTES
    return this.#bytes.subarray(start, start + length)
  }
}
