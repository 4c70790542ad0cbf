/** On a terminal: one cli-progress bar a torrent, results and log lines above them, and a line of totals for several. */
import type { MultiBar, SingleBar } from 'cli-progress'
import type { Clock } from '../common/clock.ts'
import type { TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import { drawBar, fitColumns } from './bar-line.ts'
import type { BarColumns, BarRow } from './bar-line.ts'
import { BarTerminal } from './bar-terminal.ts'
import { formatEta, formatProgress, formatRate } from './format.ts'
import { IdleWatch } from './idle-watch.ts'
import { PREFIX, endLines, isToldAtOnce, resultLines, warningLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import type { OutputStream } from './terminal.ts'
import { truncateEnd } from './text-width.ts'
import type { JobResult, JobView, RunSummary, Screen, SourceCount } from './view.ts'
import { describePeers, shortReason } from './why-idle.ts'

const REDRAWS_PER_SECOND = 4
/** A pause is shown as a stall after this. */
const STALLED_AFTER_SECONDS = 10
/** Lines of the screen that are not bars: the totals, and one for what is written above the bars. */
const OTHER_LINES = 2

export interface BarsParts {
  readonly stream: OutputStream
  readonly style: LineStyle
  readonly clock: Clock
  /** How many sources there are by now. */
  readonly sourceCount: () => SourceCount
}

const NO_COLUMNS: BarColumns = { nameCells: 0, barCells: 0, fields: [] }

interface Row {
  readonly job: JobView
  /** undefined: the screen has no room for it. */
  bar: SingleBar | undefined
  /** For the rate while checking, which the engine does not measure. */
  checkedFromMs: number
  shown: BarRow
}

/** Loads cli-progress. */
export async function openProgressBars(parts: BarsParts): Promise<Screen> {
  const { MultiBar } = (await import('cli-progress')).default
  const terminal = new BarTerminal(parts.stream, () => parts.style.terminal.width())
  const options = {
    fps: REDRAWS_PER_SECOND,
    forceRedraw: true, // a line that was written above shifts every bar
    clearOnComplete: true,
    emptyOnZero: true,
    gracefulExit: false, // signals are ours
    terminal, // not in the package's types
  }
  return new ProgressBars(new MultiBar(options), terminal, parts)
}

class ProgressBars implements Screen {
  readonly #bars: MultiBar
  readonly #terminal: BarTerminal
  readonly #parts: BarsParts
  readonly #rows = new Map<JobView, Row>()
  readonly #idle: IdleWatch
  /** Of those that ended. */
  readonly #ended = { count: 0, done: 0, failed: 0, doneBytes: 0 }
  #columns = NO_COLUMNS
  #totals: SingleBar | undefined
  /** Collects several changes into one write. */
  #isHolding = false
  #isClosed = false

  constructor(bars: MultiBar, terminal: BarTerminal, parts: BarsParts) {
    this.#bars = bars
    this.#terminal = terminal
    this.#parts = parts
    this.#idle = new IdleWatch(parts.clock)
    bars.on('update-pre', () => {
      this.#refresh()
    })
    for (const event of ['update-post', 'stop']) {
      bars.on(event, () => {
        if (!this.#isHolding) terminal.flush()
      })
    }
    parts.stream.on?.('resize', this.#onResize)
  }

  onStart(job: JobView): void {
    this.#inOneWrite(() => {
      const checkedFromMs = this.#parts.clock.now()
      this.#rows.set(job, { job, bar: undefined, checkedFromMs, shown: EMPTY_ROW })
      this.#arrange()
      this.#bars.update()
    })
  }

  onState(_job: JobView, _state: TorrentState): void {
    // The next frame shows it.
  }

  onTracker(): void {
    // The bar's note tells when it matters.
  }

  onFile(): void {
    // Too much for eyes; -v and --json have it.
  }

  onWarning(job: JobView | undefined, message: string): void {
    this.line(warningLine(job, message, this.#parts.style))
  }

  onTick(): void {
    for (const { job } of this.#rows.values()) {
      const reason = this.#idle.reason(job)
      if (reason !== undefined) this.line(PREFIX + this.#parts.style.terminal.clean(reason))
    }
  }

  onResult(result: JobResult): void {
    this.#countEnded(result)
    const row = result.job && this.#rows.get(result.job)
    if (isToldAtOnce(result, this.#parts.style))
      for (const line of resultLines(result, this.#parts.style)) this.line(line)
    if (row === undefined) return
    this.#rows.delete(row.job)
    this.#inOneWrite(() => {
      this.#hide(row)
      this.#arrange()
      if (this.#rows.size > 0) this.#bars.update()
    })
  }

  onEnd(summary: RunSummary): void {
    this.close()
    for (const line of endLines(summary, this.#parts.style)) this.line(line)
  }

  line(text: string): void {
    if (this.#bars.isActive) this.#bars.log(`${text}\n`)
    else this.#parts.stream.write(`${text}\n`)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#parts.stream.off?.('resize', this.#onResize)
    if (!this.#bars.isActive) return
    this.#bars.update() // writes lines that still wait
    this.#bars.stop()
  }

  #inOneWrite(change: () => void): void {
    this.#isHolding = true
    change()
    this.#isHolding = false
    this.#terminal.flush()
  }

  readonly #onResize = (): void => {
    if (!this.#bars.isActive) return
    this.#inOneWrite(() => {
      this.#arrange()
      this.#bars.update()
    })
  }

  /** A bar for each torrent, those that began first, as far as the screen has room: what scrolls off cannot be redrawn. */
  #arrange(): void {
    const room = Math.max(1, this.#parts.style.terminal.height() - OTHER_LINES)
    const rows = [...this.#rows.values()]
    for (const row of rows.slice(room)) this.#hide(row)
    const fresh = rows.slice(0, room).filter(({ bar }) => bar === undefined)
    if (fresh.length === 0) return
    this.#columns = NO_COLUMNS
    // The totals stay below the bars: taken out and put back.
    if (this.#totals !== undefined) this.#bars.remove(this.#totals)
    for (const row of fresh) row.bar = this.#bars.create(1, 0, {}, { format: () => this.#draw(row.job) })
    if (this.#parts.style.isBatch) {
      this.#totals = this.#bars.create(1, 0, {}, { format: () => this.#drawTotals() })
    }
  }

  #hide(row: Row): void {
    if (row.bar === undefined) return
    this.#bars.remove(row.bar)
    row.bar = undefined
    this.#columns = NO_COLUMNS
  }

  #shownRows(): Row[] {
    return [...this.#rows.values()].filter(({ bar }) => bar !== undefined)
  }

  /** Before each frame: one snapshot a torrent, and columns that fit all of them. */
  #refresh(): void {
    for (const row of this.#rows.values()) row.shown = this.#rowOf(row)
    const rows = this.#shownRows()
    const shown = rows.map((row) => row.shown)
    this.#columns = fitColumns(shown, this.#parts.style.terminal.width(), this.#columns.fields)
    for (const { bar, shown: row } of rows) {
      bar?.setTotal(row.totalBytes)
      bar?.update(row.doneBytes)
    }
  }

  #draw(job: JobView): string {
    const row = this.#rows.get(job)
    if (row === undefined) return ''
    return drawBar(row.shown, this.#parts.style.terminal.width(), this.#columns, this.#parts.style.theme)
  }

  #drawTotals(): string {
    const { theme, terminal } = this.#parts.style
    const { done, failed } = this.#ended
    const { known, isAll } = this.#parts.sourceCount()
    let rate = 0
    for (const { shown } of this.#rows.values()) if (shown.state !== 'checking') rate += shown.bytesPerSecond
    const parts = [`${done} of ${known}${isAll ? '' : '+'} done`]
    if (failed > 0) parts.push(`${failed} failed`)
    const hiddenCount = this.#rows.size - this.#shownRows().length
    if (hiddenCount > 0) parts.push(`${hiddenCount} more running`)
    const all = this.#allBytes()
    if (all !== undefined) parts.push(formatProgress(all.doneBytes, all.totalBytes))
    parts.push(formatRate(rate))
    // One that stands still has no end, so all of them have none.
    const isAllMoving = [...this.#rows.values()].every(({ shown }) => shown.bytesPerSecond > 0)
    if (all !== undefined && isAllMoving && rate > 0) {
      parts.push(`${formatEta((all.totalBytes - all.doneBytes) / rate)} left`)
    }
    return theme.paint('quiet', truncateEnd(parts.join(` ${theme.symbols.dot} `), terminal.width() - 1, ''))
  }

  /** Of all sources, once each of them is known and none is being checked. */
  #allBytes(): { doneBytes: number; totalBytes: number } | undefined {
    const running = [...this.#rows.values()].map(({ job }) => job.snapshot())
    const { known, isAll } = this.#parts.sourceCount()
    const isKnown = isAll && running.length + this.#ended.count === known
    if (!isKnown || running.some(({ state }) => state === 'checking')) return undefined
    const { doneBytes } = this.#ended
    return {
      doneBytes: running.reduce((sum, snapshot) => sum + snapshot.doneBytes, doneBytes),
      totalBytes: running.reduce((sum, snapshot) => sum + snapshot.totalBytes, doneBytes),
    }
  }

  #countEnded({ outcome, snapshot, duplicateOf }: JobResult): void {
    const ended = this.#ended
    ended.count++
    if (duplicateOf !== undefined) return
    if (outcome === 'failed') ended.failed++
    if (outcome !== 'complete') return
    ended.done++
    ended.doneBytes += snapshot?.totalBytes ?? 0
  }

  #rowOf({ job, checkedFromMs }: Row): BarRow {
    const snapshot = job.snapshot()
    const name = this.#parts.style.terminal.clean(snapshot.name)
    if (snapshot.state === 'checking') {
      return checkingRow(name, snapshot, this.#parts.clock.now() - checkedFromMs)
    }
    const state = stateOf(snapshot)
    return {
      name,
      state,
      doneBytes: snapshot.doneBytes,
      totalBytes: snapshot.totalBytes,
      bytesPerSecond: snapshot.downloadBytesPerSecond,
      peerCount: snapshot.peers.connected,
      etaSeconds: snapshot.etaSeconds,
      note: this.#parts.style.terminal.clean(noteOf(state, snapshot)),
    }
  }
}

const EMPTY_ROW: BarRow = {
  name: '',
  state: 'connecting',
  doneBytes: 0,
  totalBytes: 0,
  bytesPerSecond: 0,
  peerCount: 0,
  etaSeconds: undefined,
  note: '',
}

function checkingRow(
  name: string,
  { checkedBytes, bytesToCheck, totalBytes }: TorrentSnapshot,
  elapsedMs: number,
): BarRow {
  // Not known yet, or nothing: a full bar would say that it is done.
  if (bytesToCheck === 0) return { ...EMPTY_ROW, name, state: 'checking', totalBytes, note: 'checking' }
  const bytesPerSecond = elapsedMs > 0 ? (checkedBytes * 1000) / elapsedMs : 0
  const leftBytes = bytesToCheck - checkedBytes
  return {
    ...EMPTY_ROW,
    name,
    state: 'checking',
    doneBytes: checkedBytes,
    totalBytes: bytesToCheck,
    bytesPerSecond,
    etaSeconds: bytesPerSecond > 0 ? leftBytes / bytesPerSecond : undefined,
  }
}

function stateOf({ state, peers, idleSeconds, downloadBytesPerSecond }: TorrentSnapshot): BarRow['state'] {
  if (state !== 'downloading' || downloadBytesPerSecond > 0) return 'moving'
  if (idleSeconds >= STALLED_AFTER_SECONDS) return 'stalled'
  return peers.connected === 0 ? 'connecting' : 'moving'
}

function noteOf(state: BarRow['state'], snapshot: TorrentSnapshot): string {
  if (state === 'stalled') return shortReason(snapshot)
  if (state !== 'connecting') return ''
  return snapshot.peers.known === 0 ? 'looking for peers' : describePeers(snapshot.peers)
}
