/**
 * Finds others of the local network that have our torrents (BEP 14), and is found by them. The sockets are there as long
 * as a torrent is. Everything heard is a claim: only neighbours are believed, and only so many a second.
 */
import { networkInterfaces } from 'node:os'
import type { CancelTimer, Clock } from '../common/clock.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import type { Endpoint } from '../common/endpoint.ts'
import { messageOf } from '../common/errors.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import type { LogSink } from '../common/log.ts'
import type { joinMulticast, MulticastSockets } from '../net/multicast.ts'
import type { LocalMembership, LocalNetwork } from '../torrent/local-network.ts'
import { decodeLocalSearch, encodeLocalSearch, MAX_ANNOUNCED } from '../wire/local-search.ts'
import { AnnounceAllowance } from './announce-allowance.ts'
import { HostLimit } from './host-limit.ts'
import { isNeighbour, multicastPlaces } from './multicast-places.ts'
import type { Interfaces, Neighbourhood } from './multicast-places.ts'

/** Torrents that start together are announced together; and nothing stands before the first dial. */
const GATHER_MS = 100
/** The second announce comes soon: switches learn late who listens, and datagrams get lost. */
const AGAIN_MS = 60_000
const EVERY_MS = 300_000
/** Whoever has the torrent calls back within a second or two. */
const ANSWER_MS = 5_000

export interface LocalDiscoveryParts {
  readonly clock: Clock
  readonly log: LogSink
  readonly local: LocalAddresses
  /** The TCP port that peers reach us on. */
  readonly listenPort: () => number
  /** Nobody else's: our own announces come back to us. */
  readonly cookie: string
  readonly interfaces?: () => Interfaces
  readonly join?: typeof joinMulticast
}

interface Joined {
  readonly onPeer: (endpoint: Endpoint) => void
  dueAtMs: number
  announceCount: number
  firstAnnouncedAtMs: number | undefined
}

interface Link {
  readonly sockets: MulticastSockets
  readonly places: readonly Neighbourhood[]
}

export class LocalDiscovery implements LocalNetwork {
  readonly #parts: LocalDiscoveryParts
  /** By info-hash in hex. */
  readonly #joined = new Map<string, Joined>()
  readonly #allowance: AnnounceAllowance
  readonly #heard = new HostLimit()
  #link: Link | undefined
  #isUnable = false
  #isOpening = false
  #cancelTimer: CancelTimer | undefined

  constructor(parts: LocalDiscoveryParts) {
    this.#parts = parts
    this.#allowance = new AnnounceAllowance(parts.clock.now())
  }

  join(infoHash: Buffer, onPeer: (endpoint: Endpoint) => void): LocalMembership {
    const key = infoHash.toString('hex')
    const joined: Joined = {
      onPeer,
      dueAtMs: this.#parts.clock.now() + GATHER_MS,
      announceCount: 0,
      firstAnnouncedAtMs: undefined,
    }
    this.#joined.set(key, joined)
    this.#schedule()
    const mayAnswer = (): boolean => this.#mayAnswer(joined)
    return {
      get mayAnswer() {
        return mayAnswer()
      },
      leave: () => {
        if (this.#joined.get(key) !== joined) return
        this.#joined.delete(key)
        if (this.#joined.size === 0) this.#close()
      },
    }
  }

  #mayAnswer({ firstAnnouncedAtMs }: Joined): boolean {
    if (firstAnnouncedAtMs === undefined) return !this.#isUnable
    return this.#parts.clock.now() - firstAnnouncedAtMs < ANSWER_MS
  }

  /** One timer, for the torrent that is due next. */
  #schedule(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#joined.size === 0) return
    const { clock } = this.#parts
    const nowMs = clock.now()
    const dueAtMs = Math.min(...[...this.#joined.values()].map((joined) => joined.dueAtMs))
    const delayMs = Math.max(0, dueAtMs - nowMs, this.#allowance.nextInMs(nowMs))
    this.#cancelTimer = clock.after(delayMs, () => {
      void this.#announce()
    })
  }

  async #announce(): Promise<void> {
    const link = await this.#openLink()
    if (link === 'busy' || this.#joined.size === 0) return
    const { clock } = this.#parts
    const nowMs = clock.now()
    const due = [...this.#joined]
      .filter(([, { dueAtMs }]) => dueAtMs <= nowMs)
      .sort(([, a], [, b]) => a.dueAtMs - b.dueAtMs) // of more than can be announced none waits for ever
      .slice(0, MAX_ANNOUNCED)
    for (const [, joined] of due) {
      joined.dueAtMs = nowMs + (joined.announceCount++ === 0 ? AGAIN_MS : EVERY_MS)
      if (link !== undefined) joined.firstAnnouncedAtMs ??= nowMs
    }
    const infoHashes = due.map(([infoHash]) => infoHash)
    if (link !== undefined && due.length > 0) this.#send(link, infoHashes, nowMs)
    this.#schedule()
  }

  #send({ sockets }: Link, infoHashes: readonly string[], nowMs: number): void {
    const { listenPort, cookie, log } = this.#parts
    this.#allowance.take(nowMs)
    for (const place of sockets.places) {
      sockets.send(place, encodeLocalSearch(place.group, { port: listenPort(), infoHashes, cookie }))
    }
    const names = sockets.places.map(({ interfaceName }) => interfaceName).join(', ')
    log('debug', 'swarm', `local network: ${infoHashes.length} announced on ${names}`)
  }

  /** @returns undefined when nothing could be joined; it is tried again with the next announce */
  async #openLink(): Promise<Link | undefined | 'busy'> {
    if (this.#link !== undefined) return this.#link
    if (this.#isOpening) return 'busy'
    this.#isOpening = true
    try {
      const link = await this.#open()
      this.#isUnable = link === undefined
      // Every torrent may have left meanwhile.
      if (this.#joined.size === 0) link?.sockets.close()
      else this.#link = link
      return this.#link
    } finally {
      this.#isOpening = false
    }
  }

  async #open(): Promise<Link | undefined> {
    const { local, interfaces = networkInterfaces } = this.#parts
    try {
      const places = multicastPlaces(interfaces(), local)
      const join = this.#parts.join ?? (await import('../net/multicast.ts')).joinMulticast
      const sockets = await join(places, {
        onPacket: (bytes, from) => {
          this.#onPacket(bytes, from)
        },
        onError: (error) => {
          this.#logFailure(error)
        },
      })
      if (sockets.places.length > 0) return { sockets, places }
      sockets.close()
      this.#logFailure(new Error('no interface that it could be asked on'))
    } catch (error) {
      this.#logFailure(error)
    }
    return undefined
  }

  /** No network is no fault of ours, and nothing to bother anybody with. */
  #logFailure(error: unknown): void {
    this.#parts.log('debug', 'swarm', `local network: ${messageOf(error)}`)
  }

  #onPacket(bytes: Buffer, from: Endpoint): void {
    const { clock, local, cookie, log } = this.#parts
    if (this.#link === undefined || !this.#heard.take(from.host, clock.now())) return
    const search = decodeLocalSearch(bytes)
    if (search === undefined || search.cookie === cookie) return
    if (!isNeighbour(from.host, this.#link.places, local)) return
    const endpoint = { host: from.host, port: search.port }
    for (const infoHash of search.infoHashes) {
      const joined = this.#joined.get(infoHash)
      if (joined === undefined) continue
      log('debug', 'swarm', `local network: ${formatEndpoint(endpoint)} has ${infoHash}`)
      joined.onPeer(endpoint)
    }
  }

  #close(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#link?.sockets.close()
    this.#link = undefined
  }
}
