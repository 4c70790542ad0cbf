/** How far a command is that hashes what is there: a bar on a terminal, elsewhere a plain line at first and every 10 seconds. */
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { BarColumns } from './bar-line.ts'
import { NO_COLUMNS, drawBar, fitColumns } from './bar-line.ts'
import { BarName } from './bar-name.ts'
import { BarTerminal } from './bar-terminal.ts'
import { formatBytes, formatEta, formatPercent, formatProgress, formatRate } from './format.ts'
import type { Drawing } from './job-control.ts'
import type { ProgressKind } from './progress-kind.ts'
import { messageLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import type { OutputStream } from './terminal.ts'
import { steadyText } from './text-width.ts'

const FRAME_MS = 250
const LINE_MS = 10_000

export interface HashProgressParts {
  readonly stream: OutputStream
  readonly style: LineStyle
  readonly clock: Clock
  readonly kind: ProgressKind
  /** Of what is hashed; foreign text. */
  readonly name: string
  /** What is done with it: `hashing`. */
  readonly activity: string
  /** Has it taken off the screen while the process is stopped. @returns ends the watch */
  readonly watchJobControl: (drawing: Drawing) => () => void
}

export class HashProgress implements Drawing {
  readonly #parts: HashProgressParts
  readonly #name: BarName
  readonly #terminal: BarTerminal
  #doneBytes = 0
  #totalBytes = 0
  #sinceMs: number | undefined
  #figures = { second: -1, bytesPerSecond: 0, etaSeconds: undefined as number | undefined }
  #columns: BarColumns = NO_COLUMNS
  #width = 0
  #isSuspended = false
  readonly #stopTimer: CancelTimer | undefined
  readonly #stopJobControl: (() => void) | undefined

  /** Begins to show it. */
  constructor(parts: HashProgressParts) {
    const { stream, style, clock, kind, name } = parts
    this.#parts = parts
    this.#name = new BarName(steadyText(style.terminal.clean(name)))
    this.#terminal = new BarTerminal(stream, style.terminal)
    if (kind === 'bars') {
      this.#stopTimer = clock.every(FRAME_MS, this.#draw)
      this.#stopJobControl = parts.watchJobControl(this)
      stream.on?.('resize', this.#draw)
    } else if (kind === 'plain') {
      this.#stopTimer = clock.every(LINE_MS, () => {
        this.#say(this.#text())
      })
    }
  }

  readonly onProgress = (doneBytes: number, totalBytes: number): void => {
    this.#doneBytes = doneBytes
    this.#totalBytes = totalBytes
    if (this.#sinceMs !== undefined) return
    this.#sinceMs = this.#parts.clock.now()
    const { kind, name, activity } = this.#parts
    if (kind === 'plain') this.#say(`${name}: ${activity} ${formatBytes(totalBytes)}`)
  }

  /** Takes it off the screen for good. Calling it again does nothing. */
  close(): void {
    if (this.#parts.kind === 'bars') this.suspend()
    this.#isSuspended = true
    this.#stopTimer?.()
    this.#stopJobControl?.()
    this.#parts.stream.off?.('resize', this.#draw)
  }

  suspend(): void {
    if (this.#isSuspended) return
    this.#isSuspended = true
    this.#terminal.cursorRelativeReset()
    this.#terminal.present(true)
  }

  lose(): void {
    if (this.#isSuspended) return
    this.#isSuspended = true
    this.#terminal.forget()
  }

  resume(): void {
    if (!this.#isSuspended) return
    this.#isSuspended = false
    this.#draw()
  }

  readonly #draw = (): void => {
    if (this.#isSuspended) return
    const { terminal, theme } = this.#parts.style
    this.#look()
    const width = terminal.width()
    const row = {
      ...this.#figures,
      name: this.#name,
      state: 'checking' as const,
      activity: this.#parts.activity,
      doneBytes: this.#doneBytes,
      totalBytes: this.#totalBytes,
      peerCount: 0,
      notes: this.#sinceMs === undefined ? ['looking at the files'] : [],
    }
    this.#columns = fitColumns([row], width, width === this.#width ? this.#columns : NO_COLUMNS)
    this.#width = width
    this.#terminal.cursorRelativeReset()
    this.#terminal.cursorTo()
    this.#terminal.write(drawBar(row, width, this.#columns, theme))
    this.#terminal.present(false)
  }

  #say(text: string): void {
    this.#parts.stream.write(`${messageLine(text, this.#parts.style)}\n`)
  }

  /** Figures that would flicker stay as they are for a second. */
  #look(): void {
    const now = this.#parts.clock.now()
    const second = Math.floor(now / 1000)
    if (second === this.#figures.second && this.#figures.bytesPerSecond > 0) return
    const elapsedMs = now - (this.#sinceMs ?? now)
    const bytesPerSecond = elapsedMs <= 0 ? 0 : (this.#doneBytes * 1000) / elapsedMs
    const etaSeconds = bytesPerSecond > 0 ? (this.#totalBytes - this.#doneBytes) / bytesPerSecond : undefined
    this.#figures = { second, bytesPerSecond, etaSeconds }
  }

  /** `data: hashing 58% 368.2/631.0 MiB, 1.7 GiB/s, 0:06 left`. Holds foreign text. */
  #text(): string {
    const { name, activity } = this.#parts
    if (this.#sinceMs === undefined) return `${name}: looking at the files`
    this.#look()
    const { bytesPerSecond, etaSeconds } = this.#figures
    const done = `${formatPercent(this.#doneBytes, this.#totalBytes)} ${formatProgress(this.#doneBytes, this.#totalBytes)}`
    const left = etaSeconds === undefined ? '' : `, ${formatEta(etaSeconds)} left`
    return `${name}: ${activity} ${done}, ${formatRate(bytesPerSecond)}${left}`
  }
}
