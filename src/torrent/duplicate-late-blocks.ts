/**
 * The tail of a download: every missing block is asked for, and a peer has room. So it is also when the memory budget is
 * used up: nothing may be begun before something is finished. It may fetch a copy of a block that is
 * late elsewhere; the loser gets a cancel when the block arrives. Which one: swarm/duplicate-request.ts.
 */
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { DuplicatePlan } from '../swarm/duplicate-request.ts'
import { checkPiece } from '../metainfo/geometry.ts'

/** Predictions are made anew after this long. */
const PLAN_LIFETIME_MS = 100

/** The plan of one torrent, or of one of its pieces, with its age. */
export class LateBlocks {
  /** Of all plans: peers note which one had nothing for them. */
  static #planCount = 0
  readonly #plan = new DuplicatePlan()
  #madeAtMs = -Infinity
  #planNumber = 0
  /** The piece that the plan is for; undefined: all of them. */
  #piece: number | undefined

  /** Asks `peer`, for whom nothing free is left, for up to `room` blocks that others are late with. */
  duplicate(context: TorrentContext, peer: Peer, room: number): void {
    if (context.picker.hasOpen && !context.openPieces.isFull) return // not the end: this peer has little
    this.#duplicate(context, peer, room)
  }

  /** The same for one piece that must come soon, whatever else there is to do. @returns how many were asked for */
  duplicateOf(piece: number, context: TorrentContext, peer: Peer, room: number): number {
    if (this.#piece !== piece) this.#madeAtMs = -Infinity
    this.#piece = piece
    return this.#duplicate(context, peer, room)
  }

  #duplicate(context: TorrentContext, peer: Peer, room: number): number {
    const nowMs = context.clock.now()
    if (nowMs - this.#madeAtMs >= PLAN_LIFETIME_MS) this.#make(context, nowMs)
    if (peer.fruitlessPlan === this.#planNumber && peer.ledger.size > 0) return 0
    const { geometry } = context.metainfo
    const chosen = this.#plan.choose({
      count: room,
      arrivalMs: (extra) =>
        peer.window.expectedBlockMs(peer.ledger.size + extra, nowMs, peer.ledger.oldestSentMs),
      isMissing: (blockId) => isMissing(context, blockId),
      isEligible: (blockId) => isEligible(context, peer, blockId),
    })
    if (chosen.length === 0) peer.fruitlessPlan = this.#planNumber
    for (const blockId of chosen) {
      const piece = checkPiece(geometry, Math.floor(blockId / geometry.blocksPerPiece))
      if (piece === undefined) continue
      const block = blockId % geometry.blocksPerPiece
      context.openPieces.get(piece)?.progress.request(block)
      peer.sendRequest(geometry, piece, block)
    }
    return chosen.length
  }

  #make(context: TorrentContext, nowMs: number): void {
    this.#plan.begin()
    this.#planNumber = ++LateBlocks.#planCount
    this.#madeAtMs = nowMs
    for (const peer of context.peers.values()) {
      let before = 0
      for (const blockId of peer.ledger.blocks()) {
        const arrivalMs = peer.window.expectedBlockMs(before++, nowMs, peer.ledger.oldestSentMs)
        if (this.#isMeant(blockId, context)) this.#plan.note(blockId, arrivalMs)
      }
    }
  }

  #isMeant(blockId: number, { metainfo: { geometry } }: TorrentContext): boolean {
    return this.#piece === undefined || Math.floor(blockId / geometry.blocksPerPiece) === this.#piece
  }
}

function isMissing({ metainfo, openPieces }: TorrentContext, blockId: number): boolean {
  const { blocksPerPiece } = metainfo.geometry
  const open = openPieces.get(Math.floor(blockId / blocksPerPiece))
  return open !== undefined && !open.progress.isReceived(blockId % blocksPerPiece)
}

function isEligible({ metainfo, openPieces }: TorrentContext, peer: Peer, blockId: number): boolean {
  const piece = Math.floor(blockId / metainfo.geometry.blocksPerPiece)
  const isForOneAlone = openPieces.get(piece)?.isSingleSource ?? true
  return !isForOneAlone && peer.pieces.has(piece) && !peer.ledger.has(blockId)
}
