/** One source -> its result: read, told from those that were given before, chosen from, downloaded. */
import { sleep } from '../common/clock.ts'
import type { Clock } from '../common/clock.ts'
import { InputError, KnownError, systemCodeOf } from '../common/errors.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { withUserTrackers } from '../metainfo/user-trackers.ts'
import { maskSource } from '../tracker/mask-url.ts'
import { failedResult, untouchedResult } from './early-end.ts'
import type { End } from './early-end.ts'
import type { Ending } from './ending.ts'
import { EXIT, exitCodeOf } from './exit-codes.ts'
import { assertExpected } from './expected-hash.ts'
import type { ChecksumFiles } from './checksum-file.ts'
import { chooseFiles, chosenPieces } from './item-options.ts'
import type { ChosenPieces, ItemOptions } from './item-options.ts'
import { Job } from './job.ts'
import type { Delivery, JobChecksums, JobTorrent } from './job.ts'
import { KnownTorrents, asksTheSame, duplicateResult } from './known-torrents.ts'
import type { KnownTorrent } from './known-torrents.ts'
import type { RunSession } from './run-session.ts'
import type { QueuedSource } from './source-queue.ts'
import { readSource, sourceLabel } from './source.ts'
import type { DownloadView, JobResult } from './view.ts'

/** A source is looked at again when there was no descriptor for it. */
const RETRY_MS = 200
const EXTRA_LEFT_OUT =
  '--tracker is not used: the torrent is private, so none but its own trackers may know of it (--only-tracker replaces them)'
/** More renames or notices of one torrent are only counted. Torrents given again: not even that, the end has their number. */
const MAX_NOTICES = 5

export interface ItemRunnerParts {
  readonly readTorrent: (bytes: Buffer) => Metainfo
  readonly stdin: AsyncIterable<Buffer | string>
  /** From which addresses of ours those of sources are asked. */
  readonly local?: LocalAddresses | undefined
  readonly clock: Clock
  readonly log: LogSink
  readonly delivery?: Delivery | undefined
  readonly views: readonly DownloadView[]
  readonly session: RunSession
  /** Ends when the run must stop early. */
  readonly ending: Ending
  /** Why it did. */
  readonly end: () => End | undefined
  /** @param job undefined: about the whole run */
  readonly warn: (job: Job | undefined, message: string) => void
  /** Gets the results of sources that share another one's, and of those that seeded while others had their place. */
  readonly record: (queued: QueuedSource, result: JobResult) => void
  /** It is whole, and is shared from now on. @param downloaded how the download ended */
  readonly onSeeding: (queued: QueuedSource, downloaded: JobResult) => void
  /** So many may seed beside those that `run` waits for. */
  readonly maxSeeding: number
}

export class ItemRunner {
  readonly #parts: ItemRunnerParts
  readonly #jobs = new Map<Job, ItemOptions>()
  readonly #known = new KnownTorrents()
  /** Of torrents that have a result: settles when their files are let go of. */
  readonly #released = new WeakMap<JobResult, Promise<void>>()
  /** Made with the first list of checksums. */
  #checksumFiles: ChecksumFiles | undefined
  /** They seed, and `run` has gone on to others. */
  readonly #seeding = new Set<Promise<void>>()
  #duplicateCount = 0

  constructor(parts: ItemRunnerParts) {
    this.#parts = parts
  }

  /** Those under way. */
  get jobs(): ReadonlyMap<Job, ItemOptions> {
    return this.#jobs
  }

