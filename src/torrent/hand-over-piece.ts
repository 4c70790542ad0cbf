/**
 * A piece that must come from one peer alone (swarm/piece-inquiry.ts) shares no blocks, so a slow peer would hold up the
 * whole download with it. A peer that has nothing else to do and would be done sooner begins it anew.
 */
import type { OpenPiece } from './open-pieces.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { abandonPiece } from './release-piece.ts'

/** The other peer must be done this much sooner, for what was fetched is lost. */
const SOONER_FACTOR = 2

/** Takes one such piece from a slow peer. @returns did it? Then the piece may be picked again */
export function takeFromSlowPeer(context: TorrentContext, peer: Peer, nowMs: number): boolean {
  if (context.inquiry.size === 0) return false
  for (const open of context.openPieces.values()) {
    if (!open.isSingleSource || open.owner === peer.key || !peer.pieces.has(open.piece)) continue
    const heldMs = nowMs - open.openedAtMs
    if (heldMs < context.inquiry.patienceMs(open.piece) || !isSooner(context, peer, open, nowMs)) continue
    context.inquiry.onHandedOver(open.piece)
    abandonPiece(context, open)
    return true
  }
  return false
}

function isSooner(
  { peers }: TorrentContext,
  peer: Peer,
  { owner, progress }: OpenPiece,
  nowMs: number,
): boolean {
  const rate = owner === undefined ? 0 : (peers.get(owner)?.downloadRate.bytesPerSecond(nowMs) ?? 0)
  const restMs = (1000 * (progress.blockCount - progress.receivedCount) * BLOCK_BYTES) / rate
  const ownMs = peer.window.expectedBlockMs(progress.blockCount - 1, nowMs, peer.ledger.oldestSentMs)
  return ownMs * SOONER_FACTOR < restMs
}
