/**
 * What `tracker` shows to people: its URLs on standard output; on standard error one line of counts that stays where it
 * is, or without a terminal a line a minute when something has changed.
 */
import type { Clock } from '../common/clock.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import type { ServedAnnounce, TrackerStats } from '../tracker/tracker-server.ts'
import { BarTerminal } from './bar-terminal.ts'
import type { TrackerEnd, TrackerView } from './commands/tracker.ts'
import { formatCount, formatDuration, plural } from './format.ts'
import type { Drawing } from './job-control.ts'
import { messageLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import type { OutputStream } from './terminal.ts'
import { truncateEnd } from './text-width.ts'

const PLAIN_EVERY_MS = 60_000
/** A reader of the log that is further behind misses announces. */
const MAX_WAITING_BYTES = 1024 * 1024

export interface TrackerScreenParts {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Of standard error. */
  readonly style: LineStyle
  readonly clock: Clock
  readonly isQuiet: boolean
  /** Every announce is shown. */
  readonly isVerbose: boolean
  /** Can a line be drawn again and again? */
  readonly canDraw: boolean
  /** Only this machine reaches it. */
  readonly isLocal: boolean
  /** Has it taken off the screen while the process is stopped. @returns ends the watch */
  readonly watchJobControl: (drawing: Drawing) => () => void
}

export class TrackerScreen implements TrackerView, Drawing {
  readonly #parts: TrackerScreenParts
  readonly #row: BarTerminal | undefined
  #stopJobControl: (() => void) | undefined
  #announceCount = 0
  #tickedAtMs: number
  #perSecond = 0
  #status = ''
  #saidStatus = ''
  #saidAtMs: number
  #isSuspended = false

  constructor(parts: TrackerScreenParts) {
    this.#parts = parts
    this.#saidAtMs = parts.clock.now()
    this.#tickedAtMs = this.#saidAtMs
    const isDrawn = parts.canDraw && !parts.isQuiet
    this.#row = isDrawn ? new BarTerminal(parts.stderr, parts.style.terminal) : undefined
  }

  onListening(urls: readonly string[], port: number): void {
    this.#parts.stdout.write(urls.map((url) => `${url}\n`).join(''))
    const reach = this.#parts.isLocal
      ? 'only this machine can reach it (--bind 0.0.0.0 opens it to the network)'
      : 'the network can reach it'
    this.#say(`tracker on port ${port}: ${reach}`)
    if (this.#row !== undefined) this.#stopJobControl = this.#parts.watchJobControl(this)
  }

  onAnnounce({ transport, from, port, event, leftBytes, infoHash }: ServedAnnounce): void {
    if (!this.#parts.isVerbose || (this.#parts.stderr.writableLength ?? 0) > MAX_WAITING_BYTES) return
    const what = `${event === 'none' ? 'announce' : event}${leftBytes === 0 ? ', seed' : ''}`
    const peer = formatEndpoint({ host: from.host, port })
    this.#say(`${infoHash.toString('hex')} ${peer} ${transport} ${what}`)
  }

  onTick(stats: TrackerStats): void {
    const now = this.#parts.clock.now()
    const seconds = Math.max(now - this.#tickedAtMs, 1) / 1000
    this.#perSecond = Math.round((stats.announceCount - this.#announceCount) / seconds)
    this.#announceCount = stats.announceCount
    this.#tickedAtMs = now
    this.#status = statusText(stats)
    if (this.#row !== undefined) this.#draw()
    else if (now - this.#saidAtMs >= PLAIN_EVERY_MS && this.#status !== this.#saidStatus) {
      this.#saidAtMs = now
      this.#saidStatus = this.#status
      this.#say(this.#status)
    }
  }

  onWarning(message: string): void {
    this.#say(message)
  }

  onEnd({ seconds, stats }: TrackerEnd): void {
    this.suspend()
    this.#stopJobControl?.()
    this.#say(`tracker stopped after ${formatDuration(seconds)}: ${statusText(stats)}`)
  }

  suspend(): void {
    if (this.#row === undefined || this.#isSuspended) return
    this.#row.cursorRelativeReset()
    this.#row.present(true)
    this.#isSuspended = true
  }

  lose(): void {
    if (this.#isSuspended) return
    this.#isSuspended = true
    this.#row?.forget()
  }

  resume(): void {
    this.#isSuspended = false
    this.#draw()
  }

  #draw(): void {
    const row = this.#row
    if (row === undefined || this.#isSuspended || this.#status === '') return
    const { terminal, theme } = this.#parts.style
    const text = `${this.#status}, ${formatCount(this.#perSecond)}/s`
    row.cursorRelativeReset()
    row.cursorTo()
    row.write(theme.paint('quiet', truncateEnd(text, terminal.width() - 1, theme.symbols.cut)))
    row.present(false)
  }

  #say(text: string): void {
    if (this.#parts.isQuiet) return
    const line = messageLine(text, this.#parts.style)
    if (this.#row === undefined || this.#isSuspended || this.#status === '') {
      this.#parts.stderr.write(`${line}\n`)
      return
    }
    this.#row.writeAbove(line)
    this.#draw()
  }
}

/** `3 torrents, 12 peers (4 seeds), 1,204 announces, 2 refused` */
function statusText({
  torrentCount,
  peerCount,
  seedCount,
  announceCount,
  refusedCount,
}: TrackerStats): string {
  const parts = [
    plural(torrentCount, 'torrent'),
    `${plural(peerCount, 'peer')} (${plural(seedCount, 'seed')})`,
    plural(announceCount, 'announce'),
  ]
  if (refusedCount > 0) parts.push(`${formatCount(refusedCount)} refused`)
  return parts.join(', ')
}
