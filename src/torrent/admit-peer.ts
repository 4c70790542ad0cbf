/** May this connection become a peer of the torrent? */
import type { PeerConnection } from '../peer/peer-connection.ts'
import type { TorrentContext } from './torrent-context.ts'
import { PeerError } from '../common/errors.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { scopeOf } from '../common/address-scope.ts'

/** Inbound connections of one host, so that one stranger cannot take every place. */
const MAX_PER_HOST = 10

export interface Admission {
  /** 20 bytes each */
  readonly ourPeerId: Buffer
  readonly peerId: Buffer
}

/** @throws PeerError PEER_BANNED, PEER_TOO_MANY, PEER_DUPLICATE when not */
export function admitPeer(context: TorrentContext, connection: PeerConnection, admission: Admission): void {
  const { peerId } = admission
  if (context.pool.isBanned(connection.endpoint)) {
    throw new PeerError('PEER_BANNED', `${formatEndpoint(connection.endpoint)} is banned`)
  }
  const { host } = connection.endpoint
  if (
    connection.isInbound &&
    scopeOf(host) !== 'loopback' &&
    context.pool.connectionsOf(host) >= MAX_PER_HOST
  ) {
    throw new PeerError('PEER_TOO_MANY', `${MAX_PER_HOST} connections of ${host} are open`)
  }
  const twin = context.peers.twinOf(peerId, host)
  if (twin !== undefined) settleTwins(connection, twin.connection, admission)
  if (context.peers.size >= context.maxPeers) {
    throw new PeerError('PEER_TOO_MANY', `${context.maxPeers} peers are connected`)
  }
  if (!connection.isInbound) return // it has its place since it was dialled
  if (!context.places.hasRoom()) {
    throw new PeerError('PEER_TOO_MANY', 'no connection is left for this torrent: others have them')
  }
  context.places.take()
}

/**
 * Two clients that dial each other at once must agree on which connection stays, or they close both: it is the one
 * that the larger peer id dialled. Of two dialled by the same side the first stays.
 */
function settleTwins(
  fresh: PeerConnection,
  existing: PeerConnection,
  { ourPeerId, peerId }: Admission,
): void {
  const keepsOurDial = ourPeerId.compare(peerId) > 0
  const isFreshKept = fresh.isInbound !== existing.isInbound && fresh.isInbound !== keepsOurDial
  const reason = new PeerError('PEER_DUPLICATE', 'a second connection to the same peer')
  if (!isFreshKept) throw reason
  existing.close(reason)
}
