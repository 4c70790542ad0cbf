/** `torrent-dl <source>...`: one session, `--jobs` torrents at a time, until each of them has a result. */
import { sleep } from '../../common/clock.ts'
import type { Clock } from '../../common/clock.ts'
import { InputError, KnownError, systemCodeOf } from '../../common/errors.ts'
import type { LogSink } from '../../common/log.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import { endJob, failedResult, stallError, untouchedResult } from '../early-end.ts'
import type { End } from '../early-end.ts'
import { Ending } from '../ending.ts'
import { EXIT, SIGNAL_EXIT, exitCodeOf } from '../exit-codes.ts'
import type { StopSignal } from '../exit-codes.ts'
import { formatLimit } from '../format.ts'
import { chooseFiles, chosenPieces } from '../item-options.ts'
import type { ChosenPieces, ItemOptions } from '../item-options.ts'
import { Job } from '../job.ts'
import type { FailedList } from '../failed-list.ts'
import { KnownTorrents, asksTheSame, duplicateResult } from '../known-torrents.ts'
import type { KnownTorrent } from '../known-torrents.ts'
import { RunSession } from '../run-session.ts'
import type { DownloadSession } from '../run-session.ts'
import { RunTally } from '../run-tally.ts'
import type { QueuedSource, SourceQueue } from '../source-queue.ts'
import { readSource } from '../source.ts'
import { otherWork } from '../../storage/turns.ts'
import { PREFIX } from '../summary.ts'
import { show } from '../terminal.ts'
import type { DownloadView, JobResult, RunSummary, Screen } from '../view.ts'

const TICK_MS = 1000
/** A source is looked at again when there was no descriptor for it. */
const RETRY_MS = 200
/** As long as no torrent runs, because a list brings nothing, that is said this often. */
const WAITING_TICKS = 30
/** More renames or notices of one torrent are only counted. Torrents given again: not even that, the end has their number. */
const MAX_NOTICES = 5

export interface DownloadOptions {
  /** Torrents at a time, at least 1. */
  readonly jobs: number
  /** For the whole run. */
  readonly timeoutMs: number | undefined
  /** For each torrent. */
  readonly stallTimeoutMs: number | undefined
}

/** Everything from outside. */
export interface DownloadParts {
  /** Called once, for the first source that is a torrent. */
  readonly openSession: () => Promise<DownloadSession>
  readonly readTorrent: (bytes: Buffer) => Metainfo
  /** All addresses of a name (or of an address). Rejects with a sentence. */
  readonly lookup: (name: string) => Promise<readonly string[]>
  readonly clock: Clock
  readonly log: LogSink
  readonly stdin: AsyncIterable<Buffer | string>
  readonly screen: Screen
  /** Also told of everything, after the screen. */
  readonly events: DownloadView | undefined
  /** Gets what is not done. */
  readonly failedList: FailedList | undefined
  /** Gets the path of each finished torrent. */
  readonly onPath: (path: string) => void
  /** Calls back when the user wants to stop. @returns ends the watch */
  readonly watchSignals: (onStop: (signal: StopSignal) => void) => () => void
  /** Has `close` run before the process dies of something unexpected. */
  readonly onRescue: (close: () => Promise<void>) => void
}

/** @returns the exit code; every result was shown. Rejects with what is not any source's fault. */
export async function download(
  sources: SourceQueue,
  options: DownloadOptions,
  parts: DownloadParts,
): Promise<number> {
  const run = new DownloadRun(sources, options, parts)
  parts.onRescue(async () => {
    parts.screen.close()
    await run.close()
  })
  try {
    return await run.finish()
  } finally {
    await run.close()
    parts.screen.close()
  }
}

class DownloadRun {
  readonly #sources: SourceQueue
  readonly #options: DownloadOptions
  readonly #parts: DownloadParts
  readonly #views: readonly DownloadView[]
  readonly #jobs = new Set<Job>()
  readonly #known = new KnownTorrents()
  readonly #tally = new RunTally()
  readonly #cancels: (() => void)[] = []
  readonly #startedAtMs: number
  readonly #session: RunSession
  #end: End | undefined
  /** Ends when the run must stop early. */
  readonly #ending = new Ending()
  #closing: Promise<void> | undefined
  /** Signals are watched until the very end: a second one must end the goodbye to the trackers. */
  #endSignals: (() => void) | undefined
  #duplicateCount = 0
  #idleTicks = 0

  constructor(sources: SourceQueue, options: DownloadOptions, parts: DownloadParts) {
    this.#sources = sources
    this.#options = options
    this.#parts = parts
    this.#views = parts.events === undefined ? [parts.screen] : [parts.screen, parts.events]
    this.#startedAtMs = parts.clock.now()
    const warn = (message: string): void => {
      this.#warn(undefined, message)
    }
    this.#session = new RunSession({ ...parts, warn })
  }