  /** Resolves when nothing seeds any more. To be called when nothing else will begin. */
  async seedingEnded(): Promise<void> {
    await Promise.all(this.#seeding)
  }

  /** Resolves when the torrent of that result has let go of its files. */
  async released(result: JobResult): Promise<void> {
    await this.#released.get(result)
  }

  /**
   * An error we expect becomes this source's result; anything else ends the run.
   * @returns undefined for a torrent that is being downloaded already: it shares that one's result; and for one that seeds:
   * its result is recorded at the end of that
   */
  async run(queued: QueuedSource): Promise<JobResult | undefined> {
    const { source, item } = queued
    if (this.#parts.ending.isOver()) return untouchedResult(source, this.#parts.end())
    if (item instanceof InputError) return failedResult(source, item)
    try {
      const bytes = await this.#parts.ending.before(this.#read(source))
      if (bytes === undefined) return untouchedResult(source, this.#parts.end())
      const metainfo = this.#parts.readTorrent(bytes)
      assertExpected(metainfo, sourceLabel(source), item.expected)
      const infoHash = metainfo.infoHash.toString('hex')
      const { known, isFirst } = await this.#claim(infoHash, queued)
      if (!isFirst) return this.#shareResult(queued, known, metainfo.name)
      return await this.#runTorrent(metainfo, item, { queued, known })
    } catch (error) {
      if (!isOfSource(error)) throw error
      return failedResult(source, error)
    }
  }

  /** Is it the first of this torrent, or the same work again? Where it is wanted in another way, after the first has ended. */
  async #claim(
    infoHash: string,
    queued: QueuedSource,
  ): Promise<{ readonly known: KnownTorrent; readonly isFirst: boolean }> {
    for (;;) {
      const known = this.#known.find(infoHash)
      if (known !== undefined && asksTheSame(known, queued)) return { known, isFirst: false }
      if (known?.isSeeding === true && !known.isEnded) throw isBeingSeeded(queued, known)
      if (known === undefined || known.isEnded || this.#parts.ending.isOver())
        return { known: this.#known.add(infoHash, queued), isFirst: true }
      await this.#parts.ending.before(Promise.race([known.ended, known.seedingBegun]))
    }
  }

  #shareResult(queued: QueuedSource, first: KnownTorrent, name: string): JobResult | undefined {
    this.#duplicateCount++
    const source = maskSource(queued.source)
    const what =
      source === first.source ? 'is given again' : `is the same torrent as ${first.source} (${name})`
    if (this.#duplicateCount <= MAX_NOTICES)
      this.#parts.warn(undefined, `${source} ${what}: it is downloaded once`)
    if (first.result !== undefined) return duplicateResult(queued, first.result)
    first.duplicates.push(queued)
    return undefined
  }

  async #runTorrent(
    read: Metainfo,
    item: ItemOptions,
    { queued, known }: { readonly queued: QueuedSource; readonly known: KnownTorrent },
  ): Promise<JobResult | undefined> {
    const { metainfo, isExtraLeftOut } = withUserTrackers(read, item.trackers)
    let result: JobResult
    try {
      const selection = await chooseFiles(metainfo, item)
      const chosen = selection === undefined ? undefined : chosenPieces(metainfo, selection)
      const checksums = await this.#readChecksums(metainfo, item, chosen)
      const job = this.#makeJob(queued.source, metainfo, { item, chosen, checksums })
      const torrent = await this.#parts.session.add(job, item, this.#parts.ending)
      if (torrent !== undefined) {
        this.#jobs.set(job, item)
        job.start(torrent)
        this.#showNotices(job)
        if (isExtraLeftOut) this.#parts.warn(job, EXTRA_LEFT_OUT)
        for (const notice of selection?.notices ?? []) this.#parts.warn(job, notice)
        return await this.#follow(job, torrent, { queued, known })
      }
      result = untouchedResult(queued.source, this.#parts.end())
    } catch (error) {
      if (!isOfSource(error)) throw error
      result = failedResult(queued.source, error)
    }
    known.end()
    this.#settle(known, result)
    return result
  }

  /** One that seeds keeps its place only when too many do. */
  async #follow(
    job: Job,
    torrent: JobTorrent,
    { queued, known }: { readonly queued: QueuedSource; readonly known: KnownTorrent },
  ): Promise<JobResult | undefined> {
    const ended = this.#awaitEnd(job, torrent, known)
    const downloaded = await job.seedingBegun
    if (downloaded === undefined) return await ended
    known.onSeeding()
    this.#parts.onSeeding(queued, downloaded)
    if (this.#seeding.size >= this.#parts.maxSeeding) return await ended
    const recorded = ended.then((result) => {
      this.#seeding.delete(recorded)
      this.#parts.record(queued, result)
    })
    this.#seeding.add(recorded)
    return undefined
  }

  async #awaitEnd(job: Job, torrent: JobTorrent, known: KnownTorrent): Promise<JobResult> {
    const result = await job.result
    this.#jobs.delete(job)
    this.#released.set(result, torrent.release())
    void torrent.stop().then(known.end) // never rejects; close() waits for it
    this.#settle(known, result)
    return result
  }

  #settle(known: KnownTorrent, { source, outcome, code, error }: JobResult): void {
    const shared = { source, outcome, code, error }
    known.result = shared
    for (const duplicate of known.duplicates)
      this.#parts.record(duplicate, duplicateResult(duplicate, shared))
    known.duplicates = []
  }

  /** Where descriptors have run out, others have them: it waits until they need fewer. */
  async #read(source: string): Promise<Buffer> {
    const { stdin, local, ending } = this.#parts
    for (;;) {
      try {
        return await readSource(source, stdin, { local, signal: ending.signal })
      } catch (error) {
        if (!isShortage(error) || this.#jobs.size === 0 || this.#parts.end() !== undefined) throw error
      }
      await sleep(this.#parts.clock, RETRY_MS)
    }
  }

  #makeJob(
    source: string,
    metainfo: Metainfo,
    {
      item,
      chosen,
      checksums,
    }: {
      readonly item: ItemOptions
      readonly chosen: ChosenPieces | undefined
      readonly checksums: JobChecksums | undefined
    },
  ): Job {
    const { clock, log, delivery, views } = this.#parts
    const { outputDirectory, seeding } = item
    return new Job({
      source: maskSource(source),
      metainfo,
      chosen,
      outputDirectory,
      delivery,
      checksums,
      seeding,
      views,
      clock,
      log,
    })
  }

  /** @throws InputError and VerificationError before anything is downloaded */
  async #readChecksums(
    metainfo: Metainfo,
    { checksumFiles: lists = [], outputDirectory }: ItemOptions,
    chosen: ChosenPieces | undefined,
  ): Promise<JobChecksums | undefined> {
    if (lists.length === 0) return undefined
    const { ChecksumCheck, ChecksumFiles, readChecksumPlan } = await import('./checksum-check.ts')
    const files = (this.#checksumFiles ??= new ChecksumFiles())
    const wantedFiles = chosen?.wantedFiles
    const plan = await readChecksumPlan(metainfo, wantedFiles, { lists, files })
    for (const notice of plan.notices) this.#parts.warn(undefined, notice)
    return new ChecksumCheck({ metainfo, outputDirectory, wantedFiles, plan, log: this.#parts.log })
  }

  #showNotices(job: Job): void {
    const { renames, notices } = job.metainfo
    const all = [
      ...renames.map(({ from, to }) => `'${from}' is written as '${to}': its name is not safe here`),
      ...notices,
    ]
    for (const notice of all.slice(0, MAX_NOTICES)) this.#parts.warn(job, notice)
    if (all.length > MAX_NOTICES)
      this.#parts.warn(job, `and ${all.length - MAX_NOTICES} more (see torrent-dl info)`)
  }
}

/** Is this about the source (a result), not about the run or a bug (thrown on)? */
function isOfSource(error: unknown): error is KnownError {
  if (error instanceof InputError) return true
  return error instanceof KnownError && exitCodeOf(error) > EXIT.usage
}

function isBeingSeeded({ source }: QueuedSource, known: KnownTorrent): InputError {
  const message = `the same torrent as ${known.source}, which seeds; with other options it needs a run of its own`
  return new InputError('TORRENT_DUPLICATE', `${maskSource(source)}: ${message}`)
}

function isShortage(error: unknown): boolean {
  const code = error instanceof InputError ? systemCodeOf(error.cause) : undefined
  return code === 'EMFILE' || code === 'ENFILE'
}
