/**
 * A file or a directory for a fleet, from one process: a torrent is made of it, a tracker names who has what of it, a
 * seeder gives it, and one HTTP address hands out the .torrent, and the data where that is wanted.
 */
import { dirname, resolve } from 'node:path'
import { sleep, systemClock, type Clock } from '../common/clock.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { InputError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import type { LogSink } from '../common/log.ts'
import { magnetLink } from '../metainfo/magnet-link.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { createTorrent, type CreatedTorrent, type CreateOptions } from '../storage/create-torrent.ts'
import { TreeStorage } from '../storage/tree-storage.ts'
import type { Torrent } from '../torrent/torrent.ts'
import { TrackerServer, type ServedAnnounce } from '../tracker/tracker-server.ts'
import { CompletedDownloads } from './completed-downloads.ts'
import { FileServer, type Document } from './file-server.ts'
import { indexPage } from './index-page.ts'
import { reachableAddress, type Interfaces } from './own-host.ts'
import { Seeder } from './seeder.ts'
import { HttpUpload } from './send-file.ts'
import { DATA_PATH, ServedData } from './served-data.ts'
import { urlElement } from './url-element.ts'

/** A fleet lasts for minutes: whoever comes late is told of soon. */
const INTERVAL_SECONDS = 60
/** Our own tracker answers in milliseconds; without it peers come a little later. */
const KNOWN_MS = 5000

type TorrentOptions = Pick<CreateOptions, 'pieceBytes' | 'isPrivate' | 'excludes'>

export interface ServeOptions extends TorrentOptions {
  /** A file or a directory; nothing in it is changed. */
  readonly path: string
  /** The IP address to listen on; `0.0.0.0`, `::`: all. */
  readonly bind: string
  /** The name or address that others use; default: `bind`, or the machine's own. */
  readonly host?: string | undefined
  /** Of HTTP; 0: any free one. */
  readonly port: number
  /** 0: any free one. */
  readonly trackerPort: number
  readonly listenPorts: { readonly first: number; readonly last: number }
  readonly maxPeers?: number | undefined
  /** Bytes a second, of everything that is sent of the data; undefined: no limit. */
  readonly uploadLimit?: number | undefined
  /** Give the data over HTTP, too, and say so in the torrent (BEP 19). */
  readonly hasWebSeed: boolean
  /** Each piece leaves here about once (BEP 16): for many hosts that want all of it. */
  readonly isSuperSeeding: boolean
  /** As os.networkInterfaces() has them. */
  readonly interfaces: Interfaces
  readonly log?: LogSink | undefined
  readonly clock?: Clock
  readonly signal?: AbortSignal | undefined
  readonly observer: ServeObserver
}

/** Calls must not throw. */
export interface ServeObserver {
  /** The torrent is being made. */
  onHashed(doneBytes: number, totalBytes: number): void
  /** A sentence for the user; may hold foreign text. */
  onWarning(message: string): void
  /** One more has all of it. */
  onCompleted(): void
  /** It cannot go on. */
  onFailed(error: Error): void
}

/** What happens, right now. */
export interface ServeSnapshot {
  readonly peerCount: number
  readonly uploadBytesPerSecond: number
  /** Payload, to peers and over HTTP. */
  readonly uploadedBytes: number
  readonly httpBytes: number
}

interface Parts {
  readonly files: FileServer
  readonly tracker: TrackerServer
  readonly seeder: Seeder
}

export class Serve {
  readonly #options: ServeOptions
  readonly #completed = new CompletedDownloads()
  #parts: Partial<Parts> = {}
  #metainfo: Metainfo | undefined
  #torrent: Torrent | undefined
  #httpBytes = 0
  readonly #warnedOf = new Set<string>()
  #onKnown: () => void = () => undefined

  private constructor(options: ServeOptions) {
    this.#options = options
  }

