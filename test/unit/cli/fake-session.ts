/** A session whose torrents do what the test says, streams that remember, and everything download() asks for. */
import type { DownloadOptions, DownloadParts } from '../../../src/cli/commands/download.ts'
import { download } from '../../../src/cli/commands/download.ts'
import { EventWriter } from '../../../src/cli/events.ts'
import { SourceQueue } from '../../../src/cli/source-queue.ts'
import type { StopSignal } from '../../../src/cli/exit-codes.ts'
import type { ItemOptions } from '../../../src/cli/item-options.ts'
import { PlainProgress } from '../../../src/cli/plain-progress.ts'
import type { PlainAmount } from '../../../src/cli/plain-progress.ts'
import { describeTerminal } from '../../../src/cli/terminal.ts'
import type { OutputStream } from '../../../src/cli/terminal.ts'
import { loadTheme } from '../../../src/cli/theme.ts'
import { InputError } from '../../../src/common/errors.ts'
import { makeGeometry } from '../../../src/metainfo/geometry.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { NO_USER_TRACKERS } from '../../../src/metainfo/user-trackers.ts'
import type { TorrentSettings } from '../../../src/session/settings.ts'
import { NO_PEERS } from '../../../src/torrent/snapshot.ts'
import type { PeerCounts, TorrentObserver, TorrentSnapshot } from '../../../src/torrent/snapshot.ts'
import type { TrackerStatus } from '../../../src/tracker/tracker.ts'
import { FakeClock } from '../../support/fake-clock.ts'

export const MIB = 1024 * 1024

export class MemoryStream implements OutputStream {
  text = ''
  isTTY: boolean | undefined
  columns: number | undefined
  rows: number | undefined
  #resized: (() => void) | undefined

  constructor(options: { isTTY?: boolean; columns?: number } = {}) {
    this.isTTY = options.isTTY
    this.columns = options.columns
  }

  get lines(): string[] {
    return this.text.split('\n').slice(0, -1)
  }

  write(text: string): void {
    this.text += text
  }

  on(_event: 'resize', listener: () => void): void {
    this.#resized = listener
  }

  off(): void {
    this.#resized = undefined
  }

  resize(columns: number, rows?: number): void {
    this.columns = columns
    this.rows = rows ?? this.rows
    this.#resized?.()
  }
}

export function makeMetainfo(name: string, totalBytes = 100 * MIB): Metainfo {
  const file = { lengthBytes: totalBytes, start: 0, isPadding: false, isExecutable: false, isSymlink: false }
  return {
    infoHash: Buffer.alloc(20, name),
    name,
    isSingleFile: true,
    geometry: makeGeometry(totalBytes, MIB),
    pieceHashes: Buffer.alloc(0),
    files: [{ ...file, path: [name] }],
    isPrivate: false,
    trackerTiers: [],
    webSeeds: [],
    comment: undefined,
    createdBy: undefined,
    creationDateSeconds: undefined,
    renames: [],
    notices: [],
  }
}

export function makeTracker(fields: Partial<TrackerStatus> = {}): TrackerStatus {
  return {
    url: 'udp://tracker.example:6969/announce',
    tier: 0,
    state: 'working',
    lastError: undefined,
    lastErrorCode: undefined,
    seederCount: undefined,
    leecherCount: undefined,
    endpointCount: undefined,
    nextAnnounceInMs: undefined,
    ...fields,
  }
}

export function makePeers(counts: Partial<PeerCounts> = {}): PeerCounts {
  return { ...NO_PEERS, ...counts }
}

export function makeSnapshot(fields: Partial<TorrentSnapshot> = {}): TorrentSnapshot {
  return {
    state: 'downloading',
    name: 'a.iso',
    infoHash: 'ab'.repeat(20),
    totalBytes: 100 * MIB,
    doneBytes: 0,
    checkedBytes: 0,
    bytesToCheck: 0,
    downloadedBytes: 0,
    uploadedBytes: 0,
    wastedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    etaSeconds: undefined,
    peers: makePeers(),
    completedPeerCount: 0,
    trackers: [],
    idleSeconds: 0,
    ...fields,
  }
}

export class FakeTorrent {
  readonly metainfo: Metainfo
  readonly settings: TorrentSettings
  readonly observer: TorrentObserver
  fields: Partial<TorrentSnapshot> = {}
  isStarted = false
  isStopped = false

  constructor(metainfo: Metainfo, settings: TorrentSettings, observer: TorrentObserver) {
    this.metainfo = metainfo
    this.settings = settings
    this.observer = observer
  }

  start(): void {
    this.isStarted = true
    this.observer.onState('checking')
    this.observer.onState('downloading')
  }

