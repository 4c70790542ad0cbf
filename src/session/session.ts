/** The process-wide part: one listener, one dialer, many torrents. Knows which torrent an inbound peer is for. */
import { randomBytes } from 'node:crypto'
import { networkInterfaces } from 'node:os'
import type { Acceptance } from '../peer/peer-handler.ts'
import type { Clock } from '../common/clock.ts'
import type { Handshake } from '../wire/handshake.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Settings, TorrentSettings } from './settings.ts'
import type { TorrentObserver } from '../torrent/snapshot.ts'
import { DownloadLimits } from '../torrent/download-limits.ts'
import { Dialer } from '../peer/dialer.ts'
import { FileStorage } from '../storage/file-storage.ts'
import type { Storage } from '../storage/storage.ts'
import { HandshakeLimit } from './handshake-limit.ts'
import { LocalDiscovery } from './local-discovery.ts'
import { InputError, KnownError, PeerError, messageOf } from '../common/errors.ts'
import { PeerConnection } from '../peer/peer-connection.ts'
import type { AttachHandler } from '../net/byte-stream.ts'
import { TcpListener } from '../net/tcp-listener.ts'
import { PeerPlaces } from '../torrent/peer-places.ts'
import { PieceMemory } from '../storage/piece-memory.ts'
import { connectTcp } from '../net/tcp-stream.ts'
import { connectUdp } from '../net/udp-socket.ts'
import { Torrent } from '../torrent/torrent.ts'
import { UploadLimits } from '../torrent/upload-limits.ts'
import { UploadMemory } from '../torrent/upload-memory.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import type { PeerRefusal } from '../swarm/peer-pool.ts'
import { makePeerId } from '../wire/peer-id.ts'
import { VERSION } from '../common/version.ts'
import { UdpLinks } from '../tracker/udp-links.ts'
import { makeTracker } from '../tracker/make-tracker.ts'

export interface SessionParts {
  readonly clock: Clock
  readonly log: LogSink
  /** Stands between every peer's stream and whoever reacts to it: faults for tests. Default: nobody. */
  readonly wrapStreams?: ((attach: AttachHandler) => AttachHandler) | undefined
}

export class Session {
  readonly #settings: Settings
  readonly #parts: SessionParts
  readonly #dialer: Dialer
  /** By info-hash in hex, until they have ended. */
  readonly #torrents = new Map<string, Torrent>()
  readonly #handshakes: HandshakeLimit
  readonly #pieceMemory = new PieceMemory()
  readonly #udpLinks: UdpLinks
  readonly #uploadMemory = new UploadMemory()
  readonly #downloadLimits: DownloadLimits
  readonly #uploadLimits: UploadLimits
  readonly #places: PeerPlaces
  readonly #localNetwork: LocalDiscovery | undefined
  #listener: TcpListener | undefined