  async finish(): Promise<number> {
    const { clock, watchSignals } = this.#parts
    this.#endSignals = watchSignals((signal) => {
      this.#endAll({ signal })
    })
    this.#cancels.push(
      clock.every(TICK_MS, () => {
        this.#onTick()
      }),
    )
    const { timeoutMs } = this.#options
    if (timeoutMs !== undefined) this.#limit(timeoutMs)
    await this.#workOnAll()
    const failedList = this.#saveFailedList()
    await this.close()
    const summary = this.#summary(failedList)
    if (summary.counts.total === 0) this.#warn(undefined, 'the list names no source: nothing to do')
    this.#tell((view) => {
      view.onEnd(summary)
    })
    return summary.code
  }

  /** Ends timers, then the session, within a bound. Calling it again waits for the first. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    await this.#closing
  }

  async #closeOnce(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    this.#parts.failedList?.discard() // does nothing when it was saved
    await this.#session.close(this.#end !== undefined && 'signal' in this.#end)
    this.#endSignals?.()
  }

  /** Each worker has one source at a time. They begin one by one: what one has begun goes on while the next one reads. */
  async #workOnAll(): Promise<void> {
    let turn = Promise.resolve()
    const workers = Array.from({ length: this.#options.jobs }, async () => {
      const begin = turn
      turn = begin.then(otherWork)
      await begin
      await this.#work()
    })
    await Promise.all(workers)
  }

  async #work(): Promise<void> {
    for (;;) {
      const queued = await this.#sources.next()
      if (queued === undefined || this.#closing !== undefined) return // closing: another worker met a bug
      const result = await this.#runOne(queued)
      if (result !== undefined) this.#record(queued, result)
    }
  }

  #record(queued: QueuedSource, result: JobResult): void {
    this.#tally.add(queued.index, result)
    this.#tell((view) => {
      view.onResult(result)
    })
    if (result.outcome === 'complete' && result.job !== undefined) this.#parts.onPath(result.job.path)
    this.#parts.failedList?.add(queued, result)
  }

  /**
   * An error we expect becomes this source's result; anything else ends the run.
   * @returns undefined for a torrent that is being downloaded already: it shares that one's result
   */
  async #runOne(queued: QueuedSource): Promise<JobResult | undefined> {
    const { source, item } = queued
    if (this.#ending.isOver()) return untouchedResult(source, this.#end)
    if (item instanceof InputError) return failedResult(source, item)
    try {
      const bytes = await this.#ending.before(this.#read(source))
      if (bytes === undefined) return untouchedResult(source, this.#end)
      const metainfo = this.#parts.readTorrent(bytes)
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
      if (known === undefined || known.isEnded || this.#ending.isOver())
        return { known: this.#known.add(infoHash, queued), isFirst: true }
      await this.#ending.before(known.ended)
    }
  }

  #shareResult(queued: QueuedSource, first: KnownTorrent, name: string): JobResult | undefined {
    this.#duplicateCount++
    const what =
      queued.source === first.source ? 'is given again' : `is the same torrent as ${first.source} (${name})`
    if (this.#duplicateCount <= MAX_NOTICES)
      this.#warn(undefined, `${queued.source} ${what}: it is downloaded once`)
    if (first.result !== undefined) return duplicateResult(queued, first.result)
    first.duplicates.push(queued)
    return undefined
  }

  async #runTorrent(
    metainfo: Metainfo,
    item: ItemOptions,
    { queued, known }: { readonly queued: QueuedSource; readonly known: KnownTorrent },
  ): Promise<JobResult> {
    let job: Job | undefined
    let result: JobResult | undefined
    let stopped: Promise<void> | undefined
    try {
      const selection = await chooseFiles(metainfo, item)
      const chosen = selection === undefined ? undefined : chosenPieces(metainfo, selection)
      job = this.#makeJob(queued.source, metainfo, item, chosen)
      const torrent = await this.#session.add(job, item, this.#ending)
      if (torrent === undefined) result = untouchedResult(queued.source, this.#end)
      else {
        this.#jobs.add(job)
        job.start(torrent)
        this.#showNotices(job)
        for (const notice of selection?.notices ?? []) this.#warn(job, notice)
        result = await job.result
        stopped = torrent.stop() // never rejects; close() waits for it
      }
    } catch (error) {
      if (!isOfSource(error)) throw error
      result = failedResult(queued.source, error)
    } finally {
      if (job !== undefined) this.#jobs.delete(job)
    }
    void (stopped ?? Promise.resolve()).then(known.end)
    this.#settle(known, result)
    return result
  }

  #settle(known: KnownTorrent, { source, outcome, code, error }: JobResult): void {
    const shared = { source, outcome, code, error }
    known.result = shared
    for (const duplicate of known.duplicates) this.#record(duplicate, duplicateResult(duplicate, shared))
    known.duplicates = []
  }

  /** Where descriptors have run out, others have them: it waits until they need fewer. */
  async #read(source: string): Promise<Buffer> {
    for (;;) {
      try {
        return await readSource(source, this.#parts.stdin)
      } catch (error) {
        if (!isShortage(error) || this.#jobs.size === 0 || this.#end !== undefined) throw error
      }
      await sleep(this.#parts.clock, RETRY_MS)
    }
  }

  #makeJob(
    source: string,
    metainfo: Metainfo,
    { outputDirectory }: ItemOptions,
    chosen: ChosenPieces | undefined,
  ): Job {
    const { clock, log } = this.#parts
    return new Job({ source, metainfo, chosen, outputDirectory, views: this.#views, clock, log })
  }

  #showNotices(job: Job): void {
    const { renames, notices } = job.metainfo
    const all = [
      ...renames.map(({ from, to }) => `'${from}' is written as '${to}': its name is not safe here`),
      ...notices,
    ]
    for (const notice of all.slice(0, MAX_NOTICES)) this.#warn(job, notice)
    if (all.length > MAX_NOTICES)
      this.#warn(job, `and ${all.length - MAX_NOTICES} more (see torrent-dl info)`)
  }

  #onTick(): void {
    const { stallTimeoutMs } = this.#options
    for (const job of this.#jobs) {
      job.hasSeenSource()
      if (stallTimeoutMs !== undefined && job.stalledSeconds() * 1000 >= stallTimeoutMs) {
        job.fail(stallError(job, stallTimeoutMs))
      }
    }
    this.#tellWaiting()
    this.#tell((view) => {
      view.onTick()
    })
  }

  /** An open pipe that nothing comes from looks like a hang. */
  #tellWaiting(): void {
    const list = this.#sources.currentList
    this.#idleTicks = this.#jobs.size === 0 && list !== undefined ? this.#idleTicks + 1 : 0
    if (list === undefined || this.#idleTicks === 0 || this.#idleTicks % WAITING_TICKS !== 0) return
    this.#warn(undefined, `waiting for more sources from ${list.label}`)
  }

  /** A clock cuts very long delays, so what is left is waited for again. */
  #limit(timeoutMs: number): void {
    const endsAtMs = this.#parts.clock.now() + timeoutMs
    const wait = (): void => {
      const leftMs = endsAtMs - this.#parts.clock.now()
      if (leftMs > 0) this.#cancels.push(this.#parts.clock.after(leftMs, wait))
      else this.#endAll({ reason: `time limit of ${formatLimit(timeoutMs)} reached` })
    }
    wait()
  }

  /** The first reason to end counts. */
  #endAll(end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#ending.end()
    this.#sources.end()
    for (const job of this.#jobs) endJob(job, end)
  }

  /** @returns what was saved; undefined when nothing was, and why was told */
  #saveFailedList(): RunSummary['failedList'] {
    const { failedList, screen, events } = this.#parts
    const saved = failedList?.save(this.#sources.unreadLists)
    for (const notice of saved?.notices ?? []) this.#warn(undefined, notice)
    if (saved?.error !== undefined) {
      const { message } = saved.error
      screen.line(PREFIX + show(message)) // an error, so also with -q
      events?.onWarning(undefined, message)
    }
    return saved
  }

  #summary(failedList: RunSummary['failedList']): RunSummary {
    const tally = this.#tally
    const { counts } = tally
    const signal = this.#end !== undefined && 'signal' in this.#end ? this.#end.signal : undefined
    const isStopped = signal !== undefined && counts.stopped > 0
    const code = isStopped ? SIGNAL_EXIT[signal] : tally.code
    return {
      code: code === EXIT.ok && failedList?.error !== undefined ? exitCodeOf(failedList.error) : code,
      signal: isStopped ? signal : undefined,
      counts,
      results: tally.results(),
      seconds: (this.#parts.clock.now() - this.#startedAtMs) / 1000,
      failedList,
    }
  }

  #warn(job: Job | undefined, message: string): void {
    this.#tell((view) => {
      view.onWarning(job, message)
    })
  }

  #tell(call: (view: DownloadView) => void): void {
    for (const view of this.#views) call(view)
  }
}

/** Is this about the source (a result), not about the run or a bug (thrown on)? */
function isOfSource(error: unknown): error is KnownError {
  if (error instanceof InputError) return true
  return error instanceof KnownError && exitCodeOf(error) > EXIT.usage
}

function isShortage(error: unknown): boolean {
  const code = error instanceof InputError ? systemCodeOf(error.cause) : undefined
  return code === 'EMFILE' || code === 'ENFILE'
}
