/**
 * What all peers of a torrent together may have open, reckoned anew ten times a second: requests are bytes that will
 * need memory, and when peers hold more than there is, the fast ones wait for the slow ones.
 */
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

const LIFETIME_MS = 100
/** At most this much of the memory budget is kept for blocks of begun pieces that were not asked for yet. */
const UNASKED_SHARE = 0.25
/** A peer that needs longer for a piece shares pieces with others, so that pieces get done, */
const SHARE_ABOVE_MS = 2_000
/** and so does one that needs longer than all peers together need for this share of the budget. */
const OWN_PIECES_SHARE = 0.5

/** The end is looked at when it is as near as this. */
const LOOK_AHEAD_MS = 5_000

export class Pace {
  #madeAtMs = -Infinity
  #dropAtMs = -Infinity
  #peerCount = -1
  #depthShare = 1
  #shareAboveMs = SHARE_ABOVE_MS
  #leftMs = Infinity
  /** Two pieces for each peer would be too many. */
  #isCrowded = false
  /** A peer's part of the limit: what a peer that has not sent anything yet will bring at the most. */
  #allowedBytesPerSecond = Infinity

  /** Of each peer's request window, how much may be used: 0..1. */
  depthShare(context: TorrentContext): number {
    this.#refresh(context)
    return this.#depthShare
  }

  /** Until everything is here at the present rate, in ms; Infinity while that is far away. */
  leftMs(context: TorrentContext): number {
    this.#refresh(context)
    return this.#leftMs
  }

  /** Is a peer of this rate too slow for pieces of its own? @param bytesPerSecond 0: not known yet */
  isSlow(context: TorrentContext, bytesPerSecond: number): boolean {
    this.#refresh(context)
    const { pieceBytes } = context.metainfo.geometry
    const expected = bytesPerSecond === 0 ? this.#allowedBytesPerSecond : bytesPerSecond
    if (bytesPerSecond === 0 && this.#isCrowded) return true
    return (1000 * pieceBytes) / expected > this.#shareAboveMs
  }

  /** Is it time to look for a piece to drop? That looks at all pieces and peers. */
  isDropDue(nowMs: number): boolean {
    if (nowMs - this.#dropAtMs < LIFETIME_MS) return false
    this.#dropAtMs = nowMs
    return true
  }

  #refresh(context: TorrentContext): void {
    const nowMs = context.clock.now()
    const { peers, openPieces, metainfo, stats } = context
    if (nowMs - this.#madeAtMs < LIFETIME_MS && peers.size === this.#peerCount) return
    this.#madeAtMs = nowMs
    this.#peerCount = peers.size
    let wantedBytes = 0
    let askableCount = 0
    for (const peer of peers.values()) {
      if (peer.connection.peerChoking || peer.interestingCount === 0) continue
      wantedBytes += peer.window.depth * BLOCK_BYTES
      askableCount++
    }
    this.#allowedBytesPerSecond = (context.limit?.bytesPerSecond ?? Infinity) / Math.max(1, askableCount)
    const { pieceBytes } = metainfo.geometry
    const budgetBytes = openPieces.maxReserved * pieceBytes
    const unaskedBytes = Math.min(UNASKED_SHARE * budgetBytes, ((peers.size - 1) * pieceBytes) / 2)
    this.#depthShare = Math.min(1, (budgetBytes - unaskedBytes) / wantedBytes)
    this.#isCrowded = 2 * peers.size * pieceBytes > OWN_PIECES_SHARE * budgetBytes
    const rate = stats.downloadBytesPerSecond(nowMs)
    this.#leftMs = leftMs(context, rate)
    this.#shareAboveMs = Math.min(SHARE_ABOVE_MS, (1000 * OWN_PIECES_SHARE * budgetBytes) / rate)
  }
}

/** @param rate of the whole download, bytes a second */
function leftMs({ picker, openPieces, metainfo }: TorrentContext, rate: number): number {
  let missingBytes = picker.missingCount * metainfo.geometry.pieceBytes
  if (missingBytes > (rate * LOOK_AHEAD_MS) / 1000) return Infinity
  for (const { progress } of openPieces.values()) missingBytes -= progress.receivedCount * BLOCK_BYTES
  return (1000 * missingBytes) / rate
}
