/** `torrent-dl <source>...`: one session, `--jobs` torrents at a time, until each of them has a result. */
import { sleep } from '../../common/clock.ts'
import type { Clock } from '../../common/clock.ts'
import { BugError, InputError, KnownError, SourceError, systemCodeOf } from '../../common/errors.ts'
import type { LogSink } from '../../common/log.ts'
import { bytesOfPieces } from '../../metainfo/file-selection.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import type { TorrentSettings } from '../../session/settings.ts'
import type { TorrentObserver } from '../../torrent/snapshot.ts'
import { EXIT, SIGNAL_EXIT, combinedExitCode, exitCodeOf } from '../exit-codes.ts'
import type { StopSignal } from '../exit-codes.ts'
import { formatLimit } from '../format.ts'
import { chooseFiles, chosenPieces, torrentSettings } from '../item-options.ts'
import type { ChosenPieces, ItemOptions } from '../item-options.ts'
import { Job } from '../job.ts'
import type { JobTorrent } from '../job.ts'
import { readSource } from '../source.ts'
import { otherWork } from '../../storage/turns.ts'
import type { DownloadView, JobResult, RunSummary, Screen } from '../view.ts'
import { describePeers } from '../why-idle.ts'
import { GO_ON, whereOf } from '../summary.ts'

const TICK_MS = 1000
/** The engine says goodbye to trackers for 2 s at the most; this is for when it does not keep its word. */
const CLOSE_LIMIT_MS = 5000
/** A source is looked at again when there was no descriptor for it. */
const RETRY_MS = 200
/** After a Ctrl-C, a longer goodbye is explained: silence would look like a hang. */
const SILENT_CLOSE_MS = 500
/** More renames or notices of one torrent are only counted. */
const MAX_NOTICES = 5

export interface DownloadOptions {
  readonly item: ItemOptions
  /** Torrents at a time, at least 1. */
  readonly jobs: number
  /** For the whole run. */
  readonly timeoutMs: number | undefined
  /** For each torrent. */
  readonly stallTimeoutMs: number | undefined
}

/** What is needed of a session; session.ts has the real one, tests another. */
export interface DownloadSession {
  add(metainfo: Metainfo, settings: TorrentSettings, observer: TorrentObserver): JobTorrent
  close(): Promise<void>
}

/** Everything from outside. */
export interface DownloadParts {
  /** Called once, for the first source that is a torrent. */
  readonly openSession: () => Promise<DownloadSession>
  readonly readTorrent: (bytes: Buffer) => Metainfo
  /** All addresses of a name (or of an address). */
  readonly lookup: (name: string) => Promise<readonly string[]>
  readonly clock: Clock
  readonly log: LogSink
  readonly stdin: AsyncIterable<Buffer | string>
  readonly screen: Screen
  /** Also told of everything, after the screen. */
  readonly events: DownloadView | undefined
  /** Gets the path of each finished torrent. */
  readonly onPath: (path: string) => void
  /** Calls back when the user wants to stop. @returns ends the watch */
  readonly watchSignals: (onStop: (signal: StopSignal) => void) => () => void
  /** Has `close` run before the process dies of something unexpected. */
  readonly onRescue: (close: () => Promise<void>) => void
}

type End = { readonly reason: string } | { readonly signal: StopSignal }