  private constructor(settings: Settings, parts: SessionParts) {
    this.#settings = settings
    this.#parts = parts
    this.#places = new PeerPlaces(settings.maxConnections, settings.maxTorrents)
    this.#handshakes = new HandshakeLimit(settings.maxConnections)
    this.#downloadLimits = new DownloadLimits(parts.clock, settings.downloadLimit)
    this.#uploadLimits = new UploadLimits(parts.clock, settings.uploadLimit)
    const { local } = settings
    this.#dialer = new Dialer({
      clock: parts.clock,
      connect: (endpoint, attach, options) => {
        if (!local.reaches(endpoint.host)) throw new PeerError('PEER_DIAL_FAILED', local.reason)
        const wrapped = parts.wrapStreams?.(attach) ?? attach
        return connectTcp(endpoint, wrapped, { ...options, localAddress: local.toward(endpoint.host) })
      },
    })
    this.#localNetwork = settings.usesLsd === true ? this.#makeLocalNetwork() : undefined
    this.#udpLinks = new UdpLinks({
      clock: parts.clock,
      connect: (remote, handler) => connectUdp(remote, handler, local.toward(remote.host)),
    })
  }

  /** Listens. @throws UsageError LISTEN_PORT_TAKEN when every port of the range is taken, LISTEN_FAILED */
  static async open(settings: Settings, parts: SessionParts): Promise<Session> {
    const session = new Session(settings, parts)
    const attach: AttachHandler = (stream) => session.#makeInbound(stream.remote.host).attach(stream)
    session.#listener = await TcpListener.open({
      ports: settings.listenPorts,
      hosts: settings.local.listenHosts,
      attach: parts.wrapStreams?.(attach) ?? attach,
      onError: (error) => {
        const code = error instanceof KnownError ? ` [${error.code}]` : ''
        parts.log('debug', 'peer', `inbound: ${messageOf(error)}${code}`)
      },
    })
    return session
  }

  /** The TCP port that peers reach us on. */
  get listenPort(): number {
    return this.#listener?.port ?? 0
  }

  /** The torrent does nothing until its `start`. @throws InputError TORRENT_DUPLICATE while it is here already */
  add(metainfo: Metainfo, settings: TorrentSettings, observer: TorrentObserver): Torrent {
    const key = metainfo.infoHash.toString('hex')
    if (this.#torrents.has(key)) {
      throw new InputError(
        'TORRENT_DUPLICATE',
        `${metainfo.name} is being downloaded already (info-hash ${key})`,
      )
    }
    const torrent = new Torrent({
      metainfo,
      clock: this.#parts.clock,
      log: this.#parts.log,
      random: Math.random,
      observer,
      storage: this.#makeStorage(metainfo, settings),
      dialer: this.#dialer,
      makeTracker: (url) =>
        makeTracker(url, {
          clock: this.#parts.clock,
          userAgent: `torrent-dl/${VERSION}`,
          local: this.#settings.local,
          links: this.#udpLinks,
          isUserNamed: settings.userTrackers?.has(url) ?? false,
        }),
      uploadMemory: this.#uploadMemory,
      refusalOf: (host) => this.#refusalOf(host),
      usesPex: this.#settings.usesPex ?? true,
      isOurs: ({ host, port }) => port === this.listenPort && isOwnAddress(host),
      isOwnAddress,
      localNetwork: this.#localNetwork,
      peerId: makePeerId(randomBytes(12)),
      listenPort: this.listenPort,
      maxPeers: this.#settings.maxPeers,
      places: this.#places,
      userPeers: settings.peers,
      ...(settings.priorities === undefined ? {} : { priorities: settings.priorities }),
      ...(settings.reading === undefined ? {} : { reading: settings.reading }),
      seedWhenComplete: settings.seedWhenComplete,
      isSuperSeeding: settings.isSuperSeeding === true,
      pieceMemory: this.#pieceMemory,
      downloadLimits: this.#downloadLimits,
      downloadLimit: settings.downloadLimit,
      uploadLimits: this.#uploadLimits,
      uploadLimit: settings.uploadLimit,
      onEnded: () => this.#torrents.delete(key),
    })
    this.#torrents.set(key, torrent)
    return torrent
  }

  /** Payload that was sent by another way than peers counts in the upload limit. */
  chargeUpload(bytes: number): void {
    this.#uploadLimits.charge(bytes)
  }

  /** Stops every torrent and the listener. Never rejects. */
  async close(): Promise<void> {
    this.#dialer.close()
    const torrents = [...this.#torrents.values()].map(async (torrent) => torrent.stop())
    await Promise.all([this.#listener?.close(), ...torrents])
    this.#udpLinks.close()
  }

  #makeLocalNetwork(): LocalDiscovery {
    const { clock, log } = this.#parts
    const { local } = this.#settings
    const cookie = randomBytes(8).toString('hex')
    return new LocalDiscovery({ clock, log, local, cookie, listenPort: () => this.listenPort })
  }

  #refusalOf(host: string): PeerRefusal | undefined {
    const { local, blocklist } = this.#settings
    if (!local.reaches(host)) return 'unreachable'
    return blocklist?.has(host) === true ? 'blocked' : undefined
  }

  #makeStorage(metainfo: Metainfo, settings: TorrentSettings): Storage {
    if (settings.storage !== undefined) return settings.storage
    return new FileStorage({
      metainfo,
      outputDirectory: settings.outputDirectory,
      shownDirectory: settings.shownDirectory ?? settings.outputDirectory,
      stateDirectory: this.#settings.stateDirectory,
      usePartFiles: settings.usePartFiles,
      force: settings.force,
      allocation: settings.allocation,
      hashesAll: settings.hashesAll,
      syncs: settings.syncs,
      diskWaitMs: settings.diskWaitMs,
      isReadOnly: settings.isReadOnly,
      wantedFiles: settings.wantedFiles,
      log: this.#parts.log,
    })
  }

  /** @throws PeerError PEER_TOO_MANY when too many have not introduced themselves yet */
  #makeInbound(host: string): PeerConnection {
    if (this.#settings.blocklist?.has(host) === true) {
      throw new PeerError('PEER_BLOCKED', `${host} is in the blocklist`)
    }
    if (!this.#handshakes.take(host)) {
      throw new PeerError('PEER_TOO_MANY', `too many connections without a handshake, of ${host} or in all`)
    }
    const { clock, log } = this.#parts
    let isIntroduced = false
    const onIntroduced = (): void => {
      if (!isIntroduced) this.#handshakes.give(host)
      isIntroduced = true
    }
    const inbound: PeerConnection = new PeerConnection({
      clock,
      log,
      isInbound: true,
      accept: (connection, peerHandshake) => {
        onIntroduced()
        return this.#accept(connection, peerHandshake)
      },
      onFailed: (reason) => {
        onIntroduced()
        const where = formatEndpoint(inbound.endpoint)
        log('debug', 'peer', `${where} (inbound): ${reason.message} [${reason.code}]`)
      },
    })
    return inbound
  }

  #accept(connection: PeerConnection, peerHandshake: Handshake): Acceptance {
    const key = peerHandshake.infoHash.toString('hex')
    const torrent = this.#torrents.get(key)
    if (torrent === undefined)
      throw new PeerError('PEER_UNKNOWN_TORRENT', `asks for ${key}, which is not here`)
    return torrent.accept(connection, peerHandshake)
  }
}

function isOwnAddress(host: string): boolean {
  return Object.values(networkInterfaces()).some((infos) => infos?.some(({ address }) => address === host))
}
