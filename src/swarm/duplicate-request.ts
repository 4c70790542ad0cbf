/**
 * The tail of a download: nothing is free any more, but a peer has room. Which outstanding block should it fetch a
 * second time? The one expected last, and only when this peer would bring it clearly sooner. No endgame flag: a peer
 * that is nobody's superior duplicates nothing.
 *
 * Use: `begin`, then `note` every open request of every peer, then `choose` for each peer with room. A plan holds for
 * some ticks; blocks that came or were dropped since are refused by the caller's `isEligible`.
 */
import type { BlockId } from './request-ledger.ts'

export interface DuplicateTaker {
  /** How many more requests the peer takes. */
  readonly count: number
  /** Predicted arrival, ms from now, of the block that the peer is asked for `extra` requests from now (0: next). */
  readonly arrivalMs: (extra: number) => number
  /** Is the block still missing? */
  readonly isMissing: (block: BlockId) => boolean
  /** Does the peer have the piece, and was it not asked for this block? */
  readonly isEligible: (block: BlockId) => boolean
}

/** A copy must come this much sooner than the original. */
const SOONER_FACTOR = 1.5
/** Requests for one block, the first included. */
const MAX_REQUESTERS = 3
/** Blocks looked at in vain in one `choose`, so that it stays cheap for a peer that has little. */
const MAX_LOOKS = 500

interface Outstanding {
  readonly block: BlockId
  /** The earliest of its requests. */
  arrivalMs: number
  requesterCount: number
}

export class DuplicatePlan {
  readonly #byBlock = new Map<BlockId, Outstanding>()
  #latestFirst: Outstanding[] | undefined

  /** Forgets all. */
  begin(): void {
    this.#byBlock.clear()
    this.#latestFirst = undefined
  }

  get size(): number {
    return this.#byBlock.size
  }

  /** One open request. @param arrivalMs predicted, ms from now; Infinity when its peer stopped sending */
  note(block: BlockId, arrivalMs: number): void {
    const known = this.#byBlock.get(block)
    this.#latestFirst = undefined
    if (known === undefined) {
      this.#byBlock.set(block, { block, arrivalMs, requesterCount: 1 })
      return
    }
    known.requesterCount++
    known.arrivalMs = Math.min(known.arrivalMs, arrivalMs)
  }

  /** The blocks to ask this peer for as well, the latest first; they count as asked for from then on. */
  choose({ count, arrivalMs, isMissing, isEligible }: DuplicateTaker): BlockId[] {
    this.#latestFirst ??= [...this.#byBlock.values()].sort((a, b) => later(a, b))
    const list = this.#latestFirst
    const chosen: BlockId[] = []
    let ownMs = arrivalMs(0)
    for (let at = 0, looks = 0; at < list.length && chosen.length < count && looks < MAX_LOOKS; looks++) {
      const outstanding = list[at]
      if (outstanding === undefined || !(ownMs < outstanding.arrivalMs / SOONER_FACTOR)) break // nor are the others
      if (!isMissing(outstanding.block)) {
        list.splice(at, 1)
        continue
      }
      at++
      if (outstanding.requesterCount >= MAX_REQUESTERS || !isEligible(outstanding.block)) continue
      outstanding.requesterCount++
      outstanding.arrivalMs = ownMs
      list.splice(--at, 1)
      insert(list, outstanding)
      chosen.push(outstanding.block)
      ownMs = arrivalMs(chosen.length)
    }
    return chosen
  }
}

/** Keeps the latest first. O(log n) comparisons. */
function insert(list: Outstanding[], outstanding: Outstanding): void {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = list[middle]
    if (other !== undefined && later(other, outstanding) < 0) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, outstanding)
}

/** Infinity minus Infinity is no order, hence the comparison. */
function later(a: Outstanding, b: Outstanding): number {
  if (a.arrivalMs === b.arrivalMs) return a.requesterCount - b.requesterCount
  return b.arrivalMs > a.arrivalMs ? 1 : -1
}
