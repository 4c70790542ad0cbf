/**
 * A small tracker in this process, UDP and HTTP on one port number, everything in memory: for tests, the demo and small
 * local fleets. Addresses are where packets come from; what a client claims about its address is ignored.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { systemClock, type Clock } from '../common/clock.ts'
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'
import { systemCodeOf, TrackerError } from '../common/errors.ts'
import { bindUdp, type BoundUdpSocket } from '../net/udp-socket.ts'
import {
  readAnnounceQuery,
  readScrapeQuery,
  writeAnnounceBody,
  writeFailureBody,
  writeScrapeBody,
  type HttpAnnounce,
} from './http-service.ts'
import { SwarmRegistry } from './swarm-registry.ts'
import type { AnnounceEvent } from './tracker.ts'
import { UdpService } from './udp-service.ts'

export interface TrackerServerOptions {
  /** An address of this machine. */
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly intervalSeconds: number
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
  readonly infoHash: Buffer
  /** 20 bytes: one for each run of a client. */
  readonly peerId: Buffer
  readonly port: number
  readonly event: AnnounceEvent
  readonly leftBytes: number
}

/** Peers named in one HTTP answer. */
const MAX_HTTP_PEERS = 200
const DEFAULT_NUM_WANT = 50
const MAX_CONNECTIONS = 512
/** Attempts to find one number that is free for both protocols. */
const PORT_TRIES = 10

export class TrackerServer {
  readonly #options: TrackerServerOptions
  readonly #clock: Clock
  readonly #random: () => number
  readonly #registry: SwarmRegistry
  readonly #http: Server
  #udp: BoundUdpSocket | undefined
  #droppedPacketCount = 0

  private constructor(options: TrackerServerOptions, http: Server) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#random = options.random ?? Math.random
    this.#registry = new SwarmRegistry(2 * options.intervalSeconds * 1000 + 60_000)
    this.#http = http
    http.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.#onRequest(request, response)
    })
  }

  /** Listens. @throws TrackerError TRACKER_SERVER_PORT when the port is not to be had */
  static async open(options: TrackerServerOptions): Promise<TrackerServer> {
    const { createServer } = await import('node:http')
    for (let attempt = 1; ; attempt++) {
      const http = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, keepAliveTimeout: 5000 })
      http.maxConnections = MAX_CONNECTIONS
      const server = new TrackerServer(options, http)
      try {
        await server.#listen()
        return server
      } catch (error) {
        await server.close()
        const isRetriable = options.port === 0 && systemCodeOf(error) === 'EADDRINUSE' && attempt < PORT_TRIES
        if (!isRetriable) throw portFailure(options, error)
      }
    }
  }

  /** The number, for both protocols. */
  get port(): number {
    return this.#udp?.local.port ?? 0
  }

  /** UDP packets lost so far because `dropFirstUdpPackets` said so. */
  get droppedPacketCount(): number {
    return this.#droppedPacketCount
  }

  /** `udp://HOST:PORT/announce` */
  get udpUrl(): string {
    return `udp://${formatEndpoint({ host: this.#options.host, port: this.port })}/announce`
  }

  /** `http://HOST:PORT/announce` */
  get httpUrl(): string {
    return `http://${formatEndpoint({ host: this.#options.host, port: this.port })}/announce`
  }

  /** Frees the port; connections end at once. Never rejects. */
  async close(): Promise<void> {
    this.#udp?.close()
    this.#http.closeAllConnections()
    await new Promise<void>((resolve) => {
      this.#http.close(() => {
        resolve() // an error says that it was not listening: fine as well
      })
    })
  }

  async #listen(): Promise<void> {
    const { host, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject)
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject)
        this.#http.on('error', () => undefined) // a failed accept ends one connection, not the tracker
        resolve()
      })
    })
    const address = this.#http.address()
    const boundPort = typeof address === 'object' && address !== null ? address.port : port
    const service = new UdpService({
      registry: this.#registry,
      intervalSeconds: this.#options.intervalSeconds,
      nowMs: () => this.#clock.now(),
      random: this.#random,
      failWith: this.#options.failWith,
      onAnnounce: (announce, from) => {
        this.#options.onAnnounce?.({ ...announce, transport: 'udp', from })
      },
    })
    this.#udp = await bindUdp(
      { host, port: boundPort },
      {
        onPacket: (packet, from) => {
          this.#onPacket(service, packet, from)
        },
        onError: () => undefined, // one answer that could not be sent
      },
    )
  }

  #onPacket(service: UdpService, packet: Buffer, from: Endpoint): void {
    if (this.#droppedPacketCount < (this.#options.dropFirstUdpPackets ?? 0)) {
      this.#droppedPacketCount += 1
      return
    }
    const answer = service.answer(packet, from)
    if (answer !== undefined) this.#udp?.send(answer, from)
  }

  #onRequest(request: IncomingMessage, response: ServerResponse): void {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    const host = request.socket.remoteAddress
    response.on('error', () => undefined) // the client left
    if (request.method !== 'GET' || host === undefined || (path !== '/announce' && path !== '/scrape')) {
      response.writeHead(404, { Connection: 'close' }).end()
      return
    }
    const body = path === '/scrape' ? this.#scrapeBody(query) : this.#announceBody(query, host)
    response.writeHead(200, {
      'Content-Type': 'text/plain',
      'Content-Length': body.length,
      Connection: 'close',
    })
    response.end(body)
  }

  #announceBody(query: string, remoteHost: string): Buffer {
    const { intervalSeconds, failWith, onAnnounce } = this.#options
    const announce: HttpAnnounce | string = readAnnounceQuery(query)
    if (typeof announce === 'string') return writeFailureBody(announce)
    const { infoHash, peerId, port, event, leftBytes, isCompact } = announce
    const host = remoteHost.startsWith('::ffff:') ? remoteHost.slice('::ffff:'.length) : remoteHost
    const endpoint = { host, port }
    onAnnounce?.({ transport: 'http', from: endpoint, infoHash, peerId, port, event, leftBytes })
    if (failWith !== undefined) return writeFailureBody(failWith)
    const asker = { endpoint, peerId, isSeed: leftBytes === 0 }
    this.#registry.announce(infoHash, asker, event, this.#clock.now())
    const wanted = Math.min(announce.numWant ?? DEFAULT_NUM_WANT, MAX_HTTP_PEERS)
    const count = event === 'stopped' ? 0 : wanted
    const others = this.#registry.others(infoHash, asker, { count, family: undefined, random: this.#random })
    const counts = this.#registry.counts(infoHash, this.#clock.now())
    return writeAnnounceBody(counts, others, { intervalSeconds, isCompact })
  }

  #scrapeBody(query: string): Buffer {
    if (this.#options.failWith !== undefined) return writeFailureBody(this.#options.failWith)
    return writeScrapeBody(
      readScrapeQuery(query).map((hash) => [hash, this.#registry.counts(hash, this.#clock.now())] as const),
    )
  }
}

function portFailure({ host, port }: TrackerServerOptions, error: unknown): TrackerError {
  const why = systemCodeOf(error) ?? 'no reason given'
  const message = `cannot listen on ${formatEndpoint({ host, port })} for the tracker (${why})`
  return new TrackerError('TRACKER_SERVER_PORT', message, { cause: error })
}
