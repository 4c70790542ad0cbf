/** `torrent-dl <source>...`: one session, `--jobs` torrents at a time, until each of them has a result. */
import type { Clock } from '../../common/clock.ts'
import type { LocalAddresses } from '../../common/local-addresses.ts'
import type { LogSink } from '../../common/log.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import { endJob, stallError } from '../early-end.ts'
import type { End } from '../early-end.ts'
import { Ending } from '../ending.ts'
import { EXIT, SIGNAL_EXIT, exitCodeOf } from '../exit-codes.ts'
import type { StopSignal } from '../exit-codes.ts'
import { formatLimit, plural } from '../format.ts'
import type { HookReport } from '../hook-report.ts'
import { ItemRunner } from '../item-runner.ts'
import type { Delivery, Job } from '../job.ts'
import type { FailedList } from '../failed-list.ts'
import { RunSession } from '../run-session.ts'
import type { DownloadSession } from '../run-session.ts'
import { RunTally } from '../run-tally.ts'
import type { QueuedSource, SourceQueue } from '../source-queue.ts'
import { otherWork } from '../../storage/turns.ts'
import { PREFIX } from '../summary.ts'
import { show } from '../terminal.ts'
import type { DownloadView, EventView, JobResult, RunSummary, Screen } from '../view.ts'

const TICK_MS = 1000
/** Hooks that still run when everything else is done are explained then. */
const SILENT_HOOKS_MS = 2000
const EXPLAIN_EVERY_MS = 30_000
/** As long as no torrent runs, because a list brings nothing, that is said this often. */
const WAITING_TICKS = 30
export interface DownloadOptions {
  /** Torrents at a time, at least 1. */
  readonly jobs: number
  /** Torrents that may seed beside them; beyond that, one that seeds is one of them. */
  readonly maxSeeding: number
  /** For the whole run. */
  readonly timeoutMs: number | undefined
}

/** Commands of `--on-complete` and `--on-error`; hooks.ts has the real ones. */
export interface ResultHooks {
  /** Commands that have not ended. */
  readonly count: number
  /** Did a stop keep a command from its end? */
  readonly wasCutShort: boolean
  /** @param released resolves when the torrent has let go of its files */
  add(result: JobResult, index: number, released: Promise<void>): void
  /** How the command of that source ended. */
  reportOf(index: number): HookReport | undefined
  /** Ends those that run, begins no more. */
  stop(signal: StopSignal): void
  finished(): Promise<void>
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
  /** From which addresses of ours those of sources are asked; default: any. */
  readonly local?: LocalAddresses | undefined
  readonly stdin: AsyncIterable<Buffer | string>
  readonly screen: Screen
  /** Also told of everything, after the screen. */
  readonly events: readonly EventView[]
  /** What runs for each result; undefined: nothing does. */
  readonly hooks: ResultHooks | undefined
  /** What becomes of the bytes besides; undefined: they only lie on disk then. */
  readonly delivery?: Delivery | undefined
  /** Gets what is not done. */
  readonly failedList: FailedList | undefined
  /** Gets the path of each finished torrent. */
  readonly onPath: (path: string) => void
  /** Calls back when the user wants to stop. @returns ends the watch */
  readonly watchSignals: (onStop: (signal: StopSignal) => void) => () => void
  /** Has `close` run before the process dies of something unexpected. */
  readonly onRescue: (close: (error: unknown) => Promise<void>) => void
}

/** @returns the exit code; every result was shown. Rejects with what is not any source's fault. */
export async function download(
  sources: SourceQueue,
  options: DownloadOptions,
  parts: DownloadParts,
): Promise<number> {
  const run = new DownloadRun(sources, options, parts)
  parts.onRescue(async (error) => {
    parts.screen.close()
    await run.abort(error)
  })
  try {
    return await run.finish()
  } catch (error) {
    await run.abort(error)
    throw error
  } finally {
    parts.screen.close()
  }
}

