/** Changes which pieces a torrent is to have, and in what order, at any time before it is complete. */
import type { TorrentContext } from './torrent-context.ts'
import { Bitfield } from '../common/bitfield.ts'
import { UNWANTED } from '../swarm/piece-picker.ts'
import { abandonPiece } from './release-piece.ts'
import { updateInterest } from './on-message.ts'

/**
 * Pieces that are begun and not wanted any more are given up; those that are had stay. O(pieces x (1 + peers)).
 * @param priorities one a piece: 0 is not wanted, of the others higher ones come first
 */
export function setPiecePriorities(context: TorrentContext, priorities: Uint8Array): void {
  const wanted = new Bitfield(priorities.length)
  priorities.forEach((priority, piece) => {
    context.picker.setPriority(piece, priority)
    if (priority !== UNWANTED) wanted.set(piece)
  })
  context.wanted.set(wanted.isFull ? 'all' : wanted)
  for (const open of [...context.openPieces.values()]) {
    if (!context.wanted.has(open.piece)) abandonPiece(context, open)
  }
  for (const peer of context.peers.values()) {
    peer.interestingCount = 0
    for (const piece of peer.pieces.indices()) if (context.wanted.isMissing(piece)) peer.interestingCount++
    updateInterest(peer)
  }
  context.onPieceDone()
}
