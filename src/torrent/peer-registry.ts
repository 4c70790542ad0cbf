/** The open connections of one torrent, by the small number that stands for each. */
import type { Endpoint } from '../common/endpoint.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { Peer } from './peer.ts'

/** Past peers whose address is kept. */
const MAX_REMEMBERED = 10_000

export class PeerRegistry {
  readonly #byKey = new Map<PeerKey, Peer>()
  /** Of past peers too: a bad block may come to light after its sender left. */
  readonly #endpoints = new Map<PeerKey, Endpoint>()
  #nextKey: PeerKey = 1

  /** A number no connection of this torrent had before. */
  takeKey(): PeerKey {
    return this.#nextKey++
  }

  add(peer: Peer): void {
    this.#byKey.set(peer.key, peer)
    this.#endpoints.set(peer.key, peer.endpoint)
    this.#endpoints.delete(peer.key - MAX_REMEMBERED)
  }

  remove(peer: Peer): void {
    this.#byKey.delete(peer.key)
  }

  get(key: PeerKey): Peer | undefined {
    return this.#byKey.get(key)
  }

  endpointOf(key: PeerKey): Endpoint | undefined {
    return this.#endpoints.get(key)
  }

  /** Endpoints of present and past peers. O(peers ever). */
  endpointsWhere(isWanted: (endpoint: Endpoint) => boolean): Endpoint[] {
    return [...this.#endpoints.values()].filter(isWanted)
  }

  get size(): number {
    return this.#byKey.size
  }

  values(): IterableIterator<Peer> {
    return this.#byKey.values()
  }

  /** The connection to the client with this peer id, which may reach us from another address. */
  withPeerId(peerId: Buffer): Peer | undefined {
    for (const peer of this.#byKey.values()) if (peer.peerId.equals(peerId)) return peer
    return undefined
  }
}
