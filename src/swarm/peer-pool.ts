/**
 * The addresses we know for one torrent: where they came from, when to dial them (again), and who is banned.
 *
 * Addresses are claims of strangers, who may want us to attack a third party. So scope never widens inwards
 * (common/address-scope.ts), one host is named by at most `maxPerHost` endpoints, and nobody is dialled more than once a
 * minute; only peers of this machine and network, whom a user, a local tracker or they themselves (LSD) named, are tried
 * again sooner.
 */
import type { AddressScope } from '../common/address-scope.ts'
import type { BackoffPolicy } from '../common/backoff.ts'
import type { Endpoint } from '../common/endpoint.ts'
import { BanList, hostKeyOf } from './ban-list.ts'
import { backoffMs } from '../common/backoff.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { mayLeadTo, scopeOf } from '../common/address-scope.ts'

export type PeerSource = 'user' | 'tracker' | 'inbound' | 'pex' | 'dht' | 'lsd' | 'resume'

export interface PeerPoolOptions {
  readonly maxKnown?: number
  /** Endpoints kept per IPv4 address or IPv6 /64; the user may name more. */
  readonly maxPerHost?: number
  /** In [0, 1) */
  readonly random: () => number
  /** Addresses that are never dialled, whoever names them. @param host an IP literal */
  readonly refusalOf?: ((host: string) => PeerRefusal | undefined) | undefined
}

/** blocked: the user's blocklist has it; unreachable: its family is not used (`-4`, `-6`, `--interface`) */
export type PeerRefusal = 'blocked' | 'unreachable'

export interface PeerPoolCounts {
  /** Addresses that may be dialled now or later, connected ones included. */
  readonly known: number
  readonly connected: number
  /** Hosts (on loopback: endpoints). */
  readonly banned: number
  readonly dialing: number
}

interface KnownPeer {
  readonly endpoint: Endpoint
  readonly key: string
  readonly hostKey: string
  readonly scope: AddressScope
  source: PeerSource
  state: 'idle' | 'dialing' | 'connected'
  wasTried: boolean
  /** Dials that failed and connections that gave nothing, in a row. */
  failures: number
  nextDialMs: number
  /** False for the far end of an inbound connection: nobody listens on that port. */
  isDialable: boolean
}

const MAX_KNOWN = 3_000
const MAX_PER_HOST = 10
/** On this machine many downloads may run side by side, and nobody outside can be harmed by a dial. */
const MAX_ON_THIS_MACHINE = 200
/** Strangers name well-known ports to have us knock at other services. */
export const FIRST_UNPRIVILEGED_PORT = 1_024
/** What was only heard of must leave room for what trackers name. */
const MAX_HEARSAY: Partial<Record<PeerSource, number>> = { pex: 1_000, dht: 1_000, lsd: 500 }
/** Whose word counts for more: of addresses that are otherwise alike the lower ones are dialled first. */
const SOURCE_RANK: Record<PeerSource, number> = {
  user: 0,
  lsd: 1,
  tracker: 2,
  resume: 3,
  dht: 4,
  pex: 5,
  inbound: 6,
}
/** An endpoint that no user named is tried rarely after this many failures. */
const MAX_FAILURES = 3
const RARELY_MS = 900_000

const RETRY: BackoffPolicy = { firstMs: 66_000, maxMs: RARELY_MS, jitter: 0.09 } // at least 60 s, with jitter
const LOCAL_RETRY: BackoffPolicy = { firstMs: 5_000, maxMs: 60_000, jitter: 0.1 }

export class PeerPool {
  readonly #maxKnown: number
  readonly #maxPerHost: number
  readonly #random: () => number
  readonly #known = new Map<string, KnownPeer>()
  readonly #perHost = new Map<string, number>()
  readonly #perSource = new Map<PeerSource, number>()
  readonly #self = new Set<string>()
  readonly #bans = new BanList()
  readonly #refusalOf: (host: string) => PeerRefusal | undefined
  /** Hosts, each counted once; as many as addresses are known at most. */
  readonly #refused = { blocked: new Set<string>(), unreachable: new Set<string>() }
  /** The latest time anybody told us. */
  #nowMs = 0

  constructor({ maxKnown = MAX_KNOWN, maxPerHost = MAX_PER_HOST, random, refusalOf }: PeerPoolOptions) {
    this.#refusalOf = refusalOf ?? (() => undefined)
    this.#maxKnown = maxKnown
    this.#maxPerHost = maxPerHost
    this.#random = random
  }

