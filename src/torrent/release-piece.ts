/** Ways an open piece ends without being whole. */
import type { OpenPiece } from './open-pieces.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** A piece of which nothing was received and nothing is asked for need not stay open. */
export function releaseIfUntouched(context: TorrentContext, open: OpenPiece): void {
  if (open.progress.freeCount < open.progress.blockCount) return
  context.openPieces.discard(open)
  context.picker.release(open.piece)
}

/** Its peer works on it no longer. What must come from one peer alone begins anew. */
export function disownPiece(context: TorrentContext, open: OpenPiece): void {
  open.owner = undefined
  if (open.isSingleSource) abandonPiece(context, open)
  else releaseIfUntouched(context, open)
}

/** Gives up an open piece: its received blocks are lost, it may be picked again. */
export function abandonPiece(context: TorrentContext, open: OpenPiece): void {
  context.stats.onLostBytes(open.progress.receivedCount * BLOCK_BYTES)
  context.openPieces.discard(open)
  for (const peer of context.peers.values()) peer.forgetPiece(context.metainfo.geometry, open.piece)
  context.picker.release(open.piece)
}