  snapshot(): TorrentSnapshot {
    const { name, infoHash, geometry } = this.metainfo
    const { totalBytes } = geometry
    return makeSnapshot({ name, infoHash: infoHash.toString('hex'), totalBytes, ...this.fields })
  }

  async read(): Promise<undefined> {
    return Promise.resolve(undefined)
  }

  async stop(): Promise<void> {
    this.isStopped = true
    await Promise.resolve()
  }

  async release(): Promise<void> {
    await this.stop()
  }

  /** Everything arrived. */
  complete(): void {
    const { totalBytes } = this.metainfo.geometry
    this.fields = { ...this.fields, state: 'complete', doneBytes: totalBytes, downloadedBytes: totalBytes }
    this.observer.onState('complete')
    this.observer.onComplete()
  }
}

export interface RigOptions {
  readonly amount?: PlainAmount
  readonly json?: boolean
  readonly options?: Partial<DownloadOptions>
  readonly item?: Partial<ItemOptions>
  readonly parts?: Partial<DownloadParts>
}

/**
 * Runs download() over .torrent files that hold only a name; `bad...` is no torrent. Standard input stands in for the
 * files: each source is `-`.
 */
export class DownloadRig {
  readonly clock = new FakeClock()
  readonly stdout = new MemoryStream()
  readonly stderr = new MemoryStream()
  readonly torrents: FakeTorrent[] = []
  isSessionOpen = false
  watchesSignals = false
  /** What closing the session waits for. */
  closeSession = async (): Promise<void> => Promise.resolve()
  signal: (signal: StopSignal) => void = () => undefined
  readonly #names: string[]

  constructor(...names: string[]) {
    this.#names = [...names]
  }

  /** Starts it and lets everything happen that needs no time. */
  async start(rig: RigOptions = {}): Promise<{ code: Promise<number> }> {
    const code = this.#run(rig)
    code.catch(() => undefined) // the test looks at it later
    await this.clock.advance(0)
    await this.clock.advance(0)
    return { code }
  }

  async #run({ amount = 'progress', json = false, options, item, parts }: RigOptions): Promise<number> {
    const terminal = describeTerminal(this.stderr, { LANG: 'C.UTF-8' }, 'auto')
    const style = { terminal, theme: await loadTheme(terminal), isBatch: this.#names.length > 1 }
    const itemDefaults = {
      outputDirectory: 'out',
      usePartFiles: true,
      force: false,
      peers: [],
      trackers: NO_USER_TRACKERS,
      selection: { select: [], exclude: [], maxSizeBytes: undefined },
    }
    const limits = { timeoutMs: undefined }
    const sources = new SourceQueue({
      args: this.#names.map(() => '-'),
      lists: [],
      itemOptions: () => ({ ...itemDefaults, ...item }),
      clock: this.clock,
    })
    return await download(
      sources,
      { jobs: 3, maxSeeding: 1000, ...limits, ...options },
      {
        failedList: undefined,
        openSession: async () => Promise.resolve(this.#openSession()),
        readTorrent: readName,
        lookup: async (name) => Promise.resolve([name]),
        clock: this.clock,
        log: () => undefined,
        stdin: this.stdin(),
        screen: new PlainProgress({
          stream: this.stderr,
          style,
          clock: this.clock,
          amount,
          sourceCount: () => sources.count,
        }),
        events: json ? [new EventWriter(this.stdout, () => new Date(0))] : [],
        hooks: undefined,
        onPath: (path) => {
          this.stdout.write(`${path}\n`)
        },
        watchSignals: (onStop) => {
          this.signal = onStop
          this.watchesSignals = true
          return () => {
            this.watchesSignals = false
          }
        },
        onRescue: () => undefined,
        ...parts,
      },
    )
  }

  #openSession(): {
    add: (m: Metainfo, s: TorrentSettings, o: TorrentObserver) => FakeTorrent
    close: () => Promise<void>
  } {
    this.isSessionOpen = true
    return {
      add: (metainfo, settings, observer) => {
        const torrent = new FakeTorrent(metainfo, settings, observer)
        this.torrents.push(torrent)
        return torrent
      },
      close: async () => {
        this.isSessionOpen = false
        await Promise.all([this.closeSession(), ...this.torrents.map(async (torrent) => torrent.stop())])
      },
    }
  }

  /** The next source's .torrent, each time it is read. */
  stdin(): AsyncIterable<Buffer> {
    return { [Symbol.asyncIterator]: () => this.#nextName() }
  }

  async *#nextName(): AsyncGenerator<Buffer> {
    const name = this.#names.shift() ?? ''
    await Promise.resolve()
    yield Buffer.from(name)
  }
}

function readName(bytes: Buffer): Metainfo {
  const name = bytes.toString()
  if (name.startsWith('bad')) throw new InputError('TORRENT_FILE_INVALID', 'piece length is 0')
  return makeMetainfo(name)
}
