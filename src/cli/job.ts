/** One source on its way: a torrent's observer, that ends with exactly one result. */
import { dirname, join } from 'node:path'
import type { Clock } from '../common/clock.ts'
import type { KnownError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import { bytesOfPieces } from '../metainfo/file-selection.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentObserver, TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { EXIT, SIGNAL_EXIT, exitCodeOf } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import type { ChosenPieces } from './item-options.ts'
import type { DownloadView, JobResult, JobView } from './view.ts'

/** What is needed of a torrent; session's Torrent is one, tests have another. */
export interface JobTorrent {
  start(): void
  snapshot(): TorrentSnapshot
  stop(): Promise<void>
}

export interface JobParts {
  readonly source: string
  readonly metainfo: Metainfo
  /** Undefined: all of it. */
  readonly chosen?: ChosenPieces | undefined
  /** As the user gave it. */
  readonly outputDirectory: string
  readonly views: readonly DownloadView[]
  readonly clock: Clock
  readonly log: LogSink
}

/** Where a file of the torrent lies, as JobView.path; undefined for padding. */
export function filePath({ metainfo, path }: JobView, file: number): string | undefined {
  const entry = metainfo.files[file]
  return entry === undefined || entry.isPadding ? undefined : join(dirname(path), ...entry.path)
}

export class Job implements JobView, TorrentObserver {
  readonly source: string
  readonly metainfo: Metainfo
  readonly infoHash: string
  readonly path: string
  readonly chosen: ChosenPieces | undefined
  /** Settles once; never rejects. */
  readonly result: Promise<JobResult>
  readonly #views: readonly DownloadView[]
  readonly #clock: Clock
  readonly #log: LogSink
  /** Until there is a result: a batch must not keep what all its torrents were made of. */
  #torrent: JobTorrent | undefined
  #lastSnapshot: TorrentSnapshot
  #settle: ((result: JobResult) => void) | undefined
  #startedAtMs: number
  #sawSource = false

  constructor({ source, metainfo, chosen, outputDirectory, views, clock, log }: JobParts) {
    this.source = source
    this.metainfo = metainfo
    this.infoHash = metainfo.infoHash.toString('hex')
    this.path = join(outputDirectory, metainfo.name)
    this.chosen = chosen
    this.#views = views
    this.#clock = clock
    this.#log = log
    this.#startedAtMs = clock.now()
    this.#lastSnapshot = emptySnapshot(metainfo, chosen)
    this.result = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  start(torrent: JobTorrent): void {
    this.#torrent = torrent
    this.#startedAtMs = this.#clock.now()
    this.#tell((view) => {
      view.onStart(this)
    })
    torrent.start()
  }

  snapshot(): TorrentSnapshot {
    return this.#torrent?.snapshot() ?? this.#lastSnapshot
  }

  /** Has any peer connected or any tracker named one so far? Looks anew. */
  hasSeenSource(): boolean {
    const { peers, trackers, downloadedBytes } = this.snapshot()
    this.#sawSource ||=
      downloadedBytes > 0 ||
      peers.connected > 0 ||
      trackers.some((tracker) => (tracker.endpointCount ?? 0) > 0)
    return this.#sawSource
  }

  /** Seconds in which nothing of use came, 0 while existing data is checked. */
  stalledSeconds(): number {
    const { state, idleSeconds } = this.snapshot()
    if (state !== 'downloading') return 0
    // idleSeconds may count from before the check of existing data.
    return Math.min(idleSeconds, this.#secondsDownloading())
  }

  /** Ends it with a failure of its own or of the whole run. */
  fail(error: KnownError): void {
    this.#finish('failed', exitCodeOf(error), error)
  }

  /** Ends it because the user said so. */
  interrupt(signal: StopSignal): void {
    this.#finish('stopped', SIGNAL_EXIT[signal], undefined)
  }

  onState(state: TorrentState): void {
    if (state === 'downloading') this.#startedAtMs = this.#clock.now()
    this.#tell((view) => {
      view.onState(this, state)
    })
  }

  onTracker(status: TrackerStatus): void {
    if ((status.endpointCount ?? 0) > 0) this.#sawSource = true
    this.#tell((view) => {
      view.onTracker(this, status)
    })
  }

  onFile(file: number): void {
    const path = filePath(this, file)
    if (path !== undefined) this.#log('info', 'file', `${path} is whole`)
    this.#tell((view) => {
      view.onFile(this, file)
    })
  }

  onWarning(message: string): void {
    this.#tell((view) => {
      view.onWarning(this, message)
    })
  }

  onComplete(): void {
    this.#finish('complete', EXIT.ok, undefined)
  }

  onFailed(error: KnownError): void {
    this.fail(error)
  }

  #finish(outcome: JobResult['outcome'], code: number, error: KnownError | undefined): void {
    const settle = this.#settle
    this.#settle = undefined
    this.#lastSnapshot = this.snapshot()
    this.#torrent = undefined
    settle?.({
      source: this.source,
      outcome,
      code,
      error,
      job: this,
      snapshot: this.#lastSnapshot,
      seconds: this.#secondsDownloading(),
    })
  }

  /** Nothing is shown of a job that has its result. */
  #tell(call: (view: DownloadView) => void): void {
    if (this.#settle === undefined) return
    for (const view of this.#views) call(view)
  }

  #secondsDownloading(): number {
    return (this.#clock.now() - this.#startedAtMs) / 1000
  }
}

function emptySnapshot(metainfo: Metainfo, chosen: ChosenPieces | undefined): TorrentSnapshot {
  const { name, infoHash, geometry } = metainfo
  const totalBytes = chosen === undefined ? geometry.totalBytes : bytesOfPieces(metainfo, chosen.priorities)
  return {
    state: 'checking',
    name,
    infoHash: infoHash.toString('hex'),
    totalBytes,
    doneBytes: 0,
    checkedBytes: 0,
    bytesToCheck: 0,
    downloadedBytes: 0,
    uploadedBytes: 0,
    wastedBytes: 0,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    etaSeconds: undefined,
    peers: { connected: 0, seeds: 0, unchoking: 0, dialing: 0, known: 0, banned: 0 },
    trackers: [],
    idleSeconds: 0,
  }
}
