/** On a terminal: one cli-progress bar a torrent, results and log lines above them, and a line of totals for several. */
import type { MultiBar, SingleBar } from 'cli-progress'
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { TorrentState } from '../torrent/snapshot.ts'
import { NO_COLUMNS, drawBar, fitColumns } from './bar-line.ts'
import { BarTerminal } from './bar-terminal.ts'
import { IdleWatch, idleText } from './idle-watch.ts'
import { JobBar } from './job-bar.ts'
import type { Drawing } from './job-control.ts'
import { chooseShown } from './shown-bars.ts'
import { endLines, isToldAtOnce, messageLine, resultLines, seedingLines, warningLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import { ProgressTally, sumRunning } from './progress-tally.ts'
import type { OutputStream } from './terminal.ts'
import { drawTotals } from './totals-line.ts'
import type { JobResult, JobView, RunSummary, Screen, SourceCount } from './view.ts'

const FRAME_MS = 250
/** A frame that is like the last one is left out for this long: what somebody else wrote on the screen is mended then. */
const MEND_MS = 1000
/** cli-progress' own timer must not draw: frames come from our clock. It cannot be turned off. */
const NEVER_FPS = 1 / 86_400

export interface BarsParts {
  readonly stream: OutputStream
  readonly style: LineStyle
  readonly clock: Clock
  /** How many sources there are by now. */
  readonly sourceCount: () => SourceCount
  /** Has it taken off the screen while the process is stopped. @returns ends the watch */
  readonly watchJobControl: (drawing: Drawing) => () => void
}

/** Loads cli-progress. */
export async function openProgressBars(parts: BarsParts): Promise<Screen> {
  const { MultiBar } = (await import('cli-progress')).default
  const terminal = new BarTerminal(parts.stream, parts.style.terminal)
  const options = {
    fps: NEVER_FPS,
    forceRedraw: true, // the terminal decides
    clearOnComplete: true,
    emptyOnZero: true,
    gracefulExit: false, // signals are ours
    terminal, // not in the package's types
  }
  return new ProgressBars(new MultiBar(options), terminal, parts)
}

class ProgressBars implements Screen {
  readonly #multiBar: MultiBar
  readonly #terminal: BarTerminal
  readonly #parts: BarsParts
  readonly #idle: IdleWatch
  readonly #tally: ProgressTally
  /** In the order in which they began. */
  readonly #running = new Map<JobView, JobBar>()
  /** From the top. */
  #shown: JobBar[] = []
  /** The rows of the frame: a bar of cli-progress each, drawn from #lines. */
  readonly #rows: SingleBar[] = []
  #lines: string[] = []
  #columns = NO_COLUMNS
  /** Of the terminal, when #columns were fitted. */
  #width = 0
  #drawnAtMs = -Infinity
  #lookedAtMs = -Infinity
  #mendedAtMs = -Infinity
  #stopFrames: CancelTimer | undefined
  #stopJobControl: (() => void) | undefined
  #isSuspended = false
  #isClosed = false

  constructor(multiBar: MultiBar, terminal: BarTerminal, parts: BarsParts) {
    this.#multiBar = multiBar
    this.#terminal = terminal
    this.#parts = parts
    this.#idle = new IdleWatch(parts.clock)
    this.#tally = new ProgressTally(parts.sourceCount)
  }

  onStart(job: JobView): void {
    this.#begin()
    this.#running.set(job, new JobBar(job, this.#parts.style.terminal.clean))
    this.#changeBars()
  }

  onState(job: JobView, _state: TorrentState): void {
    this.#running.get(job)?.onState()
  }

  onTracker(): void {
    // The bar's note tells when it matters.
  }

  onFile(): void {
    // Too much for eyes; -v and --json have it.
  }

  onChecksum(): void {
    // The result says what was wrong; -v and --json have the rest.
  }

  onWarning(job: JobView | undefined, message: string): void {
    this.line(warningLine(job, message, this.#parts.style))
  }

  onTick(): void {
    const snapshots = [...this.#running.values()].map(({ job, snapshot }) => [job, snapshot] as const)
    for (const snapshot of this.#idle.due(snapshots))
      this.line(messageLine(idleText(snapshot), this.#parts.style))
  }

  onSeeding(result: JobResult): void {
    this.#tally.addDownloaded(result)
    for (const line of seedingLines(result, this.#parts.style)) this.line(line)
    if (result.job !== undefined) this.#running.get(result.job)?.onState()
    this.#changeBars()
  }

  onResult(result: JobResult): void {
    this.#tally.add(result)
    if (result.job !== undefined) this.#running.delete(result.job)
    if (isToldAtOnce(result, this.#parts.style))
      for (const line of resultLines(result, this.#parts.style)) this.line(line)
    this.#changeBars()
  }

  onEnd(summary: RunSummary): void {
    this.close()
    for (const line of endLines(summary, this.#parts.style)) this.line(line)
  }

  line(text: string): void {
    if (this.#isDrawing) this.#terminal.writeAbove(text)
    else this.#parts.stream.write(`${text}\n`)
  }

  close(): void {
    if (this.#isClosed) return
    this.suspend()
    this.#isClosed = true
    this.#stopFrames?.()
    this.#stopJobControl?.()
    this.#parts.stream.off?.('resize', this.#onResize)
    this.#multiBar.stop()
  }

  suspend(): void {
    if (!this.#isDrawing) return
    this.#isSuspended = true
    this.#lines = []
    this.#present(true)
  }

  lose(): void {
    if (!this.#isDrawing) return
    this.#isSuspended = true
    this.#terminal.forget()
  }

  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    this.#redraw()
  }

  get #isDrawing(): boolean {
    return this.#stopFrames !== undefined && !this.#isClosed && !this.#isSuspended
  }

  /** With the first torrent. */
  #begin(): void {
    if (this.#stopFrames !== undefined || this.#isClosed) return
    this.#stopFrames = this.#parts.clock.every(FRAME_MS, () => {
      this.#drawFrame()
    })
    this.#stopJobControl = this.#parts.watchJobControl(this)
    this.#parts.stream.on?.('resize', this.#onResize)
  }

  readonly #onResize = (): void => {
    this.#redraw()
  }

  /** Others are shown now: at once, but with the next frame when a thousand small torrents come and go. */
  #changeBars(): void {
    this.#lookedAtMs = -Infinity
    if (this.#parts.clock.now() - this.#drawnAtMs >= FRAME_MS) this.#drawFrame()
  }

  #redraw(): void {
    this.#lookedAtMs = -Infinity
    this.#drawFrame()
  }

  #drawFrame(): void {
    if (!this.#isDrawing) return
    const now = this.#parts.clock.now()
    this.#drawnAtMs = now
    // What moves a figure more often than once a second only distracts, and what has no bar needs no look in between.
    const looksAtAll = now - this.#lookedAtMs >= 1000
    for (const bar of looksAtAll ? this.#running.values() : this.#shown) bar.refresh(now)
    if (looksAtAll) {
      this.#lookedAtMs = now
      this.#shown = chooseShown([...this.#running.values()], this.#shown, this.#roomForBars())
    }
    this.#lines = this.#drawLines()
    const isMending = now - this.#mendedAtMs >= MEND_MS
    if (isMending) this.#mendedAtMs = now
    this.#present(isMending)
  }

  /** One line stays free for what is written above the bars, and a quarter of the screen when not all have room. */
  #roomForBars(): number {
    const height = this.#parts.style.terminal.height()
    const totals = this.#parts.style.isBatch ? 1 : 0
    const room = Math.max(1 - totals, height - 1 - totals)
    if (this.#running.size <= room) return room
    return Math.max(1 - totals, height - Math.max(1, Math.floor(height / 4)) - totals)
  }

  #drawLines(): string[] {
    const { terminal, theme } = this.#parts.style
    const width = terminal.width()
    const rows = this.#shown.map(({ row }) => row)
    this.#columns = fitColumns(rows, width, width === this.#width ? this.#columns : NO_COLUMNS)
    this.#width = width
    const lines = rows.map((row) => drawBar(row, width, this.#columns, theme))
    return this.#parts.style.isBatch ? [...lines, this.#drawTotals(width)] : lines
  }

  #drawTotals(width: number): string {
    const shown = new Set(this.#shown)
    const hidden = [...this.#running.values()].filter((bar) => !shown.has(bar))
    const stalledCount = hidden.filter(({ state }) => state === 'stalled').length
    const told = { count: hidden.length, word: 'more running', stalledCount }
    const running = sumRunning([...this.#running.values()].map(({ snapshot }) => snapshot))
    return drawTotals(this.#tally.parts(running, told), width, this.#parts.style.theme)
  }

  /** Has cli-progress draw #lines. */
  #present(isForced: boolean): void {
    while (this.#rows.length < this.#lines.length) this.#addRow(this.#rows.length)
    for (const row of this.#rows.splice(this.#lines.length)) this.#multiBar.remove(row)
    for (const [index, row] of this.#rows.entries()) {
      const snapshot = this.#shown[index]?.snapshot
      row.setTotal(snapshot?.totalBytes ?? 0)
      row.update(snapshot?.doneBytes ?? 0)
    }
    this.#multiBar.update()
    this.#terminal.present(isForced)
  }

  #addRow(index: number): void {
    this.#rows.push(this.#multiBar.create(1, 0, {}, { format: () => this.#lines[index] ?? '' }))
  }
}