/** @returns the exit code; every result was shown. Rejects with what is not any source's fault. */
export async function download(
  sources: readonly string[],
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
  readonly #sources: readonly string[]
  readonly #options: DownloadOptions
  readonly #parts: DownloadParts
  readonly #views: readonly DownloadView[]
  readonly #jobs = new Set<Job>()
  readonly #results: JobResult[] = []
  readonly #cancels: (() => void)[] = []
  #session: Promise<DownloadSession> | undefined
  #peers: Promise<TorrentSettings['peers']> | undefined
  #end: End | undefined
  #onEnd: (() => void) | undefined
  /** Settles when the run must stop early. */
  readonly #ended: Promise<undefined>
  #closing: Promise<void> | undefined
  /** Signals are watched until the very end: a second one must end the goodbye to the trackers. */
  #endSignals: (() => void) | undefined

  constructor(sources: readonly string[], options: DownloadOptions, parts: DownloadParts) {
    this.#sources = sources
    this.#options = options
    this.#parts = parts
    this.#views = parts.events === undefined ? [parts.screen] : [parts.screen, parts.events]
    this.#ended = new Promise((resolveEnd) => {
      this.#onEnd = () => {
        resolveEnd(undefined)
      }
    })
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
    await this.close()
    const summary = this.#summary()
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
    const session = await this.#session?.catch(() => undefined) // its failure was told already
    if (session !== undefined) await this.#closeSession(session)
    this.#endSignals?.()
  }

  async #closeSession(session: DownloadSession): Promise<void> {
    const { clock, log, screen } = this.#parts
    const cancels: (() => void)[] = []
    if (this.#end !== undefined && 'signal' in this.#end) {
      const explain = (): void => {
        screen.onWarning(undefined, 'telling the trackers that we stop (Ctrl-C again ends at once)')
      }
      cancels.push(clock.after(SILENT_CLOSE_MS, explain))
    }
    const late = new Promise<void>((resolveLate) => {
      const giveUp = (): void => {
        log('warn', 'session', `did not close within ${CLOSE_LIMIT_MS / 1000} s`)
        resolveLate()
      }
      cancels.push(clock.after(CLOSE_LIMIT_MS, giveUp))
    })
    await Promise.race([session.close(), late])
    for (const cancel of cancels) cancel()
  }

  /** Each worker has one source at a time. They begin one by one: what one has begun goes on while the next one reads. */
  async #workOnAll(): Promise<void> {
    const queue = this.#sources.entries()
    let turn = Promise.resolve()
    const workers = Array.from({ length: Math.min(this.#options.jobs, this.#sources.length) }, async () => {
      const begin = turn
      turn = begin.then(otherWork)
      await begin
      await this.#work(queue)
    })
    await Promise.all(workers)
  }

  async #work(queue: IterableIterator<[number, string]>): Promise<void> {
    for (const [index, source] of queue) {
      if (this.#closing !== undefined) return // another worker met a bug
      const result = this.#end === undefined ? await this.#runOne(source) : notStarted(source, this.#end)
      this.#results[index] = result
      this.#tell((view) => {
        view.onResult(result)
      })
      if (result.outcome === 'complete' && result.job !== undefined) this.#parts.onPath(result.job.path)
    }
  }

  /** An error we expect becomes this source's result; anything else ends the run. */
  async #runOne(source: string): Promise<JobResult> {
    let job: Job | undefined
    try {
      const bytes = await Promise.race([this.#read(source), this.#ended])
      if (bytes === undefined) return notStarted(source, this.#end)
      const metainfo = this.#parts.readTorrent(bytes)
      const selection = await chooseFiles(metainfo, this.#options.item)
      const chosen = selection === undefined ? undefined : chosenPieces(metainfo, selection)
      job = this.#makeJob(source, metainfo, chosen)
      const torrent = await this.#add(job, chosen)
      if (torrent === undefined) return notStarted(source, this.#end)
      this.#jobs.add(job)
      job.start(torrent)
      this.#showNotices(job)
      for (const notice of selection?.notices ?? []) this.#warn(job, notice)
      const result = await job.result
      void torrent.stop() // never rejects; close() waits for it
      return result
    } catch (error) {
      if (!isOfSource(error)) throw error
      return failedResult(source, error)
    } finally {
      if (job !== undefined) this.#jobs.delete(job)
    }
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

  #makeJob(source: string, metainfo: Metainfo, chosen: ChosenPieces | undefined): Job {
    const { clock, log } = this.#parts
    const { outputDirectory } = this.#options.item
    const totalBytes = chosen === undefined ? undefined : bytesOfPieces(metainfo, chosen.priorities)
    return new Job({ source, metainfo, totalBytes, outputDirectory, views: this.#views, clock, log })
  }

  /** @returns undefined when the run ended meanwhile */
  async #add(job: Job, chosen: ChosenPieces | undefined): Promise<JobTorrent | undefined> {
    this.#session ??= this.#parts.openSession()
    this.#peers ??= this.#resolvePeers()
    const ready = await Promise.race([Promise.all([this.#session, this.#peers]), this.#ended])
    if (ready === undefined || this.#end !== undefined) return undefined
    const [session, peers] = ready
    return session.add(job.metainfo, torrentSettings(this.#options.item, peers, chosen), job)
  }

  /** A name that cannot be resolved is told and left out: others may do. */
  async #resolvePeers(): Promise<TorrentSettings['peers']> {
    const found = await Promise.all(
      this.#options.item.peers.map(async ({ host, port }) => {
        try {
          return (await this.#parts.lookup(host)).map((address) => ({ host: address, port }))
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          this.#warn(undefined, `--peer ${host}:${port}: ${reason}`)
          return []
        }
      }),
    )
    return found.flat()
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
    this.#tell((view) => {
      view.onTick()
    })
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
    this.#onEnd?.()
    for (const job of this.#jobs) {
      if ('signal' in end) job.interrupt(end.signal)
      else job.fail(job.hasSeenSource() ? timeLimit(end.reason, job) : noSource(end.reason, job))
    }
  }

  #summary(): RunSummary {
    const results = this.#results
    const signal = this.#end !== undefined && 'signal' in this.#end ? this.#end.signal : undefined
    const isStopped = signal !== undefined && results.some(({ outcome }) => outcome === 'stopped')
    const code = isStopped ? SIGNAL_EXIT[signal] : combinedExitCode(results.map((result) => result.code))
    return { code, signal: isStopped ? signal : undefined, results }
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

function stallError(job: Job, limitMs: number): SourceError {
  const limit = formatLimit(limitMs)
  if (!job.hasSeenSource()) return noSource(`stall limit of ${limit} reached`, job)
  const snapshot = job.snapshot()
  return new SourceError(
    'STALLED',
    `nothing came for ${limit} (stall limit), ${whereOf(snapshot)}: ${describePeers(snapshot.peers)}`,
  )
}

function timeLimit(reason: string, job: Job): SourceError {
  return new SourceError('TIME_LIMIT', `${reason} ${whereOf(job.snapshot())}; ${GO_ON}`)
}

function noSource(reason: string, job: Job): SourceError {
  const isTrackerless = job.metainfo.trackerTiers.length === 0
  const trackers = isTrackerless ? 'the torrent names no tracker' : 'no tracker named a peer'
  return new SourceError('NO_SOURCE', `${reason} and no source was found: ${trackers}, no peer answered`)
}

function failedResult(source: string, error: KnownError): JobResult {
  const code = exitCodeOf(error)
  return { source, outcome: 'failed', code, error, job: undefined, snapshot: undefined, seconds: 0 }
}

function notStarted(source: string, end: End | undefined): JobResult {
  if (end === undefined)
    throw new BugError('BUG_RUN_NOT_ENDED', `${source} was left out while the run goes on`)
  if ('reason' in end) return failedResult(source, new SourceError('TIME_LIMIT', end.reason))
  const code = SIGNAL_EXIT[end.signal]
  const nothing = { error: undefined, job: undefined, snapshot: undefined, seconds: 0 }
  return { source, outcome: 'stopped', code, ...nothing }
}
