/** What a torrent needs of local service discovery (BEP 14); session/local-discovery.ts is the real one. */
import type { Endpoint } from '../common/endpoint.ts'

export interface LocalNetwork {
  /**
   * Tells the local network that we have this torrent, again from time to time, and listens to others until `leave`.
   * Returns at once. @param onPeer may be called at any time until `leave`
   */
  join(infoHash: Buffer, onPeer: (endpoint: Endpoint) => void): LocalMembership
}

export interface LocalMembership {
  /** False when the local network cannot be asked, or had its time to answer. */
  readonly mayAnswer: boolean
  leave(): void
}
