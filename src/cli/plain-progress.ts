/**
 * No terminal: one plain line on a change of state and every 10 s, and why when nothing moves. Of more than a few sources
 * the line every 10 s is one for all of them. Also `none`, `-q`.
 */
import type { Clock } from '../common/clock.ts'
import type { TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import { formatBytes, formatEta, formatPercent, formatProgress, formatRate, plural } from './format.ts'
import { IdleWatch, idleText } from './idle-watch.ts'
import { SeedNews, seedingText } from './seed-news.ts'
import { goalText } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import { endLines, isToldAtOnce, messageLine, resultLines, seedingLines, warningLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import { ProgressTally, sumRunning } from './progress-tally.ts'
import type { OutputStream } from './terminal.ts'
import type { JobResult, JobView, RunSummary, Screen, SourceCount } from './view.ts'
import { isStalled } from './why-idle.ts'

const EVERY_MS = 10_000
/** So many sources have lines of their own. */
const FEW = 3

/** progress: all of it; summary: no progress; errors: nothing but failures */
export type PlainAmount = 'progress' | 'summary' | 'errors'

export interface PlainParts {
  readonly stream: OutputStream
  readonly style: LineStyle
  readonly clock: Clock
  readonly amount: PlainAmount
  /** How many sources there are by now. */
  readonly sourceCount: () => SourceCount
}

export class PlainProgress implements Screen {
  readonly #parts: PlainParts
  readonly #idle: IdleWatch
  readonly #tally: ProgressTally
  /** When each running torrent last had a line. */
  readonly #saidAtMs = new Map<JobView, number>()
  readonly #seeds = new SeedNews()
  #totalsAtMs: number

  constructor(parts: PlainParts) {
    this.#parts = parts
    this.#idle = new IdleWatch(parts.clock)
    this.#tally = new ProgressTally(parts.sourceCount)
    this.#totalsAtMs = parts.clock.now()
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

  onChecksum(): void {
    // The result says what was wrong; -v and --json have the rest.
  }

  onWarning(job: JobView | undefined, message: string): void {
    if (this.#parts.amount !== 'errors') this.line(warningLine(job, message, this.#parts.style))
  }

  onTick(): void {
    if (this.#parts.amount !== 'progress') return
    const now = this.#parts.clock.now()
    if (this.#isMany) {
      this.#tellAll(now)
      return
    }
    for (const [job, saidAtMs] of this.#saidAtMs) {
      if (now - saidAtMs < EVERY_MS) continue
      const seeding = job.seeding?.()
      if (seeding === undefined) this.#progress(job, progressText(job.snapshot()))
      else this.#tellSeeding(job, seeding)
    }
  }

  /** A seed that nobody asks has nothing to tell. */
  #tellSeeding(job: JobView, seeding: SeedFigures): void {
    const snapshot = job.snapshot()
    if (!this.#seeds.isNew(job, snapshot)) return
    this.#progress(job, seedingText(snapshot, seeding))
  }

  onSeeding(result: JobResult): void {
    const { job } = result
    this.#tally.addDownloaded(result)
    if (this.#parts.amount === 'errors' || job === undefined) return
    for (const line of seedingLines(result, this.#parts.style)) this.line(line)
    const goal = job.seeding?.()?.goal ?? {}
    const { name, totalBytes } = job.snapshot()
    this.#progress(job, `${name}: seeding ${formatBytes(totalBytes)}, ${goalText(goal)}`)
  }

  onResult(result: JobResult): void {
    this.#tally.add(result)
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

  get #isMany(): boolean {
    const { known, isAll } = this.#parts.sourceCount()
    return known > FEW || !isAll
  }

  #tellAll(now: number): void {
    const snapshots = new Map([...this.#saidAtMs.keys()].map((job) => [job, job.snapshot()]))
    for (const snapshot of this.#idle.due(snapshots)) this.#say(idleText(snapshot))
    if (now - this.#totalsAtMs < EVERY_MS) return
    this.#totalsAtMs = now
    const areSeeding = [...snapshots].every(([job]) => job.seeding?.() !== undefined)
    if (areSeeding && !this.#seeds.isAnyNew(snapshots)) return
    const running = sumRunning(snapshots.values())
    const parts = this.#tally.parts(running, { ...running, word: 'running' })
    this.#say([...parts.values()].join(', '))
  }

  #say(text: string): void {
    this.line(messageLine(text, this.#parts.style))
  }
}

/** `linux-12.iso  58% 368.2/631.0 MiB, 41.3 MiB/s, 12 peers, 0:06 left`. Holds foreign text. */
function progressText(snapshot: TorrentSnapshot): string {
  const { state, name, doneBytes, totalBytes, checkedBytes, bytesToCheck, etaSeconds, peers } = snapshot
  if (state === 'checking') {
    if (bytesToCheck === 0) return `${name}  looking at what is there`
    return `${name}  checking ${formatPercent(checkedBytes, bytesToCheck)} ${formatProgress(checkedBytes, bytesToCheck)}`
  }
  if (isStalled(snapshot)) return idleText(snapshot)
  const left = etaSeconds === undefined ? '' : `, ${formatEta(etaSeconds)} left`
  const rate = formatRate(snapshot.downloadBytesPerSecond)
  const progress = `${formatPercent(doneBytes, totalBytes)} ${formatProgress(doneBytes, totalBytes)}`
  return `${name}  ${progress}, ${rate}, ${plural(peers.connected, 'peer')}${left}`
}
