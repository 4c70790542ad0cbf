/** One source on its way: a torrent's observer, that ends with exactly one result. */
import { dirname, join } from 'node:path'
import type { Clock } from '../common/clock.ts'
import { BugError, KnownError, messageOf } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import { bytesOfPieces } from '../metainfo/file-selection.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { NO_PEERS } from '../torrent/snapshot.ts'
import type { TorrentObserver, TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { EXIT, SIGNAL_EXIT, exitCodeOf } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import type { ChosenPieces, SeedingOptions } from './item-options.ts'
import { GoalWatch } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import type { ChecksumResult, DownloadView, JobResult, JobView } from './view.ts'

/** What is needed of a torrent; session's Torrent is one, tests have another. */
export interface JobTorrent {
  start(): void
  snapshot(): TorrentSnapshot
  stop(): Promise<void>
  /** Stops; resolves as soon as its files are let go of. Never rejects. */
  release(): Promise<void>
  /** See Torrent.read. */
  read(): Promise<Buffer | undefined>
}

/** What becomes of a torrent's bytes besides lying on disk: the job is done when they were delivered, too. */
export interface Delivery {
  /** @throws UsageError when it is not clear what of it is meant */
  settings(metainfo: Metainfo): Partial<TorrentSettings>
  readonly isStored: boolean
  /** JobView.goOn */
  readonly goOn: string
  /** Rejects with a KnownError, also when the torrent ends before. */
  deliver(torrent: JobTorrent, metainfo: Metainfo): Promise<void>
}

/** A comparison of the finished files with lists of checksums; checksum-check.ts has the real one. */
export interface JobChecksums {
  readonly progress: { readonly checkedBytes: number; readonly totalBytes: number }
  /** Rejects with a KnownError, or the signal's reason. */
  assertAll(onResult: (result: ChecksumResult) => void, signal: AbortSignal): Promise<void>
}

export interface JobParts {
  readonly source: string
  readonly metainfo: Metainfo
  /** Undefined: all of it. */
  readonly chosen?: ChosenPieces | undefined
  /** As the user gave it. */
  readonly outputDirectory: string
  readonly delivery?: Delivery | undefined
  /** What has to be right besides when everything is there. */
  readonly checksums?: JobChecksums | undefined
  /** Undefined: it ends when it is whole. */
  readonly seeding?: SeedingOptions | undefined
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
  readonly goOn?: string
  /** Beside those of the item. */
  readonly settings: Partial<TorrentSettings>
  readonly chosen: ChosenPieces | undefined
  readonly onlySeeds: boolean
  /** Settles once; never rejects. */
  readonly result: Promise<JobResult>
  /** How the download ended, when the torrent is shared from then on; undefined when it has ended without. Never rejects. */
  readonly seedingBegun: Promise<JobResult | undefined>
  readonly #views: readonly DownloadView[]
  readonly #clock: Clock
  readonly #log: LogSink
  readonly #delivery: Delivery | undefined
  readonly #checksums: JobChecksums | undefined
  /** Ends with the job. */
  readonly #ended = new AbortController()
  #isComparing = false
  /** Complete on disk, and delivered: what is missing of that. */
  #stepsLeft: number
  /** Until there is a result: a batch must not keep what all its torrents were made of. */
  #torrent: JobTorrent | undefined
  #lastSnapshot: TorrentSnapshot
  #settle: ((result: JobResult) => void) | undefined
  #startedAtMs: number
  /** Once it is whole. */
  #downloadSeconds: number | undefined
  #sawSource = false
  readonly #seedingOptions: SeedingOptions | undefined
  readonly #goalWatch = new GoalWatch()
  #onSeedingBegun: (result: JobResult | undefined) => void = () => undefined
  #seedsSinceMs: number | undefined

  constructor({
    source,
    metainfo,
    chosen,
    outputDirectory,
    delivery,
    checksums,
    seeding,
    views,
    clock,
    log,
  }: JobParts) {
    this.source = source
    this.metainfo = metainfo
    this.infoHash = metainfo.infoHash.toString('hex')
    this.path = delivery?.isStored === false ? '' : join(outputDirectory, metainfo.name)
    this.chosen = chosen
    if (delivery !== undefined) this.goOn = delivery.goOn
    this.#delivery = delivery
    this.#checksums = checksums
    this.settings = delivery?.settings(metainfo) ?? {}
    this.#stepsLeft = delivery === undefined ? 1 : 2
    this.#seedingOptions = seeding
    this.onlySeeds = seeding?.isOnly === true
    this.#views = views
    this.#clock = clock
    this.#log = log
    this.#startedAtMs = clock.now()
    this.#lastSnapshot = emptySnapshot(metainfo, chosen)
    this.result = new Promise((resolve) => {
      this.#settle = resolve
    })
    this.seedingBegun = new Promise((resolve) => {
      this.#onSeedingBegun = resolve
    })
  }

  start(torrent: JobTorrent): void {
    this.#torrent = torrent
    this.#startedAtMs = this.#clock.now()
    this.#tell((view) => {
      view.onStart(this)
    })
    torrent.start()
    if (this.#delivery !== undefined) void this.#deliver(this.#delivery, torrent)
  }

  snapshot(): TorrentSnapshot {
    const snapshot = this.#torrent?.snapshot() ?? this.#lastSnapshot
    if (this.#checksums === undefined || !this.#isComparing) return snapshot
    const { checkedBytes, totalBytes } = this.#checksums.progress
    return { ...snapshot, state: 'checking', checkedBytes, bytesToCheck: totalBytes }
  }

  seeding(): SeedFigures | undefined {
    if (this.#seedsSinceMs === undefined || this.#seedingOptions === undefined) return undefined
    const { uploadedBytes, totalBytes, completedPeerCount } = this.snapshot()
    return {
      goal: this.#seedingOptions.goal,
      seconds: (this.#clock.now() - this.#seedsSinceMs) / 1000,
      uploadedBytes,
      totalBytes,
      completedPeerCount,
    }
  }

  /** Ends it when it was shared enough. To be called once a second. */
  checkGoal(): void {
    const figures = this.seeding()
    if (figures !== undefined && this.#goalWatch.isReached(figures))
      this.#finish('complete', EXIT.ok, undefined)
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
    if (this.#checksums === undefined) this.#step()
    else void this.#compare(this.#checksums)
  }

  onFailed(error: KnownError): void {
    this.fail(error)
  }

  async #compare(checksums: JobChecksums): Promise<void> {
    this.#isComparing = true
    this.#tell((view) => {
      view.onState(this, 'checking')
    })
    try {
      await checksums.assertAll((result) => {
        this.#onChecksum(result)
      }, this.#ended.signal)
      this.#isComparing = false
      this.#step()
    } catch (error) {
      const why = `the checksums could not be compared: ${messageOf(error)}`
      this.fail(error instanceof KnownError ? error : new BugError('BUG_CHECKSUMS', why, { cause: error }))
    }
  }

  #onChecksum(result: ChecksumResult): void {
    const isRight = result.actual === result.expected
    const path = filePath(this, result.file) ?? ''
    const what = isRight ? 'is as expected' : `is ${result.actual}, not ${result.expected}`
    this.#log(isRight ? 'info' : 'warn', 'file', `${path}: its ${result.algorithm} ${what} (${result.list})`)
    this.#tell((view) => {
      view.onChecksum(this, result)
    })
  }

  async #deliver(delivery: Delivery, torrent: JobTorrent): Promise<void> {
    try {
      await delivery.deliver(torrent, this.metainfo)
      this.#step()
    } catch (error) {
      const why = `the bytes could not be delivered: ${messageOf(error)}`
      this.fail(error instanceof KnownError ? error : new BugError('BUG_DELIVERY', why, { cause: error }))
    }
  }

  #step(): void {
    if (--this.#stepsLeft > 0) return
    if (this.#seedingOptions === undefined) this.#finish('complete', EXIT.ok, undefined)
    else if (this.#settle !== undefined) this.#beginSeeding()
  }

  #beginSeeding(): void {
    const result = this.#resultOf('complete', EXIT.ok, undefined)
    this.#downloadSeconds = result.seconds
    this.#seedsSinceMs = this.#clock.now()
    this.#onSeedingBegun(result)
  }

  #resultOf(outcome: JobResult['outcome'], code: number, error: KnownError | undefined): JobResult {
    return {
      source: this.source,
      outcome,
      code,
      error,
      job: this,
      snapshot: this.snapshot(),
      seconds: this.#secondsDownloading(),
      seeding: this.seeding(),
    }
  }

  #finish(outcome: JobResult['outcome'], code: number, error: KnownError | undefined): void {
    const settle = this.#settle
    this.#settle = undefined
    this.#isComparing = false
    this.#ended.abort()
    const result = this.#resultOf(outcome, code, error)
    if (result.snapshot !== undefined) this.#lastSnapshot = result.snapshot
    this.#torrent = undefined
    this.#onSeedingBegun(undefined) // does nothing when it has
    settle?.(result)
  }

  /** Nothing is shown of a job that has its result. */
  #tell(call: (view: DownloadView) => void): void {
    if (this.#settle === undefined) return
    for (const view of this.#views) call(view)
  }

  #secondsDownloading(): number {
    return this.#downloadSeconds ?? (this.#clock.now() - this.#startedAtMs) / 1000
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
    peers: NO_PEERS,
    completedPeerCount: 0,
    trackers: [],
    idleSeconds: 0,
  }
}
