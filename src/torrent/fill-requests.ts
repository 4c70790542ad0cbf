/**
 * Keeps a peer's request window full: which blocks to ask this peer for next. In this order:
 * the piece it works on; a piece another peer left; for slow peers, or when the memory budget is used up, a share of a
 * piece others work on; a new piece, rarest first; and when nothing free is left, a copy of a block that is late
 * elsewhere (swarm/duplicate-request.ts). A peer that had requests taken back leaves other peers' pieces to others for
 * a moment, or it would be the first to ask for the same blocks again. Requests leave with the connection's next flush.
 */
import type { OpenPiece } from './open-pieces.ts'
import type { Peer } from './peer.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { TorrentContext } from './torrent-context.ts'
import { blockCount } from '../metainfo/geometry.ts'
import { abandonPiece } from './release-piece.ts'
import { takeFromSlowPeer } from './hand-over-piece.ts'

/** A peer that would need longer for a piece of its own shares pieces with others, so that pieces get done. */
const SHARE_ABOVE_SECONDS = 10

export function fillRequests(context: TorrentContext, peer: Peer): void {
  if (!canAsk(context, peer)) return
  let room = peer.window.depth - peer.ledger.size
  const nowMs = context.clock.now()
  while (room > 0) {
    const open = nextPiece(context, peer, nowMs)
    if (open === undefined) break
    room -= requestFrom(context, peer, open, room)
  }
  if (room > 0) context.lateBlocks.duplicate(context, peer, room)
}

function canAsk(context: TorrentContext, peer: Peer): boolean {
  return context.state === 'downloading' && !peer.connection.peerChoking && peer.interestingCount > 0
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

/** A piece with at least one free block for this peer. */
function nextPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  const own = peer.currentPiece
  if (own?.owner === peer.key && own.progress.freeCount > 0) return own
  peer.currentPiece = undefined
  if (nowMs < peer.yieldsUntilMs) return peer.window.isSnubbed ? undefined : newPiece(context, peer, nowMs)
  return (
    begunPiece(context, peer, nowMs) ??
    newPiece(context, peer, nowMs) ??
    sharedPiece(context, peer) ??
    (takeFromSlowPeer(context, peer, nowMs) ? newPiece(context, peer, nowMs) : undefined)
  )
}

/** A piece to go on with, rather than begin another. One that stopped sending gets none for itself. */
function begunPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  if (peer.window.isSnubbed) return sharedPiece(context, peer)
  return adoptPiece(context, peer) ?? (isSlow(context, peer, nowMs) ? sharedPiece(context, peer) : undefined)
}

function isSlow(context: TorrentContext, peer: Peer, nowMs: number): boolean {
  const rate = peer.window.bytesPerSecond(nowMs)
  return rate > 0 && context.metainfo.geometry.pieceBytes / rate > SHARE_ABOVE_SECONDS
}

/** A piece whose peer went away: finishing it frees memory and keeps what was fetched. */
function adoptPiece(context: TorrentContext, peer: Peer): OpenPiece | undefined {
  for (const open of context.openPieces.withFree()) {
    if (open.owner !== undefined || !peer.pieces.has(open.piece)) continue
    open.owner = peer.key
    peer.currentPiece = open
    return open
  }
  return undefined
}

function sharedPiece(context: TorrentContext, peer: Peer): OpenPiece | undefined {
  for (const open of context.openPieces.withFree()) {
    if (!open.isSingleSource && peer.pieces.has(open.piece)) return open
  }
  return undefined
}

function newPiece(context: TorrentContext, peer: Peer, nowMs: number): OpenPiece | undefined {
  const piece = pickPiece(context, peer)
  if (piece === undefined) return undefined
  if (context.openPieces.isFull) dropUnreachablePiece(context)
  const open = context.openPieces.open({
    piece,
    blockCount: blockCount(context.metainfo.geometry, piece),
    owner: peer.key,
    openedAtMs: nowMs,
    isSingleSource: context.inquiry.mustBeSingleSource(piece),
  })
  if (open === undefined) return undefined
  context.picker.start(piece)
  peer.currentPiece = open
  return open
}

/**
 * Rarest first. Where nothing is rare (all have everything) a peer goes on behind its last piece, so that the disk sees
 * runs; its first piece is random, so that peers begin in different places.
 */
function pickPiece({ picker }: TorrentContext, peer: Peer): PieceIndex | undefined {
  const peerHas = peer.isSeed ? 'all' : peer.pieces
  const piece =
    peer.lastPiece !== undefined && picker.isUniform
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
