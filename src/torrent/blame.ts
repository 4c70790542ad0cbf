/** A piece failed its hash, or passed after it had failed: who sent bad blocks is banned (swarm/piece-inquiry.ts). */
import type { OpenPiece } from './open-pieces.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { SenderId } from '../swarm/piece-inquiry.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { PeerError } from '../common/errors.ts'
import { banKeyOf } from '../swarm/ban-list.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { sha1 } from '../storage/hasher.ts'

/** @param bytes the whole piece, as it was received */
export function blameForBadPiece(context: TorrentContext, open: OpenPiece, bytes: Buffer): void {
  const blocks = Array.from({ length: open.progress.blockCount }, (_, block) => ({
    sender: senderId(context, open.progress.senderOf(block) ?? 0),
    digest: digestOf(bytes, block),
  }))
  const { ban } = context.inquiry.onHashFailed(open.piece, blocks)
  context.log(
    'info',
    'swarm',
    `piece ${open.piece} failed its hash, from ${new Set(blocks.map((b) => b.sender)).size} peers`,
  )
  banAll(context, ban, open.piece)
}

/** The piece is right: whoever had sent other bytes for it before is known now. */
export function clearSuspects(context: TorrentContext, piece: PieceIndex, bytes: Buffer): void {
  banAll(
    context,
    context.inquiry.onPiecePassed(piece, (block) => digestOf(bytes, block)),
    piece,
  )
}

function digestOf(bytes: Buffer, block: number): Buffer {
  return sha1(bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES))
}

/** Who a sender is across its connections, by the same rule as bans. */
function senderId(context: TorrentContext, key: PeerKey): SenderId {
  const endpoint = context.peers.endpointOf(key)
  return endpoint === undefined ? `#${key}` : banKeyOf(endpoint)
}

function banAll(context: TorrentContext, senders: readonly SenderId[], piece: PieceIndex): void {
  for (const sender of senders) {
    const endpoint = context.peers.endpointWhere((one) => banKeyOf(one) === sender) // one stands for all
    const isLastSource = context.peers.size <= 1 // alone with the pieces we lack: not for ever
    if (endpoint !== undefined) context.pool.ban(endpoint, context.clock.now(), isLastSource)
    for (const peer of [...context.peers.values()]) {
      if (banKeyOf(peer.endpoint) !== sender) continue
      const name = `${formatEndpoint(peer.endpoint)} (${peer.connection.clientName})`
      context.log('warn', 'peer', `banned ${name}: it sent bad data for piece ${piece}`)
      peer.connection.close(new PeerError('PEER_BAD_PIECE', `bad data for piece ${piece}`))
    }
  }
}
