/**
 * One torrent's pages: found when they are in memory, read when they are not. Several pages that follow each other are
 * one read; several peers that want the same page cause one read.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import type { LogSink } from '../common/log.ts'
import type { PageKeeper, PageWaiter, UploadPage } from './upload-page.ts'
import type { Storage } from '../storage/storage.ts'
import type { UploadMemory } from './upload-memory.ts'
import { BLOCK_BYTES, blockCount, checkPiece, pieceStart } from '../metainfo/geometry.ts'
import { PAGE_BLOCKS } from './upload-page.ts'
import { messageOf } from '../common/errors.ts'

/**
 * Pages of one read, at the most: 1 MiB. A read through the thread pool costs CPU whatever its length. Synchronous reads would
 * cost less from a cache, but a disk that sleeps would stop everything.
 */
export const MAX_RUN_PAGES = (1 << 20) / (PAGE_BLOCKS * BLOCK_BYTES)

export interface UploadReaderParts {
  readonly geometry: Geometry
  readonly storage: Storage
  readonly memory: UploadMemory
  /** Only these pieces are read. */
  readonly have: Bitfield
  readonly log: LogSink
}

export class UploadReader implements PageKeeper {
  readonly #parts: UploadReaderParts
  readonly #pagesPerPiece: number
  readonly #pages = new Map<number, UploadPage>()
  /** A read of several pages failed: one at a time now, so that only those fail that must. */
  #isCautious = false
  #isClosed = false

  constructor(parts: UploadReaderParts) {
    this.#parts = parts
    this.#pagesPerPiece = Math.ceil(parts.geometry.blocksPerPiece / PAGE_BLOCKS)
  }

  /** Pages in memory or being read. */
  get pages(): ReadonlyMap<number, UploadPage> {
    return this.#pages
  }

  /** The page of the torrent that has this byte; pages count on from piece to piece. */
  pageNumber(piece: PieceIndex, offset: number): number {
    return piece * this.#pagesPerPiece + Math.floor(offset / (PAGE_BLOCKS * BLOCK_BYTES))
  }

  /** Pages of the same piece behind this one. */
  pagesLeft(number: number): number {
    const piece = this.#pieceOf(number)
    if (piece === undefined) return 0
    const count = Math.ceil(blockCount(this.#parts.geometry, piece) / PAGE_BLOCKS)
    return count - 1 - (number % this.#pagesPerPiece)
  }

  /** Only what may be sent now. */
  find(number: number): UploadPage | undefined {
    const page = this.#pages.get(number)
    return page?.isReading === false ? page : undefined
  }

  /**
   * Has the page read unless it is being read already; the waiter hears when there is something new.
   * @param pageCount pages from this one on that will be wanted; so many are read as there is memory for
   */
  want(number: number, pageCount: number, waiter: PageWaiter): void {
    const known = this.#pages.get(number)
    if (known !== undefined) {
      known.waiters.add(waiter)
      return
    }
    const first = this.#parts.memory.take('now')
    if (first === undefined) {
      this.#parts.memory.wait(waiter)
      return
    }
    first.waiters.add(waiter)
    void this.#read(this.#gatherRun(first, number, pageCount))
  }

  /** Has pages read that will be wanted soon, when there is memory that nobody else needs. */
  prefetch(number: number, pageCount: number): void {
    if (this.#isCautious || this.#pages.has(number)) return
    const first = this.#parts.memory.take('ahead')
    if (first !== undefined) void this.#read(this.#gatherRun(first, number, pageCount))
  }

  onEvicted(page: UploadPage): void {
    this.#pages.delete(page.number)
  }

  /** The torrent stops: nothing is sent any more. Pages that are with sockets or being read follow. */
  close(): void {
    this.#isClosed = true
    for (const page of this.#pages.values()) {
      if (!page.isReading && page.leaseCount === 0) this.#parts.memory.giveBack(page)
      else page.keeper = undefined
    }
    this.#pages.clear()
  }

  #gatherRun(first: UploadPage, number: number, pageCount: number): UploadPage[] {
    const count = this.#isCautious ? 1 : Math.min(pageCount, MAX_RUN_PAGES)
    const run = [first]
    this.#assign(first, number)
    while (run.length < count) {
      const next = number + run.length
      const piece = this.#pieceOf(next)
      if (piece === undefined || this.#pages.has(next) || !this.#parts.have.has(piece)) break
      const page = this.#parts.memory.take('ahead')
      if (page === undefined) break
      this.#assign(page, next)
      run.push(page)
    }
    return run
  }

  #assign(page: UploadPage, number: number): void {
    const piece = this.#pieceOf(number)
    if (piece === undefined) return
    page.assign(this.#parts.geometry, piece, (number % this.#pagesPerPiece) * PAGE_BLOCKS)
    page.number = number
    page.keeper = this
    page.isReading = true
    this.#pages.set(number, page)
  }

  async #read(run: readonly UploadPage[]): Promise<void> {
    const [first] = run
    if (first === undefined) return
    const { geometry, storage, log } = this.#parts
    const start =
      pieceStart(geometry, first.piece) + (first.number % this.#pagesPerPiece) * PAGE_BLOCKS * BLOCK_BYTES
    let isRead = false
    try {
      const parts: Buffer[] = []
      for (const page of run) page.addDataTo(parts)
      await storage.read(start, ...parts)
      isRead = true
    } catch (error) {
      if (run.length === 1 && first.waiters.size > 0 && !this.#isClosed)
        log('warn', 'storage', `cannot read piece ${first.piece} for a peer: ${messageOf(error)}`)
    }
    this.#isCautious = !isRead
    this.#serve(run, isRead)
  }

  /** The run was read, or could not be. */
  #serve(run: readonly UploadPage[], isRead: boolean): void {
    const waiters = new Set(run.flatMap((page) => [...page.waiters]))
    // Held until all who waited are served: what the first of them reads next must not take these pages from the others.
    const held = isRead ? run.filter((page) => page.keeper === this) : []
    for (const page of run) {
      page.waiters.clear()
      page.isReading = false
    }
    for (const page of held) this.#parts.memory.lease(page)
    for (const page of run) if (!held.includes(page)) this.#drop(page)
    const failed = isRead || run.length > 1 ? undefined : run[0]?.number
    for (const waiter of waiters) {
      if (failed === undefined) waiter.onReady()
      else waiter.onReadFailed(failed)
    }
    for (const page of held) page.release()
  }

  #drop(page: UploadPage): void {
    if (page.keeper === this) this.#pages.delete(page.number)
    this.#parts.memory.giveBack(page)
  }

  #pieceOf(number: number): PieceIndex | undefined {
    return checkPiece(this.#parts.geometry, Math.floor(number / this.#pagesPerPiece))
  }
}
