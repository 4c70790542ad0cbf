/**
 * A tracker in this process, UDP and HTTP on one port number, everything in memory and bounded: for `torrent-dl tracker`,
 * tests, the demo and local fleets. Addresses are where packets come from; what a client claims about its address is
 * ignored (`ip=` of BEP 3, the IP address field of BEP 15).
 */
import { randomBytes } from 'node:crypto'
import { systemClock, type CancelTimer, type Clock } from '../common/clock.ts'
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'
import { systemCodeOf, TrackerError } from '../common/errors.ts'
import { whyNotListening } from '../common/listen-failure.ts'
import { bindUdp, type BoundUdpSocket } from '../net/udp-socket.ts'
import { ConnectionIds } from './connection-ids.ts'
import { listenHttp, type HttpFront } from './http-front.ts'
import { HttpService } from './http-service.ts'
import type { RegistryLimits } from './swarm-registry.ts'
import { TrackerDesk } from './tracker-desk.ts'
import type { AnnounceEvent } from './tracker.ts'
import { UdpService } from './udp-service.ts'

export interface TrackerServerOptions {
  /** Addresses of this machine. One `::` alone serves IPv4 too. */
  readonly host: string | readonly string[]
  /** 0: any free one. */
  readonly port: number
  readonly intervalSeconds: number
  /** Beyond swarm-registry's DEFAULT_LIMITS. */
  readonly limits?: Partial<RegistryLimits>
  /** May this torrent be here? Default: all may. @param infoHash 20 characters, one a byte. Must not throw. */
  readonly isAllowed?: (infoHash: string) => boolean
  /** Addresses that this machine does not have are left out, as long as one is left. */
  readonly skipsMissingHosts?: boolean
  readonly clock?: Clock
  /** in [0, 1): which peers are named. */
  readonly random?: () => number
  /** For tests: so many UDP packets get lost at the start. */
  readonly dropFirstUdpPackets?: number
  /** Refuses every announce and scrape with this text. */
  readonly failWith?: string
  /** Sees every announce that could be read. Must not throw. */
  readonly onAnnounce?: (announce: ServedAnnounce) => void
}

export interface ServedAnnounce {
  readonly transport: 'udp' | 'http'
  readonly from: Endpoint
  /** 20 bytes */
  readonly infoHash: Buffer
  /** 20 bytes: one for each run of a client. */
  readonly peerId: Buffer
  readonly port: number
  readonly event: AnnounceEvent
  readonly leftBytes: number
}

export interface TrackerStats {
  /** Those with peers. */
  readonly torrentCount: number
  readonly peerCount: number
  /** Of the peers. */
  readonly seedCount: number
  /** Since the start. */
  readonly announceCount: number
  readonly scrapeCount: number
  /** Of the announces and scrapes. */
  readonly refusedCount: number
}

interface Listener {
  readonly host: string
  readonly http: HttpFront
  readonly udp: BoundUdpSocket
}

/** Attempts to find one number that is free for both protocols. */
const PORT_TRIES = 10
/** How often the silent are forgotten, and how soon again when there were too many for one time. */
const TIDY_MS = 1000
const TIDY_AGAIN_MS = 20
const MISSING_HOST_CODES: readonly unknown[] = ['EADDRNOTAVAIL', 'EAFNOSUPPORT']

export class TrackerServer {
  readonly #options: TrackerServerOptions
  readonly #hosts: readonly string[]
  readonly #clock: Clock
  readonly #desk: TrackerDesk
  readonly #http: HttpService
  readonly #udp: UdpService
  readonly #listeners: Listener[] = []
  #cancelTidy: CancelTimer | undefined
  #port = 0
  #droppedPacketCount = 0

