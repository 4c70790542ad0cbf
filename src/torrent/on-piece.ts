/**
 * A piece has all its blocks: hash, then write, then have. Nothing reaches a file before its hash matched, and nothing
 * is offered to peers before it is written. Promises begin here, once a piece.
 */
import type { KnownError } from '../common/errors.ts'
import type { OpenPiece } from './open-pieces.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BugError, messageOf, StorageError } from '../common/errors.ts'
import { blameForBadPiece, clearSuspects } from './blame.ts'
import { matches } from '../storage/hasher.ts'
import { pieceLength } from '../metainfo/geometry.ts'

/** Never rejects: what goes wrong stops the torrent through `context.fail`. */
export async function finishPiece(context: TorrentContext, open: OpenPiece): Promise<void> {
  const { geometry, pieceHashes } = context.metainfo
  const bytes = context.openPieces.bufferOf(open).subarray(0, pieceLength(geometry, open.piece))
  context.openPieces.detach(open)
  try {
    if (!matches(bytes, pieceHashes, open.piece)) {
      context.stats.onLostBytes(bytes.length)
      blameForBadPiece(context, open, bytes)
      context.picker.release(open.piece)
      return
    }
    clearSuspects(context, open.piece, bytes)
    const wholeFiles = await context.storage.writePieces(open.piece, [bytes])
    onWritten(context, open, wholeFiles)
  } catch (error) {
    context.picker.release(open.piece)
    context.fail(asKnown(error))
  } finally {
    context.openPieces.discard(open)
  }
}

function onWritten(context: TorrentContext, open: OpenPiece, wholeFiles: readonly number[]): void {
  context.have.set(open.piece)
  context.picker.setHave(open.piece)
  for (const peer of context.peers.values()) {
    if (!peer.pieces.has(open.piece)) {
      peer.connection.have(open.piece)
      continue
    }
    peer.interestingCount--
    if (peer.interestingCount === 0) peer.connection.notInterested()
  }
  for (const file of wholeFiles) context.observer.onFile(file)
  context.onPieceDone()
}

function asKnown(error: unknown): KnownError {
  if (error instanceof StorageError) return error
  return new BugError('BUG_PIECE', `a piece could not be finished: ${messageOf(error)}`, { cause: error })
}
