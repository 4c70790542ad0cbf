/**
 * Where peers come from: trackers, the local network and the user name addresses (and peers, in peer-exchange.ts), the
 * pool orders them, the dialer calls them.
 */
import { scopeOf } from '../common/address-scope.ts'
import type { AddressScope } from '../common/address-scope.ts'
import type { Announcer } from '../tracker/announcer.ts'
import type { Dialer } from '../peer/dialer.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { Handshake } from '../wire/handshake.ts'
import type { KnownError } from '../common/errors.ts'
import type { LocalMembership, LocalNetwork } from './local-network.ts'
import type { TorrentContext } from './torrent-context.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { Acceptance } from '../peer/peer-handler.ts'
import { PeerConnection } from '../peer/peer-connection.ts'
import { PeerError, SourceError, systemCodeOf } from '../common/errors.ts'
import { formatEndpoint } from '../common/endpoint.ts'

/** A seed calls addresses until it has so many peers: those that nobody can call may need it. The others call themselves. */
const SEED_DIALS_UP_TO = 40

export interface DiscoveryParts {
  readonly announcer: Announcer
  readonly dialer: Dialer
  readonly ourHandshake: Handshake
  /** Takes a dialled connection in once its handshake is done. */
  readonly accept: (connection: PeerConnection, peerHandshake: Handshake) => Acceptance
  readonly userPeers: readonly Endpoint[]
  readonly localNetwork: LocalNetwork | undefined
  /** Is it of use to others when it has everything itself? */
  readonly seeds: boolean
}

export class Discovery {
  readonly #context: TorrentContext
  readonly #parts: DiscoveryParts
  /** Dialled, and not through with the handshake. */
  readonly #dialing = new Set<PeerConnection>()
  #localNetwork: LocalMembership | undefined
  #isStopped = false
  #hasWarned = false

  constructor(context: TorrentContext, parts: DiscoveryParts) {
    this.#context = context
    this.#parts = parts
  }

  get dialingCount(): number {
    return this.#dialing.size
  }