  private constructor(options: TrackerServerOptions) {
    this.#options = options
    this.#hosts = typeof options.host === 'string' ? [options.host] : options.host
    this.#clock = options.clock ?? systemClock
    const nowMs = (): number => this.#clock.now()
    this.#desk = new TrackerDesk({
      intervalSeconds: options.intervalSeconds,
      limits: options.limits,
      nowMs,
      random: options.random ?? Math.random,
      key: randomKey(),
      failWith: options.failWith,
      isAllowed: options.isAllowed,
    })
    const { onAnnounce } = options
    this.#http = new HttpService(this.#desk, onAnnounce)
    this.#udp = new UdpService({
      desk: this.#desk,
      connectionIds: new ConnectionIds(randomKey()),
      nowMs,
      onAnnounce:
        onAnnounce &&
        ((announce, from) => {
          onAnnounce({ ...announce, transport: 'udp', from })
        }),
    })
  }

  /** Listens. @throws TrackerError TRACKER_SERVER_PORT when the port is not to be had */
  static async open(options: TrackerServerOptions): Promise<TrackerServer> {
    for (let attempt = 1; ; attempt++) {
      const server = new TrackerServer(options)
      try {
        await server.#listen()
        return server
      } catch (error) {
        await server.close()
        const isRetriable = options.port === 0 && systemCodeOf(error) === 'EADDRINUSE' && attempt < PORT_TRIES
        if (!isRetriable) throw portFailure(server.#hosts, options.port, error)
      }
    }
  }

  /** The number, for all addresses and both protocols; also after it was closed. */
  get port(): number {
    return this.#port
  }

  /** The addresses that it listens on. */
  get hosts(): readonly string[] {
    return this.#listeners.map(({ host }) => host)
  }

  /** UDP packets lost so far because `dropFirstUdpPackets` said so. */
  get droppedPacketCount(): number {
    return this.#droppedPacketCount
  }

  /** `udp://HOST:PORT/announce`, of the first address */
  get udpUrl(): string {
    return announceUrl('udp', { host: this.#hosts[0] ?? '', port: this.port })
  }

  /** `http://HOST:PORT/announce`, of the first address */
  get httpUrl(): string {
    return announceUrl('http', { host: this.#hosts[0] ?? '', port: this.port })
  }

  stats(): TrackerStats {
    const { registry, counts } = this.#desk
    return {
      torrentCount: registry.torrentCount,
      peerCount: registry.peerCount,
      seedCount: registry.seedCount,
      announceCount: counts.announces,
      scrapeCount: counts.scrapes,
      refusedCount: counts.refusals,
    }
  }

  /** Frees the port; connections end at once. Never rejects. */
  async close(): Promise<void> {
    this.#cancelTidy?.()
    const listeners = this.#listeners.splice(0)
    for (const { udp } of listeners) udp.close()
    await Promise.all(listeners.map(async ({ http }) => http.close()))
  }

  async #listen(): Promise<void> {
    let { port } = this.#options
    let missing: unknown
    for (const host of this.#hosts) {
      try {
        const listener = await this.#listenOn({ host, port })
        this.#listeners.push(listener)
        port = listener.http.port
      } catch (error) {
        const isMissing = MISSING_HOST_CODES.includes(systemCodeOf(error))
        if (this.#options.skipsMissingHosts !== true || !isMissing) throw error
        missing = error
      }
    }
    if (this.#listeners.length === 0) throw missing
    this.#port = port
    this.#tidy()
  }

  async #listenOn(local: Endpoint): Promise<Listener> {
    const family = { isV6Only: this.#hosts.length > 1 && local.host.includes(':') }
    const http = await listenHttp(local, this.#http.answer, family)
    const { host } = local
    try {
      const udp = await bindUdp(
        { host, port: http.port },
        {
          onPacket: (packet, from) => {
            if (this.#isKept()) {
              const answer = this.#udp.answer(packet, from)
              if (answer !== undefined) udp.send(answer, from)
            }
          },
          onError: () => undefined, // one answer that could not be sent
        },
        family,
      )
      return { host, http, udp }
    } catch (error) {
      await http.close()
      throw error
    }
  }

  #isKept(): boolean {
    if (this.#droppedPacketCount >= (this.#options.dropFirstUdpPackets ?? 0)) return true
    this.#droppedPacketCount += 1
    return false
  }

  readonly #tidy = (): void => {
    const hasMore = this.#desk.tidy()
    this.#cancelTidy = this.#clock.after(hasMore ? TIDY_AGAIN_MS : TIDY_MS, this.#tidy)
  }
}

/** `udp://HOST:PORT/announce` */
export function announceUrl(scheme: 'udp' | 'http', endpoint: Endpoint): string {
  return `${scheme}://${formatEndpoint(endpoint)}/announce`
}

function randomKey(): Uint32Array {
  const bytes = randomBytes(16)
  return Uint32Array.from({ length: 4 }, (_, i) => bytes.readUInt32LE(4 * i))
}

function portFailure(hosts: readonly string[], port: number, error: unknown): TrackerError {
  const places = hosts.map((host) => formatEndpoint({ host, port })).join(' and ')
  const message = `cannot listen on ${places} for the tracker: ${whyNotListening(error)}`
  return new TrackerError('TRACKER_SERVER_PORT', message, { cause: error })
}