  /** @param sourceScope scope of who named it; of no matter for 'user' @returns is it new and worth a dial? */
  add(endpoint: Endpoint, source: PeerSource, sourceScope: AddressScope): boolean {
    const scope = scopeOf(endpoint.host)
    const key = formatEndpoint(endpoint)
    if (this.#self.has(key) || !isWelcome(endpoint, source, { sourceScope, scope })) return false
    if (this.isBanned(endpoint) || this.#isRefused(endpoint.host)) return false
    const known = this.#known.get(key)
    if (known !== undefined) return this.#confirm(known, source)
    const peer = newPeer(endpoint, source)
    if (source !== 'user' && !this.#hasRoom(peer)) return false
    this.#insert(peer)
    return true
  }

  /**
   * The address to dial next, from now on counted as dialing: the user's first, then never tried ones, then those with
   * fewest failures, then by source; equals at random. O(known).
   */
  takeDialable(nowMs: number): Endpoint | undefined {
    this.#setNow(nowMs)
    let best: KnownPeer | undefined
    let bestRank = Infinity
    let ties = 0
    for (const peer of this.#known.values()) {
      if (!isIdle(peer) || peer.nextDialMs > nowMs) continue
      const rank = rankOf(peer)
      if (rank > bestRank) continue
      ties = rank < bestRank ? 1 : ties + 1
      bestRank = rank
      if (this.#random() * ties < 1) best = peer
    }
    if (best === undefined) return undefined
    startDial(best)
    return best.endpoint
  }

  /** Until `takeDialable` has something; undefined when only new addresses could help. O(known). */
  nextDialableInMs(nowMs: number): number | undefined {
    this.#setNow(nowMs)
    let nextMs = Infinity
    for (const peer of this.#known.values()) if (isIdle(peer)) nextMs = Math.min(nextMs, peer.nextDialMs)
    return nextMs === Infinity ? undefined : Math.max(0, nextMs - nowMs)
  }

  /** A connection is open, whoever dialled. */
  onConnected(endpoint: Endpoint): void {
    const known = this.#known.get(formatEndpoint(endpoint))
    if (known !== undefined) known.state = 'connected'
    else this.#insert({ ...newPeer(endpoint, 'inbound'), state: 'connected', isDialable: false })
  }

  /**
   * A connection ended. One that was of use starts with a clean slate. Unknown endpoints are ignored.
   * @param isNeedless neither has anything for the other: it is dialled rarely from now on
   */
  onClosed(
    endpoint: Endpoint,
    {
      wasUseful,
      isNeedless = false,
      nowMs,
    }: { readonly wasUseful: boolean; readonly isNeedless?: boolean; readonly nowMs: number },
  ): void {
    this.#setNow(nowMs)
    const peer = this.#known.get(formatEndpoint(endpoint))
    if (peer === undefined) return
    peer.failures = wasUseful ? 0 : peer.failures + 1
    this.#settle(peer)
    if (isNeedless) peer.nextDialMs = Math.max(peer.nextDialMs, this.#nowMs + RARELY_MS)
  }

  onDialFailed(endpoint: Endpoint, nowMs: number): void {
    this.#setNow(nowMs)
    const peer = this.#known.get(formatEndpoint(endpoint))
    if (peer === undefined) return
    peer.failures++
    this.#settle(peer)
  }

  /** This address leads back to us: never again. */
  markSelf(endpoint: Endpoint): void {
    const key = formatEndpoint(endpoint)
    this.#self.add(key)
    const known = this.#known.get(key)
    if (known !== undefined) this.#delete(known)
  }

  /**
   * No more of this host (IPv4 address, IPv6 /64; on loopback of this endpoint, since all peers share the host).
   * @param isLastSource it alone has pieces we need: for 10 min, doubling, instead of for the session
   */
  ban(endpoint: Endpoint, nowMs: number, isLastSource = false): void {
    this.#setNow(nowMs)
    this.#bans.ban(endpoint, nowMs, isLastSource)
    for (const peer of this.#known.values()) {
      if (peer.state === 'idle' && this.isBanned(peer.endpoint)) this.#postponeOrForget(peer)
    }
  }

  /** @param nowMs by default the latest time the pool was told */
  isBanned(endpoint: Endpoint, nowMs = this.#nowMs): boolean {
    return this.#bans.endOf(endpoint) > nowMs
  }

  /** Connections to and from this host (IPv4 address, IPv6 /64) that the pool was told of. O(known). */
  connectionsOf(host: string): number {
    const hostKey = hostKeyOf(host)
    let count = 0
    for (const peer of this.#known.values()) {
      if (peer.state === 'connected' && peer.hostKey === hostKey) count++
    }
    return count
  }

  /** O(known). */
  get counts(): PeerPoolCounts {
    let known = 0
    let connected = 0
    let dialing = 0
    for (const peer of this.#known.values()) {
      if (peer.isDialable) known++
      if (peer.state === 'connected') connected++
      if (peer.state === 'dialing') dialing++
    }
    return { known, connected, banned: this.#bans.countAt(this.#nowMs), dialing }
  }

  /** Of the known addresses those that were only heard of from this source. */
  countOf(source: PeerSource): number {
    return this.#perSource.get(source) ?? 0
  }

  /** Hosts that somebody named and that are never dialled. */
  get refusedCounts(): Readonly<Record<PeerRefusal, number>> {
    return { blocked: this.#refused.blocked.size, unreachable: this.#refused.unreachable.size }
  }

  #isRefused(host: string): boolean {
    const refusal = this.#refusalOf(host)
    if (refusal === undefined) return false
    const hosts = this.#refused[refusal]
    if (hosts.size < this.#maxKnown) hosts.add(host)
    return true
  }

  #setNow(nowMs: number): void {
    this.#nowMs = Math.max(this.#nowMs, nowMs)
  }

  /** Idle again: waits for its next dial, or goes when there will be none. */
  #settle(peer: KnownPeer): void {
    peer.state = 'idle'
    if (!peer.isDialable) this.#delete(peer)
    else if (this.isBanned(peer.endpoint)) this.#postponeOrForget(peer)
    else peer.nextDialMs = this.#nowMs + this.#retryMs(peer)
  }

  #retryMs({ source, scope, failures }: KnownPeer): number {
    const isNamedWell = source === 'user' || source === 'tracker' || source === 'lsd'
    if (isNamedWell && scope !== 'public') return backoffMs(LOCAL_RETRY, failures - 1, this.#random())
    if (source !== 'user' && failures >= MAX_FAILURES) return RARELY_MS
    return backoffMs(RETRY, Math.max(0, failures - 1), this.#random())
  }

  #postponeOrForget(peer: KnownPeer): void {
    const endMs = this.#bans.endOf(peer.endpoint)
    if (endMs === Infinity) this.#delete(peer)
    else peer.nextDialMs = endMs
  }

  #hasRoom({ hostKey, source, scope }: KnownPeer): boolean {
    const limit = scope === 'loopback' ? MAX_ON_THIS_MACHINE : this.#maxPerHost
    if ((this.#perHost.get(hostKey) ?? 0) >= limit) return false
    if (this.countOf(source) >= (MAX_HEARSAY[source] ?? Infinity) && !this.#evict(source)) return false
    return this.#known.size < this.#maxKnown || this.#evict()
  }

  /**
   * Forgets the idle address with most failures. @param of of this source alone
   * @returns false when every one is still promising
   */
  #evict(of?: PeerSource): boolean {
    let worst: KnownPeer | undefined
    for (const peer of this.#known.values()) {
      if (!isIdle(peer) || peer.source === 'user' || (of !== undefined && peer.source !== of)) continue
      if (peer.failures > (worst?.failures ?? 0)) worst = peer
    }
    if (worst === undefined) return false
    this.#delete(worst)
    return true
  }

  #insert(peer: KnownPeer): void {
    this.#known.set(peer.key, peer)
    this.#countSource(peer.source, 1)
    if (peer.isDialable) this.#perHost.set(peer.hostKey, (this.#perHost.get(peer.hostKey) ?? 0) + 1)
  }

  #delete(peer: KnownPeer): void {
    this.#known.delete(peer.key)
    this.#countSource(peer.source, -1)
    if (!peer.isDialable) return
    const left = (this.#perHost.get(peer.hostKey) ?? 0) - 1
    if (left > 0) this.#perHost.set(peer.hostKey, left)
    else this.#perHost.delete(peer.hostKey)
  }

  /** Named once more: by somebody whose word counts for more, it counts for more. @returns false, for it is not new */
  #confirm(known: KnownPeer, source: PeerSource): false {
    if (known.isDialable && SOURCE_RANK[source] < SOURCE_RANK[known.source]) {
      this.#countSource(known.source, -1)
      known.source = source
      this.#countSource(source, 1)
    }
    return false
  }

  #countSource(source: PeerSource, change: 1 | -1): void {
    this.#perSource.set(source, this.countOf(source) + change)
  }
}

function newPeer(endpoint: Endpoint, source: PeerSource): KnownPeer {
  return {
    endpoint,
    key: formatEndpoint(endpoint),
    hostKey: hostKeyOf(endpoint.host),
    scope: scopeOf(endpoint.host),
    source,
    state: 'idle',
    wasTried: false,
    failures: 0,
    nextDialMs: 0,
    isDialable: true,
  }
}

interface Scopes {
  readonly sourceScope: AddressScope
  readonly scope: AddressScope
}

function isWelcome({ port }: Endpoint, source: PeerSource, { sourceScope, scope }: Scopes): boolean {
  if (port < 1 || port > 65_535 || scope === 'unusable') return false
  if (source === 'user') return true
  const isHearsay = source in MAX_HEARSAY
  if (isHearsay && port < FIRST_UNPRIVILEGED_PORT) return false
  return mayLeadTo(sourceScope, scope)
}

function startDial(peer: KnownPeer): void {
  peer.state = 'dialing'
  peer.wasTried = true
}

function isIdle(peer: KnownPeer): boolean {
  return peer.state === 'idle' && peer.isDialable
}

/** Smaller is dialled sooner. */
function rankOf({ source, wasTried, failures }: KnownPeer): number {
  return (
    (source === 'user' ? 0 : 1e6) + (wasTried ? 1e5 : 0) + 10 * Math.min(failures, 999) + SOURCE_RANK[source]
  )
}
