/**
 * Requests of one peer -> blocks. The queue is bounded; what it asks for is read by pages (upload-reader.ts), ahead of a
 * peer that takes whole pieces; a peer that does not read gets no further reads.
 */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { PageWaiter, UploadPage } from './upload-page.ts'
import type { BlockRange, Peer } from './peer.ts'
import { BLOCK_BYTES, blockLength, checkBlock, checkPiece, isRequestable } from '../metainfo/geometry.ts'
import { messageOf, PeerError } from '../common/errors.ts'
import { PAGE_BLOCKS } from './upload-page.ts'
import { MAX_RUN_PAGES } from './upload-reader.ts'
import { RequestQueue } from './request-queue.ts'

/** Requests a peer may get wrong (out of range, while choked, over the limit) before it is closed. */
const MAX_REFUSED_REQUESTS = 300

/** A choke needs this long to reach the peer. */
const CHOKE_GRACE_MS = 2_000

interface Part {
  readonly piece: PieceIndex
  readonly offset: number
  readonly data: Buffer
  copied: number
}

export class UploadQueue implements PageWaiter {
  readonly #peer: Peer
  readonly #waiting = new RequestQueue()
  #refusedCount = 0
  #isServing = false
  /** The oldest request, when it is off the grid, as far as it was copied. */
  #part: Part | undefined
  /** The page served last. */
  #lastPage: number | undefined
  /** Pages it took one after another: so many will be read ahead. */
  #streak = 0
  /** What may still be sent in this turn. */
  #roomBytes = Infinity

  constructor(peer: Peer) {
    this.#peer = peer
  }

  get size(): number {
    return this.#waiting.size
  }

