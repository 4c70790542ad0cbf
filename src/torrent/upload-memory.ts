/**
 * The memory of all uploads of the process: pages of PAGE_BYTES below one budget, made when they are needed, used again
 * ever after.
 *
 *   free -take-> read into -lease-> held, with sockets -last release-> resting, or spent when all went out
 *    ^___________________________giveBack____________________________|                |
 *
 * A page that is needed is the free one given back last; else one that is spent; else a new one; else the one that
 * rested longest. Pages with sockets are never taken. When nothing can be taken, whoever asks waits for its turn.
 */
import type { PageWaiter } from './upload-page.ts'
import { BugError } from '../common/errors.ts'
import { PAGE_BYTES, UploadPage } from './upload-page.ts'

export const DEFAULT_UPLOAD_BYTES = 16 << 20
/**
 * Spent pages that are kept for others before they are used again. How many hardly shows: no setting was clearly better in
 * all cases.
 */
const MAX_SPENT_BYTES = 2 << 20
/** What one peer may have with its socket, at the most and as a share of what is not with sockets. */
const MAX_PEER_BYTES = 512 * 1024
const PEER_SHARE = 1 / 8

/** What for: `now` takes memory from pages that nobody asked for yet, `ahead` does not. */
export type Need = 'now' | 'ahead'

export class UploadMemory {
  readonly #maxPages: number
  readonly #pages: UploadPage[] = []
  readonly #free: UploadPage[] = []
  /** Read, no lease, blocks left that did not go out; least recently used first (a Set keeps insertion order). */
  readonly #resting = new Set<UploadPage>()
  readonly #spent = new Set<UploadPage>()
  readonly #waiting = new Set<PageWaiter>()
  #leasedCount = 0
  #isWaking = false

  constructor(budgetBytes: number = DEFAULT_UPLOAD_BYTES) {
    this.#maxPages = Math.max(2, Math.floor(budgetBytes / PAGE_BYTES))
  }

  /** All of it, in use or not. */
  get bytes(): number {
    return this.#pages.length * PAGE_BYTES
  }

  /**
   * What one peer may have with its socket now: the less the more is with sockets already, so that peers that do not
   * read leave room for others. At least one page.
   */
  get peerBytes(): number {
    const unleased = (this.#maxPages - this.#leasedCount) * PAGE_BYTES
    return Math.min(MAX_PEER_BYTES, Math.max(PAGE_BYTES, unleased * PEER_SHARE))
  }

  /** A page to read into, the caller's until it is leased or given back; undefined: none can be had. */
  take(need: Need): UploadPage | undefined {
    const page = this.#free.pop() ?? this.#takeSpent(MAX_SPENT_BYTES) ?? this.#make() ?? this.#takeSpent(0)
    if (page !== undefined || need === 'ahead') return page
    return this.#evictFirst(this.#resting)
  }

  /** A page without leases holds nothing of worth. */
  giveBack(page: UploadPage): void {
    this.#spent.delete(page)
    this.#resting.delete(page)
    page.keeper = undefined
    this.#free.push(page)
    this.#wake()
  }

  /** Keeps it until the lease is released. */
  lease(page: UploadPage): UploadPage {
    if (page.leaseCount === 0) {
      this.#resting.delete(page)
      this.#spent.delete(page)
      this.#leasedCount++
    }
    return page.lease()
  }

  /** Its onReady is called when a page can be had, first come first served. */
  wait(waiter: PageWaiter): void {
    this.#waiting.add(waiter)
  }

  stopWaiting(waiter: PageWaiter): void {
    this.#waiting.delete(waiter)
  }

  /** For tests. @throws BugError BUG_UPLOAD_MEMORY when it has lost count of a page or made too many */
  checkInvariants(): void {
    const leased = this.#pages.filter(({ leaseCount }) => leaseCount > 0)
    const reading = this.#pages.filter(({ isReading }) => isReading)
    const resting = this.#free.length + this.#spent.size + this.#resting.size
    expect(this.#pages.length <= this.#maxPages, `${this.#pages.length} pages of ${this.#maxPages}`)
    expect(leased.length === this.#leasedCount, `${leased.length} leased, ${this.#leasedCount} counted`)
    expect(
      leased.length + reading.length + resting === this.#pages.length,
      `${this.#pages.length} pages: ${leased.length} leased, ${reading.length} reading, ${resting} at rest`,
    )
    expect(this.#waiting.size === 0 || !this.#canTake, `${this.#waiting.size} wait though a page can be had`)
  }

  get #canTake(): boolean {
    const isAnyAtRest = this.#free.length + this.#spent.size + this.#resting.size > 0
    return isAnyAtRest || this.#pages.length < this.#maxPages
  }

  #make(): UploadPage | undefined {
    if (this.#pages.length >= this.#maxPages) return undefined
    const page = new UploadPage(this.#onLeft)
    this.#pages.push(page)
    return page
  }

  #takeSpent(aboveBytes: number): UploadPage | undefined {
    return this.#spent.size * PAGE_BYTES > aboveBytes ? this.#evictFirst(this.#spent) : undefined
  }

  #evictFirst(pages: Set<UploadPage>): UploadPage | undefined {
    for (const page of pages) {
      pages.delete(page)
      page.keeper?.onEvicted(page)
      page.keeper = undefined
      return page
    }
    return undefined
  }

  /** The last lease is released. */
  readonly #onLeft = (page: UploadPage): void => {
    this.#leasedCount--
    this.#settle(page)
  }

  #settle(page: UploadPage): void {
    if (page.keeper === undefined) this.#free.push(page)
    else if (page.isSpent) this.#spent.add(page)
    else this.#resting.add(page)
    this.#wake()
  }

  #wake(): void {
    if (this.#isWaking) return // further down the stack somebody goes on
    this.#isWaking = true
    try {
      for (const waiter of this.#waiting) {
        if (!this.#canTake) break
        this.#waiting.delete(waiter)
        waiter.onReady()
      }
    } finally {
      this.#isWaking = false
    }
  }
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new BugError('BUG_UPLOAD_MEMORY', otherwise)
}