  /**
   * Listens, makes the torrent, seeds it. Everything is closed again when it rejects.
   * @throws UsageError SERVE_PORT_TAKEN, LISTEN_...; TrackerError TRACKER_SERVER_PORT; InputError and StorageError of
   *   `createTorrent` and `Seeder.add`; the signal's reason
   */
  static async open(options: ServeOptions): Promise<Serve> {
    const serve = new Serve(options)
    try {
      await serve.#open()
      return serve
    } catch (error) {
      await serve.close()
      throw error
    }
  }

  /** `http://HOST:PORT/NAME.torrent` */
  get url(): string {
    return `${this.#baseUrl}/${urlElement(this.metainfo.name)}.torrent`
  }

  get metainfo(): Metainfo {
    if (this.#metainfo === undefined) throw new Error('not open') // `open` gives nothing out before
    return this.#metainfo
  }

  get magnet(): string {
    return magnetLink(this.metainfo)
  }

  /** That others announce to: HTTP, then UDP. */
  get trackerUrls(): readonly string[] {
    const where = this.#where(this.#parts.tracker?.port ?? 0)
    return [`http://${where}/announce`, `udp://${where}/announce`]
  }

  /** The port that peers reach us on. */
  get peerPort(): number {
    return this.#parts.seeder?.port ?? 0
  }

  /** Distinct downloads that have ended well: by the tracker's count or the seeder's, each of which may miss some. */
  get completedCount(): number {
    return Math.max(this.#completed.count, this.#torrent?.snapshot().completedPeerCount ?? 0)
  }

  snapshot(): ServeSnapshot {
    const torrent = this.#torrent?.snapshot()
    return {
      peerCount: torrent?.peers.connected ?? 0,
      uploadBytesPerSecond: torrent?.uploadBytesPerSecond ?? 0,
      uploadedBytes: (torrent?.uploadedBytes ?? 0) + this.#httpBytes,
      httpBytes: this.#httpBytes,
    }
  }

  /** Ends connections, says goodbye to the tracker, frees the ports. Never rejects. */
  async close(): Promise<void> {
    const { files, tracker, seeder } = this.#parts
    await Promise.all([files?.close(), seeder?.close()])
    await tracker?.close() // after the seeder's goodbye
  }

  async #open(): Promise<void> {
    const { path, signal, observer, listenPorts, maxPeers, log } = this.#options
    const { bind, uploadLimit, clock = systemClock } = this.#options
    await this.#listen(clock)
    const root = resolve(path)
    const made = await this.#create(root)
    const { bytes, metainfo } = made
    for (const notice of made.notices) observer.onWarning(notice)
    this.#metainfo = metainfo
    const local = bind === '0.0.0.0' || bind === '::' ? LocalAddresses.any : ownAddress(bind)
    const settings = maxPeers === undefined ? {} : { maxPeers }
    const seeder = await Seeder.open({
      ...{ local, uploadLimit, listenPorts, log, clock },
      stateDirectory: root, // nothing is recorded: the storage is ours
      ...settings,
    })
    this.#parts = { ...this.#parts, seeder }
    signal?.throwIfAborted()
    await this.#seed(seeder, made, clock)
    signal?.throwIfAborted()
    const data = this.#options.hasWebSeed ? await ServedData.open(metainfo, root) : undefined
    this.#parts.files?.publish({ documents: this.#documents(bytes), data })
  }

  /** Resolves when the tracker knows us: whoever comes next is told of us. */
  async #seed(seeder: Seeder, { metainfo, tree }: CreatedTorrent, clock: Clock): Promise<void> {
    const known = new AbortController()
    this.#onKnown = () => {
      known.abort()
    }
    const { observer, isSuperSeeding } = this.#options
    // Hashed a moment ago: not once more.
    const seed = { ...observer, isSuperSeeding, storage: new TreeStorage(metainfo, tree) }
    this.#torrent = await seeder.add(this.#ownTorrent(metainfo), dirname(tree.root), seed)
    const { signal = known.signal } = this.#options
    await sleep(clock, KNOWN_MS, AbortSignal.any([known.signal, signal]))
  }

  async #listen(clock: Clock): Promise<void> {
    const { bind: host, port, trackerPort, uploadLimit } = this.#options
    const upload = new HttpUpload({
      clock,
      // Peers get at least the other half.
      limit: uploadLimit === undefined ? undefined : uploadLimit / 2,
      onSent: (bytes) => {
        this.#httpBytes += bytes
        this.#parts.seeder?.chargeUpload(bytes)
      },
    })
    const onChanged = (path: string): void => {
      this.#warnOnce(`${path} has changed since it was served: it is not given any more`)
    }
    const files = await FileServer.open({ host, port, sendPart: upload.sendPart, onChanged })
    this.#parts = { files }
    const tracker = await TrackerServer.open({
      host,
      port: trackerPort,
      intervalSeconds: INTERVAL_SECONDS,
      isAllowed: (infoHash) => this.#metainfo?.infoHash.toString('latin1') === infoHash,
      onAnnounce: (announce) => {
        this.#onAnnounce(announce)
      },
    })
    this.#parts = { files, tracker }
  }

  async #create(root: string): ReturnType<typeof createTorrent> {
    const { pieceBytes, isPrivate, excludes, hasWebSeed, observer, signal, log } = this.#options
    const made = await createTorrent(root, {
      ...{ pieceBytes, isPrivate, excludes, signal, log },
      trackers: this.trackerUrls.map((url) => [url]),
      webSeeds: hasWebSeed ? [this.#baseUrl + DATA_PATH] : [],
      onProgress: (doneBytes, totalBytes) => {
        observer.onHashed(doneBytes, totalBytes)
      },
    })
    const [rename] = made.metainfo.renames
    if (rename === undefined) return made
    const why = `others would have to call it '${rename.to}': rename it first`
    throw new InputError('INPUT_NAME', `cannot serve '${rename.from}': ${why}`)
  }

  /** The seeder calls the tracker by an address of this machine, so that peers are told where it really is. */
  #ownTorrent(metainfo: Metainfo): Metainfo {
    const host = reachableAddress(this.#options.bind, this.#options.interfaces)
    const port = this.#parts.tracker?.port ?? 0
    return { ...metainfo, trackerTiers: [[`http://${formatEndpoint({ host, port })}/announce`]] }
  }

  #documents(bytes: Buffer): ReadonlyMap<string, Document> {
    const { metainfo } = this
    const { hasWebSeed } = this.#options
    const page = indexPage(metainfo, {
      url: this.url,
      dataUrl: hasWebSeed ? this.#baseUrl + DATA_PATH : undefined,
    })
    return new Map([
      ['/', { body: Buffer.from(page), type: 'text/plain; charset=utf-8' }],
      [`/${metainfo.name}.torrent`, { body: bytes, type: 'application/x-bittorrent' }],
    ])
  }

  #onAnnounce(announce: ServedAnnounce): void {
    const { event, infoHash, leftBytes } = announce
    if (this.#metainfo?.infoHash.equals(infoHash) !== true) return
    if (event === 'started' && leftBytes === 0) this.#onKnown()
    if (this.#completed.add(announce)) this.#options.observer.onCompleted()
  }

  get #baseUrl(): string {
    return `http://${this.#where(this.#parts.files?.port ?? 0)}`
  }

  #where(port: number): string {
    const { bind, host, interfaces } = this.#options
    return formatEndpoint({ host: host ?? reachableAddress(bind, interfaces), port })
  }

  #warnOnce(message: string): void {
    if (this.#warnedOf.has(message)) return
    this.#warnedOf.add(message)
    this.#options.observer.onWarning(message)
  }
}

function ownAddress(bind: string): LocalAddresses {
  return new LocalAddresses(bind.includes(':') ? { v6: bind } : { v4: bind })
}