  /** @throws PeerError PEER_BAD_REQUESTS after too many that cannot be served */
  add(range: BlockRange): void {
    const { index, offset, length } = range
    const { context, connection } = this.#peer
    const piece = checkPiece(context.metainfo.geometry, index)
    if (
      piece === undefined ||
      !isRequestable(context.metainfo.geometry, piece, offset, length) ||
      !context.have.has(piece) ||
      this.#waiting.isFull ||
      (connection.amChoking && !this.#peer.allowedFast.take(piece, length))
    ) {
      if (!isInChokeGrace(this.#peer) && !context.wanted.wasDropped(index)) this.#countRefusal()
      this.#refuse(index, offset, length)
      return
    }
    this.#waiting.push(piece, offset, length)
  }

  cancel({ index, offset, length }: BlockRange): void {
    if (this.#waiting.remove(index, offset, length)) this.#refuse(index, offset, length)
  }

  /** On choking them, or when they are gone: nothing that waits will be served (BEP 6: each gets its reject). */
  clear(): void {
    this.#peer.context.uploadMemory.stopWaiting(this)
    this.#refuseOldest(this.#waiting.size)
  }

  /** Serves what waits, as far as the peer takes it and a limit allows. Called on new requests and on drain. */
  serve(): void {
    if (this.#waiting.size === 0) return
    const { uploadLimit } = this.#peer.context
    if (uploadLimit === undefined) this.serveUpTo(Infinity)
    else if (!this.#isServing) uploadLimit.serveSoon(this.#peer)
  }

  /** @param bytes at least a block @returns bytes of data that were sent, no more than that */
  serveUpTo(bytes: number): number {
    if (this.#isServing) return 0
    this.#isServing = true
    this.#roomBytes = bytes
    try {
      while (this.#sendSome()) continue
      return bytes - this.#roomBytes
    } finally {
      this.#isServing = false
    }
  }

  onReady(): void {
    this.#attempt(() => {
      this.serve()
    })
  }

  onReadFailed(number: number): void {
    this.#attempt(() => {
      let count = 0
      while (count < this.#waiting.size && this.#needs(count, number)) count++
      this.#refuseOldest(count)
      this.serve()
      this.#peer.connection.flush()
    })
  }

  /** Runs what nobody above guards. */
  #attempt(run: () => void): void {
    try {
      run()
    } catch (error) {
      const reason = new PeerError('PEER_BUG', `our mistake: ${messageOf(error)}`, { cause: error })
      this.#peer.connection.close(reason)
    }
  }

  /** As much as one write should have. @returns whether all of it left at once */
  #sendSome(): boolean {
    const { connection, context } = this.#peer
    const limitBytes = context.uploadMemory.peerBytes
    let sentBytes = 0
    while (this.#waiting.size > 0 && connection.bufferedBytes < limitBytes) {
      if (this.#waiting.lengthAt(0) > this.#roomBytes - sentBytes) {
        this.#readAhead()
        break
      }
      const bytes = this.#sendOldest(this.#roomBytes - sentBytes)
      if (bytes === 0) break
      sentBytes += bytes
    }
    this.#roomBytes -= sentBytes
    if (sentBytes === 0) return false
    this.#peer.onUploaded(sentBytes)
    connection.flush()
    return connection.bufferedBytes === 0
  }

  /** Its turn is over: what it gets in the next one should be there by then. */
  #readAhead(): void {
    this.#page(this.#waiting.pieceAt(0), this.#waiting.offsetAt(0))
  }

  /** @param roomBytes enough for one request @returns bytes of data; 0 when it must be read first */
  #sendOldest(roomBytes: number): number {
    const { geometry } = this.#peer.context.metainfo
    const piece = this.#waiting.pieceAt(0)
    const offset = this.#waiting.offsetAt(0)
    const length = this.#waiting.lengthAt(0)
    const block = checkBlock(geometry, piece, offset, length)
    if (block === undefined) return this.#sendPart(piece, offset, length)
    const page = this.#page(piece, offset)
    if (page === undefined) return 0
    const count = this.#wholeBlocks(piece, block, roomBytes)
    const { connection, context } = this.#peer
    connection.blocks(page.frames(block, count), context.uploadMemory.lease(page))
    this.#waiting.dropOldest(count)
    return (count - 1) * BLOCK_BYTES + blockLength(geometry, piece, block + count - 1)
  }

  /** How many of the oldest requests are for whole blocks of one page, one after another; at least one. */
  #wholeBlocks(piece: PieceIndex, block: number, roomBytes: number): number {
    const { geometry } = this.#peer.context.metainfo
    const most = Math.min(PAGE_BLOCKS - (block % PAGE_BLOCKS), this.#waiting.size, roomBytes / BLOCK_BYTES)
    let count = 1
    for (; count + 1 <= most; count++) {
      if (this.#waiting.pieceAt(count) !== piece) break
      const offset = this.#waiting.offsetAt(count)
      if (offset !== (block + count) * BLOCK_BYTES) break
      if (checkBlock(geometry, piece, offset, this.#waiting.lengthAt(count)) === undefined) break
    }
    return count
  }

  /**
   * A request off the grid of blocks, which is rare: copied, page by page, as they come. (Were both of its pages needed at
   * a time, two such peers could take them from each other for ever.)
   */
  #sendPart(piece: PieceIndex, offset: number, length: number): number {
    if (this.#part?.piece !== piece || this.#part.offset !== offset || this.#part.data.length !== length) {
      this.#part = { piece, offset, data: Buffer.allocUnsafe(length), copied: 0 }
    }
    const { data } = this.#part
    while (this.#part.copied < length) {
      const at = offset + this.#part.copied
      const page = this.#page(piece, at)
      if (page === undefined) return 0
      this.#part.copied += page.copyData(at, data.subarray(this.#part.copied))
    }
    this.#part = undefined
    this.#peer.connection.block(piece, offset, data)
    this.#waiting.dropOldest(1)
    return length
  }

  /** The page with this byte, or undefined: then we hear when it is there. */
  #page(piece: PieceIndex, offset: number): UploadPage | undefined {
    const { uploadReader } = this.#peer.context
    const number = uploadReader.pageNumber(piece, offset)
    this.#noteStep(number)
    const page = uploadReader.find(number)
    if (page === undefined) this.#read(number)
    return page
  }

  /** Has this page read, and with it what else the queue asks for, as far as one read of neighbours might go. */
  #read(number: number): void {
    const { uploadReader } = this.#peer.context
    const isNew = !uploadReader.pages.has(number)
    const ahead = Math.min(this.#streak, uploadReader.pagesLeft(number))
    uploadReader.want(number, Math.max(1 + ahead, this.#rowFrom(0, number)), this)
    if (!isNew) return
    let pageCount = 0
    for (let index = 0; index < this.#waiting.size && pageCount < MAX_RUN_PAGES;) {
      const first = this.#pageAt(index)
      const count = Math.min(this.#rowFrom(index, first), MAX_RUN_PAGES - pageCount)
      uploadReader.prefetch(first, count)
      pageCount += count
      while (
        index < this.#waiting.size &&
        this.#pageAt(index) < first + count &&
        this.#pageAt(index) >= first
      )
        index++
    }
  }

  /** How many pages in a row requests ask for, from this one on. @param first the page to begin with */
  #rowFrom(index: number, first: number): number {
    let end = first + 1
    for (let at = index; at < this.#waiting.size && end - first < MAX_RUN_PAGES; at++) {
      const next = this.#pageAt(at)
      if (next === end) end++
      else if (next !== end - 1) break
    }
    return end - first
  }

  #pageAt(index: number): number {
    return this.#peer.context.uploadReader.pageNumber(
      this.#waiting.pieceAt(index),
      this.#waiting.offsetAt(index),
    )
  }

  /** Whole pieces one after another let us read ahead; a jump elsewhere does not. */
  #noteStep(number: number): void {
    const last = this.#lastPage
    if (number === last) return
    this.#lastPage = number
    if (last === undefined) return
    if (number === last + 1) this.#streak = Math.min(this.#streak + 1, MAX_RUN_PAGES)
    else if (this.#peer.context.uploadReader.pagesLeft(last) > 0) this.#streak = 0
  }

  /** Does this request need that page? */
  #needs(index: number, number: number): boolean {
    const end = this.#waiting.offsetAt(index) + this.#waiting.lengthAt(index)
    const last = this.#peer.context.uploadReader.pageNumber(this.#waiting.pieceAt(index), end - 1)
    return this.#pageAt(index) <= number && number <= last
  }

  #countRefusal(): void {
    this.#refusedCount++
    if (this.#refusedCount > MAX_REFUSED_REQUESTS) {
      throw new PeerError('PEER_BAD_REQUESTS', `${this.#refusedCount} requests that cannot be served`)
    }
  }

  #refuseOldest(count: number): void {
    for (let index = 0; index < count; index++) {
      this.#refuse(this.#waiting.pieceAt(index), this.#waiting.offsetAt(index), this.#waiting.lengthAt(index))
    }
    this.#waiting.dropOldest(count)
  }

  #refuse(piece: number, offset: number, length: number): void {
    const { isClosed, connection } = this.#peer
    if (!isClosed && connection.supportsFast) connection.reject(piece, offset, length)
  }
}

/** Requests sent before our choke reached the peer are no fault of it. */
function isInChokeGrace({ connection, chokedAtMs, context }: Peer): boolean {
  return connection.amChoking && context.clock.now() - chokedAtMs < CHOKE_GRACE_MS
}
