/** The open connections of one torrent, by the small number that stands for each. */
import type { Endpoint } from '../common/endpoint.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { Peer } from './peer.ts'
import { hostKeyOf } from '../swarm/ban-list.ts'

/** Past peers whose address is kept. */
const MAX_REMEMBERED = 10_000

export class PeerRegistry {
  readonly #byKey = new Map<PeerKey, Peer>()
  /** Of past peers too: a bad block may come to light after its sender left. */
  readonly #endpoints = new Map<PeerKey, Endpoint>()
  readonly #isOwnAddress: (host: string) => boolean
  #nextKey: PeerKey = 1

  /** @param isOwnAddress is this an address of this machine? */
  constructor(isOwnAddress: (host: string) => boolean = () => false) {
    this.#isOwnAddress = isOwnAddress
  }

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

  /** The endpoint of a present or past peer. O(peers ever). */
  endpointWhere(isWanted: (endpoint: Endpoint) => boolean): Endpoint | undefined {
    for (const endpoint of this.#endpoints.values()) if (isWanted(endpoint)) return endpoint
    return undefined
  }

  get size(): number {
    return this.#byKey.size
  }

  values(): IterableIterator<Peer> {
    return this.#byKey.values()
  }

  /**
   * The connection to the same client at the same host; this machine is one, whichever address of it a tracker or the
   * local network names. Elsewhere the peer id proves nothing: peers know each other's, and could have us part with an
   * honest one by calling under its id.
   */
  twinOf(peerId: Buffer, host: string): Peer | undefined {
    for (const peer of this.#byKey.values()) {
      if (peer.peerId.equals(peerId) && this.#isSameHost(peer.endpoint.host, host)) return peer
    }
    return undefined
  }

  #isSameHost(a: string, b: string): boolean {
    return hostKeyOf(a) === hostKeyOf(b) || (this.#isOwnAddress(a) && this.#isOwnAddress(b))
  }
}
