/** No terminal: one plain line on a change of state and every 10 s, and why when nothing moves. Also `none`, `-q`. */
import type { Clock } from '../common/clock.ts'
import type { TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import { formatBytes, formatEta, formatPercent, formatProgress, formatRate, plural } from './format.ts'
import { IdleWatch } from './idle-watch.ts'
import { PREFIX, endLines, isToldAtOnce, resultLines, warningLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import type { OutputStream } from './terminal.ts'
import type { JobResult, JobView, RunSummary, Screen } from './view.ts'

const EVERY_MS = 10_000

/** progress: all of it; summary: no progress; errors: nothing but failures */
export type PlainAmount = 'progress' | 'summary' | 'errors'

export interface PlainParts {
  readonly stream: OutputStream
  readonly style: LineStyle
  readonly clock: Clock
  readonly amount: PlainAmount
}

export class PlainProgress implements Screen {
  readonly #parts: PlainParts
  readonly #idle: IdleWatch
  /** When each running torrent last had a line. */
  readonly #saidAtMs = new Map<JobView, number>()

  constructor(parts: PlainParts) {
    this.#parts = parts
    this.#idle = new IdleWatch(parts.clock)
  }

  onStart(job: JobView): void {
    this.#saidAtMs.set(job, this.#parts.clock.now())
  }

  onState(job: JobView, state: TorrentState): void {
    if (state !== 'downloading') return
    const { name, doneBytes, totalBytes } = job.snapshot()
    const have = doneBytes > 0 ? `, ${formatBytes(doneBytes)} is there` : ''
    this.#progress(job, `${name}: downloading ${formatBytes(totalBytes)}${have}`)
  }

  onTracker(): void {
    // Told when nothing moves, and at the end when nothing came.
  }

  onFile(): void {
    // -v and --json have it.
  }

  onWarning(job: JobView | undefined, message: string): void {
    if (this.#parts.amount !== 'errors') this.line(warningLine(job, message, this.#parts.style))
  }

  onTick(): void {
    const now = this.#parts.clock.now()
    for (const [job, saidAtMs] of this.#saidAtMs) {
      const reason = this.#idle.reason(job)
      if (reason !== undefined) this.#progress(job, reason)
      else if (now - saidAtMs >= EVERY_MS) this.#progress(job, progressText(job.snapshot()))
    }
  }

  onResult(result: JobResult): void {
    if (result.job !== undefined) this.#saidAtMs.delete(result.job)
    const isWanted =
      this.#parts.amount === 'errors' ? result.outcome === 'failed' : isToldAtOnce(result, this.#parts.style)
    if (!isWanted) return
    for (const line of resultLines(result, this.#parts.style)) this.line(line)
  }

  onEnd(summary: RunSummary): void {
    if (this.#parts.amount === 'errors') return
    for (const line of endLines(summary, this.#parts.style)) this.line(line)
  }

  line(text: string): void {
    this.#parts.stream.write(`${text}\n`)
  }

  close(): void {
    this.#saidAtMs.clear()
  }

  #progress(job: JobView, text: string): void {
    this.#saidAtMs.set(job, this.#parts.clock.now())
    if (this.#parts.amount === 'progress') this.#say(text)
  }

  #say(text: string): void {
    this.line(PREFIX + this.#parts.style.terminal.clean(text))
  }
}

/** `linux-12.iso  58% 368.2/631.0 MiB, 41.3 MiB/s, 12 peers, 0:06 left`. Holds foreign text. */
function progressText(snapshot: TorrentSnapshot): string {
  const { state, name, doneBytes, totalBytes, checkedBytes, bytesToCheck, etaSeconds, peers } = snapshot
  if (state === 'checking') {
    if (bytesToCheck === 0) return `${name}  looking at what is there`
    return `${name}  checking ${formatPercent(checkedBytes, bytesToCheck)} ${formatProgress(checkedBytes, bytesToCheck)}`
  }
  const left = etaSeconds === undefined ? '' : `, ${formatEta(etaSeconds)} left`
  const rate = formatRate(snapshot.downloadBytesPerSecond)
  const progress = `${formatPercent(doneBytes, totalBytes)} ${formatProgress(doneBytes, totalBytes)}`
  return `${name}  ${progress}, ${rate}, ${plural(peers.connected, 'peer')}${left}`
}
