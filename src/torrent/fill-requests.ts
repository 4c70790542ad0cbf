/**
 * Keeps a peer's request window full: which blocks to ask this peer for next. In this order:
 * the piece it works on; a piece another peer left; for slow peers a share of a piece that slow peers fetch together; a
 * new piece, rarest first; when the memory budget is used up, a share of any piece; and when nothing free is left, a copy
 * of a block that is late elsewhere (swarm/duplicate-request.ts). A peer that had requests taken back leaves other
 * peers' pieces to others for a moment, or it would be the first to ask for the same blocks again. Requests leave with
 * the connection's next flush. Before all that comes the piece that a reader waits for (ordered-reader.ts).
 */
import type { OpenPiece } from './open-pieces.ts'
import type { Peer } from './peer.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { TorrentContext } from './torrent-context.ts'
import { blockCount } from '../metainfo/geometry.ts'
import { abandonPiece } from './release-piece.ts'
import { takeFromSlowPeer } from './hand-over-piece.ts'

/**
 * Requests go out when this share of the window is free, or so many: a write for each block would be most of what a slow
 * peer costs.
 */
const BATCH_SHARE = 0.25
const BATCH_REQUESTS = 4
/** Slow peers that share a piece have asked for all of it by then; otherwise a faster one goes on with it. */
const SHARED_FOR_MS = 5_000

export function fillRequests(context: TorrentContext, peer: Peer): void {
  if (!canAsk(context, peer)) return
  const depth = depthOf(context, peer)
  let room = depth - peer.ledger.size
  if (room <= 0 || (room < Math.min(depth * BATCH_SHARE, BATCH_REQUESTS) && peer.ledger.size > 0)) return
  if (context.limit !== undefined) room = Math.min(room, context.limit.roomBlocks)
  const nowMs = context.clock.now()
  if (context.reader !== undefined) room -= duplicateAwaited(context, peer, room, nowMs)
  while (room > 0) {
    const open = nextPiece(context, peer, nowMs)
    if (open === undefined) break
    room -= requestFrom(context, peer, open, room)
  }
  if (room > 0) context.lateBlocks.duplicate(context, peer, room)
}

/** Could this peer be asked for something, as far as it and the torrent are concerned? */
export function canAsk(context: TorrentContext, peer: Peer): boolean {
  return context.state === 'downloading' && !peer.connection.peerChoking && peer.interestingCount > 0
}

/** Towards the end a peer holds what it will send in half of the time that is left, so that nobody waits for it. */
function depthOf(context: TorrentContext, peer: Peer): number {
  const { pace } = context
  const depth = Math.ceil(peer.window.depth * pace.depthShare(context))
  const leftMs = pace.leftMs(context)
  return leftMs < Infinity ? Math.min(depth, peer.window.depthCovering(leftMs / 2)) : depth
}

/** Asks for up to `room` free blocks of this piece. @returns how many */
function requestFrom(context: TorrentContext, peer: Peer, open: OpenPiece, room: number): number {
  let count = 0
  while (count < room) {
    const block = context.openPieces.takeFree(open)
    if (block === undefined) break
    peer.sendRequest(context.metainfo.geometry, open.piece, block)
    count++
  }
  return count
}

/** Copies of blocks without which the reader cannot go on. @returns how many were asked for */
function duplicateAwaited(context: TorrentContext, peer: Peer, room: number, nowMs: number): number {
  const piece = context.reader?.latePiece(context.metainfo.geometry, nowMs)
  if (piece === undefined || context.openPieces.get(piece) === undefined) return 0
  return context.reader?.lateBlocks.duplicateOf(piece, context, peer, room) ?? 0
}

/** The piece that the reader waits for, for any peer that is not slow. */
function awaitedPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  const piece = context.reader?.awaitedPiece(context.metainfo.geometry)
  const open = piece === undefined ? undefined : context.openPieces.get(piece)
  if (open === undefined || open.progress.freeCount === 0 || open.isSingleSource) return undefined
  if (!peer.pieces.has(open.piece) || peer.window.isSnubbed || nowMs < peer.yieldsUntilMs) return undefined
  return context.pace.isSlow(context, peer.window.bytesPerSecond(nowMs)) ? undefined : open
}

/** A piece with at least one free block for this peer. */
function nextPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  const awaited = context.reader === undefined ? undefined : awaitedPiece(context, peer, nowMs)
  if (awaited !== undefined) return awaited
  const own = peer.currentPiece
  if (own !== undefined && own.progress.freeCount > 0 && isStillIts(context, peer, own)) return own
  peer.currentPiece = undefined
  const { isSnubbed } = peer.window
  if (nowMs < peer.yieldsUntilMs) return isSnubbed ? undefined : newPiece(context, peer, nowMs, false)
  if (isSnubbed) return anyPiece(context, peer) ?? newPiece(context, peer, nowMs, true)
  return begunPiece(context, peer, nowMs) ?? anyPiece(context, peer) ?? takenPiece(context, peer, nowMs)
}