  start(): void {
    for (const endpoint of this.#parts.userPeers) this.#context.pool.add(endpoint, 'user', 'loopback')
    this.#parts.announcer.start()
    this.dialMore()
    this.#localNetwork = this.#parts.localNetwork?.join(this.#context.metainfo.infoHash, (endpoint) => {
      this.#onNeighbour(endpoint)
    })
  }

  /** A tracker named these addresses. */
  onEndpoints(endpoints: readonly Endpoint[], scope: AddressScope, trackerUrl: string): void {
    let newCount = 0
    for (const endpoint of endpoints) if (this.#context.pool.add(endpoint, 'tracker', scope)) newCount++
    this.#context.log(
      'debug',
      'tracker',
      `${trackerUrl}: ${newCount} of ${endpoints.length} addresses are new`,
    )
    this.dialMore()
  }

  onSecond(): void {
    this.dialMore()
    if (this.#context.state !== 'downloading') return
    if (this.#context.peers.size + this.#dialing.size === 0) this.#parts.announcer.wantPeers()
    if (this.#isHopeless()) this.#context.fail(this.#noSource())
  }

  /** Is the local network asked from time to time? */
  get asksLocalNetwork(): boolean {
    return this.#localNetwork !== undefined
  }

  completed(): void {
    this.#parts.announcer.completed()
  }

  statuses(): readonly TrackerStatus[] {
    return this.#parts.announcer.statuses()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#localNetwork?.leave()
    for (const connection of [...this.#dialing]) {
      connection.close(new PeerError('PEER_STOPPING', 'the torrent stops'))
    }
    await this.#parts.announcer.stop()
  }

  /** Calls as many known addresses as limits allow. */
  dialMore(): void {
    const { context, parts } = { context: this.#context, parts: this.#parts }
    if (this.#isStopped) return
    while (this.#hasRoom() && parts.dialer.freeSlots > 0) {
      const endpoint = context.pool.takeDialable(context.clock.now())
      if (endpoint === undefined) return
      this.#dial(endpoint)
    }
  }

  /** It says itself that it is there. A seed calls it, too: it cannot know of us before our next announce. */
  #onNeighbour(endpoint: Endpoint): void {
    const { pool } = this.#context
    const isNew = pool.add(endpoint, 'lsd', scopeOf(endpoint.host))
    if (isNew) this.#context.log('info', 'swarm', `${formatEndpoint(endpoint)} is on the local network`)
    this.dialMore()
  }

  #hasRoom(): boolean {
    const { peers, places } = this.#context
    return peers.size + this.#dialing.size < this.#mostPeers && places.hasRoom()
  }

  /** Nobody is called for more. */
  get #mostPeers(): number {
    const { state, maxPeers } = this.#context
    if (state === 'downloading') return maxPeers
    return state === 'complete' && this.#parts.seeds ? Math.min(maxPeers, SEED_DIALS_UP_TO) : 0
  }

  #dial(endpoint: Endpoint): void {
    this.#context.places.take()
    const connection: PeerConnection = new PeerConnection({
      clock: this.#context.clock,
      isInbound: false,
      ourHandshake: this.#parts.ourHandshake,
      log: this.#context.log,
      accept: (opened, peerHandshake) => {
        const accepted = this.#parts.accept(opened, peerHandshake)
        this.#dialing.delete(opened)
        this.#parts.dialer.onPeerFound()
        this.dialMore()
        return accepted
      },
      onFailed: (reason) => {
        this.#dialing.delete(connection)
        this.#context.places.give()
        this.#onDialFailed(endpoint, reason)
      },
    })
    this.#dialing.add(connection)
    this.#parts.dialer.dial(endpoint, connection)
  }

  #onDialFailed(endpoint: Endpoint, reason: KnownError): void {
    const { pool, clock, log } = this.#context
    if (reason.code === 'PEER_SELF') this.#onSelf(endpoint)
    else pool.onDialFailed(endpoint, clock.now())
    log('debug', 'peer', `${formatEndpoint(endpoint)}: ${reason.message} [${reason.code}]`)
    if (systemCodeOf(reason.cause) === 'EADDRNOTAVAIL') this.#warnOfOwnAddress()
    this.dialMore()
  }

  #onSelf(endpoint: Endpoint): void {
    this.#context.pool.markSelf(endpoint)
    const key = formatEndpoint(endpoint)
    if (this.#parts.userPeers.some((peer) => formatEndpoint(peer) === key)) {
      this.#context.observer.onWarning(`--peer ${key} is this download itself: left out`)
    }
  }

  /** The address that sockets are bound to may go away; once told is enough. */
  #warnOfOwnAddress(): void {
    if (this.#hasWarned) return
    this.#hasWarned = true
    this.#context.observer.onWarning(
      'peers cannot be called: the address of --interface is gone, or the system has no free port',
    )
  }

  /** Every tracker said no to this torrent, the local network is silent, and nobody else is left to ask. */
  #isHopeless(): boolean {
    const { peers, pool } = this.#context
    return (
      this.#parts.announcer.isHopeless &&
      this.#localNetwork?.mayAnswer !== true &&
      peers.size === 0 &&
      this.#dialing.size === 0 &&
      pool.counts.known === 0
    )
  }

  #noSource(): SourceError {
    const trackers = this.#parts.announcer.statuses()
    const silence = this.asksLocalNetwork ? ', and nobody on the local network has it' : ''
    if (trackers.length === 0) {
      return new SourceError(
        'NO_SOURCE',
        `nobody to ask: the torrent names no tracker and no --peer is left${silence}`,
      )
    }
    const count = trackers.length === 1 ? 'its tracker' : `each of its ${trackers.length} trackers`
    return new SourceError('NO_SOURCE', `nobody to ask: ${count} refused this torrent${silence}`)
  }
}