class DownloadRun {
  readonly #sources: SourceQueue
  readonly #options: DownloadOptions
  readonly #parts: DownloadParts
  readonly #views: readonly DownloadView[]
  readonly #tally = new RunTally()
  readonly #cancels: (() => void)[] = []
  #isAborted = false
  /** Was a torrent stopped before it was whole? */
  #isUnfinished = false
  readonly #startedAtMs: number
  readonly #session: RunSession
  readonly #items: ItemRunner
  #end: End | undefined
  /** Ends when the run must stop early. */
  readonly #ending = new Ending()
  #closing: Promise<void> | undefined
  /** Signals are watched until the very end: a second one must end the goodbye to the trackers. */
  #endSignals: (() => void) | undefined
  #idleTicks = 0

  constructor(sources: SourceQueue, options: DownloadOptions, parts: DownloadParts) {
    this.#sources = sources
    this.#options = options
    this.#parts = parts
    this.#views = [parts.screen, ...parts.events]
    this.#startedAtMs = parts.clock.now()
    const warn = (message: string): void => {
      this.#warn(undefined, message)
    }
    this.#session = new RunSession({ ...parts, warn })
    this.#items = this.#makeItemRunner()
  }

  #makeItemRunner(): ItemRunner {
    return new ItemRunner({
      ...this.#parts,
      views: this.#views,
      session: this.#session,
      ending: this.#ending,
      end: () => this.#end,
      warn: (job, message) => {
        this.#warn(job, message)
      },
      record: (queued, result) => {
        this.#record(queued, result)
      },
      maxSeeding: this.#options.maxSeeding,
      onSeeding: (queued, downloaded) => {
        this.#onSeeding(queued, downloaded)
      },
    })
  }

  async finish(): Promise<number> {
    const { clock, watchSignals } = this.#parts
    this.#endSignals = watchSignals((signal) => {
      this.#parts.hooks?.stop(signal) // also when a limit has ended the rest before
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
    await this.#items.seedingEnded()
    const failedList = this.#saveFailedList()
    await this.close()
    const summary = this.#summary(failedList)
    if (summary.counts.total === 0 && !this.#sources.wasCut)
      this.#warn(undefined, 'the list names no source: nothing to do')
    this.#tell((view) => {
      view.onEnd(summary)
    })
    await this.#written()
    return summary.code
  }

  /** Closes after an error that is not any source's fault, and tells those who read events. */
  async abort(error: unknown): Promise<void> {
    this.#parts.hooks?.stop('SIGTERM')
    await this.close()
    if (this.#isAborted) return
    this.#isAborted = true
    const summary = { ...this.#summary(undefined), code: exitCodeOf(error), signal: undefined }
    for (const view of this.#parts.events) view.onAbort(error, summary)
    await this.#written()
  }

  async #written(): Promise<void> {
    await Promise.all(this.#parts.events.map(async (view) => view.written()))
  }

  /** Ends timers, then the session, within a bound, and waits for the hooks. Calling it again waits for the first. */
  async close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    await this.#closing
  }

  async #closeOnce(): Promise<void> {
    for (const cancel of this.#cancels) cancel()
    this.#parts.failedList?.discard() // does nothing when it was saved
    const wasStopped = this.#end !== undefined && 'signal' in this.#end
    await Promise.all([this.#session.close(wasStopped), this.#finishHooks()])
    this.#endSignals?.()
  }

  async #finishHooks(): Promise<void> {
    const { hooks, clock, screen } = this.#parts
    if (hooks === undefined) return
    const explain = (): void => {
      const commands = plural(hooks.count, 'command')
      screen.onWarning(undefined, `waiting for ${commands} of --on-complete or --on-error (Ctrl-C ends them)`)
    }
    const cancels = [clock.after(SILENT_HOOKS_MS, explain), clock.every(EXPLAIN_EVERY_MS, explain)]
    await hooks.finished()
    for (const cancel of cancels) cancel()
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
      const result = await this.#items.run(queued)
      if (result !== undefined) this.#record(queued, result)
    }
  }

  #record(queued: QueuedSource, result: JobResult): void {
    this.#tally.add(queued.index, result)
    this.#tell((view) => {
      view.onResult(result)
    })
    const isUnfinished = result.outcome === 'stopped' && result.seeding === undefined
    if (isUnfinished) this.#isUnfinished = true
    const isToldNow = result.seeding === undefined
    if (isToldNow && result.outcome === 'complete' && result.job !== undefined)
      this.#parts.onPath(result.job.path)
    this.#parts.failedList?.add(queued, result)
    if (result.duplicateOf !== undefined) return // once a torrent
    if (isToldNow || result.outcome === 'failed')
      this.#parts.hooks?.add(result, queued.index, this.#items.released(result))
  }

  /** The download is done: all that waits for that has it now, not when the torrent was shared enough. */
  #onSeeding(queued: QueuedSource, downloaded: JobResult): void {
    this.#tell((view) => {
      view.onSeeding(downloaded)
    })
    if (downloaded.job !== undefined) this.#parts.onPath(downloaded.job.path)
    this.#parts.hooks?.add(downloaded, queued.index, Promise.resolve())
  }

  #onTick(): void {
    for (const [job, { stallTimeoutMs }] of this.#items.jobs) {
      job.hasSeenSource()
      job.checkGoal()
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
    this.#idleTicks = this.#items.jobs.size === 0 && list !== undefined ? this.#idleTicks + 1 : 0
    if (list === undefined || this.#idleTicks === 0 || this.#idleTicks % WAITING_TICKS !== 0) return
    this.#warn(undefined, `waiting for more sources from ${list.label}`)
  }

  #limit(timeoutMs: number): void {
    const end = (): void => {
      this.#endAll({ reason: `time limit of ${formatLimit(timeoutMs)} reached` })
    }
    this.#cancels.push(this.#parts.clock.after(timeoutMs, end))
  }

  /** The first reason to end counts. */
  #endAll(end: End): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.#ending.end()
    this.#sources.end()
    for (const job of this.#items.jobs.keys()) endJob(job, end)
  }

  /** @returns what was saved; undefined when nothing was, and why was told */
  #saveFailedList(): RunSummary['failedList'] {
    const { failedList, screen, events } = this.#parts
    if (failedList === undefined && this.#sources.wasCut)
      this.#warn(undefined, 'the list was not read to its end')
    const saved = failedList?.save(this.#sources.unreadLists)
    for (const notice of saved?.notices ?? []) this.#warn(undefined, notice)
    if (saved?.error !== undefined) {
      const { message } = saved.error
      screen.line(PREFIX + show(message)) // an error, so also with -q
      for (const view of events) view.onWarning(undefined, message)
    }
    return saved
  }

  #summary(failedList: RunSummary['failedList']): RunSummary {
    const tally = this.#tally
    const { hooks } = this.#parts
    const { code, signal } = this.#howItEnded()
    return {
      code: code === EXIT.ok && failedList?.error !== undefined ? exitCodeOf(failedList.error) : code,
      signal,
      goOn: this.#parts.delivery?.goOn ?? (this.#isUnfinished || this.#sources.wasCut ? undefined : ''),
      counts: tally.counts,
      results: tally.results((index) => hooks?.reportOf(index)),
      seconds: (this.#parts.clock.now() - this.#startedAtMs) / 1000,
      failedList,
    }
  }

  #howItEnded(): Pick<RunSummary, 'code' | 'signal'> {
    const { code, counts } = this.#tally
    const { wasCut } = this.#sources
    const isUnfinished = counts.stopped > 0 || wasCut || this.#parts.hooks?.wasCutShort === true
    if (this.#end !== undefined && 'signal' in this.#end && isUnfinished)
      return { code: SIGNAL_EXIT[this.#end.signal], signal: this.#end.signal }
    return { code: wasCut && code === EXIT.ok ? EXIT.limit : code, signal: undefined }
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