/** While there is something new, or something that waits for a peer of this speed. */
function begunPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  const shares = context.pace.isSlow(context, peer.window.bytesPerSecond(nowMs))
  return (
    adoptPiece(context, peer, nowMs) ??
    (shares ? sharedPiece(context, peer) : undefined) ??
    newPiece(context, peer, nowMs, shares)
  )
}

/** A slow peer's piece, begun anew. */
function takenPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  return takeFromSlowPeer(context, peer, nowMs) ? newPiece(context, peer, nowMs, false) : undefined
}

function isStillIts({ openPieces }: TorrentContext, peer: Peer, open: OpenPiece): boolean {
  return open.owner === peer.key || (open.isShared && openPieces.get(open.piece) === open)
}

/**
 * A piece whose peer went away, or that few are left to share: finishing it frees memory and keeps what was fetched.
 */
function adoptPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  for (const open of context.openPieces.withFree()) {
    if (open.owner !== undefined || !peer.pieces.has(open.piece)) continue
    if (open.isShared && nowMs - open.openedAtMs < SHARED_FOR_MS) continue
    open.owner = peer.key
    peer.currentPiece = open
    return open
  }
  return undefined
}

/** One that slow peers fetch together; the peer goes on with it. */
function sharedPiece(context: TorrentContext, peer: Peer): OpenPiece | undefined {
  for (const open of context.openPieces.withFree()) {
    if (!open.isShared || !peer.pieces.has(open.piece)) continue
    peer.currentPiece = open
    return open
  }
  return undefined
}

/** Whoever works on it. */
function anyPiece(context: TorrentContext, peer: Peer): OpenPiece | undefined {
  for (const open of context.openPieces.withFree()) {
    if (!open.isSingleSource && peer.pieces.has(open.piece)) return open
  }
  return undefined
}

/** @param isForSharing others will fetch blocks of it, too */
function newPiece(
  context: TorrentContext,
  peer: Peer,
  nowMs: number,
  isForSharing: boolean,
): OpenPiece | undefined {
  const piece = pickPiece(context, peer)
  if (piece === undefined) return undefined
  if (context.openPieces.isFull && context.pace.isDropDue(nowMs)) dropUnreachablePiece(context)
  const isSingleSource = context.inquiry.mustBeSingleSource(piece)
  const isShared = isForSharing && !isSingleSource
  const open = context.openPieces.open({
    piece,
    blockCount: blockCount(context.metainfo.geometry, piece),
    owner: isShared ? undefined : peer.key,
    isShared,
    openedAtMs: nowMs,
    isSingleSource,
  })
  if (open === undefined) return undefined
  context.picker.start(piece)
  peer.currentPiece = open
  return open
}

/**
 * Rarest first. Where all have everything a peer goes on behind its last piece, so that the disk sees runs; its first
 * piece is random, so that peers begin in different places. Beside others that download it is always random: those who
 * all go on behind what the seed gave last would fetch the same pieces from it, instead of from each other.
 */
function pickPiece({ picker }: TorrentContext, peer: Peer): PieceIndex | undefined {
  const peerHas = peer.isSeed ? 'all' : peer.pieces
  const piece =
    peer.lastPiece !== undefined && picker.isOnlySeeds
      ? picker.pickNear(peer.lastPiece, peerHas)
      : picker.pick(peerHas)
  if (piece !== undefined) peer.lastPiece = piece
  return piece
}

/**
 * Frees the budget of a piece that nobody works on, or only a peer that stopped sending, and nobody else could go on
 * with now: without it, pieces begun at peers that left, choke us or fell silent could hold all memory for ever.
 */
function dropUnreachablePiece(context: TorrentContext): void {
  for (const open of context.openPieces.values()) {
    if (isWorkedOn(context, open) || isWithinReach(context, open)) continue
    abandonPiece(context, open)
    return
  }
}

function isWorkedOn({ peers }: TorrentContext, { owner }: OpenPiece): boolean {
  return owner !== undefined && peers.get(owner)?.window.isSnubbed === false
}

function isWithinReach(context: TorrentContext, open: OpenPiece): boolean {
  for (const { connection, window, pieces } of context.peers.values()) {
    if (!connection.peerChoking && !window.isSnubbed && pieces.has(open.piece)) return true
  }
  return false
}
