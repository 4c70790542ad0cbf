/**
 * A piece has all its blocks: hash, then write (write-behind.ts), then have. Nothing reaches a file before its hash
 * matched, and nothing is offered to peers before it is written.
 */
import type { OpenPiece } from './open-pieces.ts'
import type { TorrentContext } from './torrent-context.ts'
import { blameForBadPiece, clearSuspects } from './blame.ts'
import { matches } from '../storage/hasher.ts'
import { pieceLength } from '../metainfo/geometry.ts'

export function finishPiece(context: TorrentContext, open: OpenPiece): void {
  const { geometry, pieceHashes } = context.metainfo
  const bytes = context.openPieces.bufferOf(open).subarray(0, pieceLength(geometry, open.piece))
  context.openPieces.detach(open)
  if (matches(bytes, pieceHashes, open.piece)) {
    clearSuspects(context, open.piece, bytes)
    context.writeBehind.add(context, open, bytes)
    return
  }
  context.stats.onLostBytes(bytes.length)
  blameForBadPiece(context, open, bytes)
  context.picker.release(open.piece)
  context.openPieces.discard(open)
}
