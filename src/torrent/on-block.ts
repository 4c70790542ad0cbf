/**
 * The hot path: one block from a peer. Synchronous, no allocation, one copy: from the shared receive buffer into the
 * piece's buffer. The last block of a piece hands over to on-piece.ts.
 */
import type { OpenPiece } from './open-pieces.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { checkBlock, checkPiece } from '../metainfo/geometry.ts'
import { PeerError } from '../common/errors.ts'
import { finishPiece } from './on-piece.ts'

/** Blocks we never asked for, from one peer, before it is closed. */
const MAX_UNREQUESTED_BLOCKS = 32

/** @param data a view, valid only during the call @throws PeerError PEER_BAD_BLOCK, PEER_UNREQUESTED */
export function onBlock(peer: Peer, index: number, offset: number, data: Buffer): void {
  const { context } = peer
  const { geometry } = context.metainfo
  const piece = checkPiece(geometry, index)
  const block = piece === undefined ? undefined : checkBlock(geometry, piece, offset, data.length)
  if (piece === undefined || block === undefined) {
    throw new PeerError('PEER_BAD_BLOCK', `block of ${data.length} bytes at ${offset} of piece ${index}`)
  }
  const blockId = piece * geometry.blocksPerPiece + block
  const nowMs = context.clock.now()
  const request = peer.settleRequest(blockId, data.length, nowMs)
  if (request === undefined) {
    onUnrequested(peer, data.length, nowMs)
    return
  }
  const open = context.openPieces.get(piece)
  if (open === undefined || !accept(open, peer, block, request === 'open')) {
    context.stats.onUselessBytes(data.length, nowMs)
    return
  }
  context.openPieces.bufferOf(open).set(data, offset)
  context.stats.onUsefulBytes(data.length, nowMs)
  if (open.progress.requesterCount(block) > 0) cancelElsewhere(context, open, blockId, block)
  if (open.progress.isComplete) finishPiece(context, open)
}

function onUnrequested(peer: Peer, length: number, nowMs: number): void {
  peer.context.stats.onUselessBytes(length, nowMs)
  peer.unrequestedCount++
  if (peer.unrequestedCount > MAX_UNREQUESTED_BLOCKS) {
    throw new PeerError('PEER_UNREQUESTED', `${peer.unrequestedCount} blocks that nobody asked for`)
  }
}

/**
 * Counts the block in. @param isAnswer false when the request had been taken back: it is not counted any more
 * @returns false when the block is not needed (any more) from this peer
 */
function accept(open: OpenPiece, peer: Peer, block: number, isAnswer: boolean): boolean {
  if (!open.isSingleSource || open.owner === peer.key) return open.progress.receive(block, peer.key, isAnswer)
  if (isAnswer) peer.context.openPieces.release(open, block)
  return false
}

/** The others that were asked for the same block need not send it any more. */
function cancelElsewhere(context: TorrentContext, open: OpenPiece, blockId: number, block: number): void {
  for (const other of context.peers.values()) {
    if (!other.cancelRequest(context.metainfo.geometry, open.piece, block, blockId)) continue
    context.openPieces.release(open, block)
    if (open.progress.requesterCount(block) === 0) return
  }
}
