/** What `serve` shows: the URL on standard output, everything for eyes on standard error; or events. */
import { KnownError } from '../common/errors.ts'
import type { Serve } from '../share/serve.ts'
import type { Clock } from '../common/clock.ts'
import type { ServeEnd, ServeView } from './commands/serve.ts'
import { formatBytes, formatDuration, formatPercent, formatProgress, formatRate, plural } from './format.ts'
import { toSafeJson } from './safe-json.ts'
import { PREFIX } from './summary.ts'
import type { OutputStream, Terminal } from './terminal.ts'
import { displayWidth, truncateMiddle } from './text-width.ts'

const VERSION = 1
const PLAIN_EVERY_MS = 10_000
/** Shorter hashing is not worth a line. */
const HASH_EVERY_MS = 1000
const CLEAR_LINE = '\r\u001b[K'

export interface ServeScreenParts {
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Of standard error. */
  readonly terminal: Terminal
  readonly clock: Clock
  readonly isQuiet: boolean
  /** Only this machine reaches it. */
  readonly isLocal: boolean
  /** So many downloads are waited for. */
  readonly untilCompleted: number | undefined
}

/** For people. */
export class ServeScreen implements ServeView {
  readonly #parts: ServeScreenParts
  #name = ''
  #saidAtMs: number
  #hasStatus = false

  constructor(parts: ServeScreenParts) {
    this.#parts = parts
    this.#saidAtMs = parts.clock.now()
  }

  onHashed(doneBytes: number, totalBytes: number): void {
    const text = `hashing ${formatPercent(doneBytes, totalBytes)} ${formatProgress(doneBytes, totalBytes)}`
    this.#progress(text, HASH_EVERY_MS)
  }

  onListening(serve: Serve): void {
    const { metainfo, url } = serve
    this.#name = metainfo.name
    this.#clear()
    this.#parts.stdout.write(`${url}\n`)
    const count = metainfo.files.filter(({ isPadding }) => !isPadding).length
    const size = `${formatBytes(metainfo.geometry.totalBytes)} in ${plural(count, 'file')}`
    this.#say(`serving ${metainfo.name}, ${size}: torrent-dl ${url}`)
    if (this.#parts.isLocal)
      this.#say('only this machine can reach it (--bind 0.0.0.0 opens it to the network)')
  }

  onCompleted(count: number, of: number | undefined): void {
    this.#say(
      `${this.#name}: ${of === undefined ? plural(count, 'download') : `${count} of ${of} downloads`} complete`,
    )
  }

  onTick(serve: Serve, count: number): void {
    const { peerCount, uploadBytesPerSecond, uploadedBytes } = serve.snapshot()
    const { untilCompleted } = this.#parts
    const complete = `${count}${untilCompleted === undefined ? '' : ` of ${untilCompleted}`} complete`
    const sent = `${formatRate(uploadBytesPerSecond)} up, ${formatBytes(uploadedBytes)} sent`
    this.#progress(`${this.#name}: ${plural(peerCount, 'peer')}, ${sent}, ${complete}`, PLAIN_EVERY_MS)
  }

  onWarning(message: string): void {
    this.#say(`warning: ${message}`)
  }

  onEnd({ error, signal, completedCount, uploadedBytes, totalBytes, seconds }: ServeEnd): void {
    this.#clear()
    if (error !== undefined) this.#write(error.message)
    else if (totalBytes > 0) {
      const how = signal === undefined ? 'done' : 'stopped'
      const times = (uploadedBytes / totalBytes).toFixed(2)
      const sent = `${formatBytes(uploadedBytes)} sent (${times} times the data)`
      const after = formatDuration(seconds)
      this.#say(
        `${this.#name}: ${how} after ${after}, ${plural(completedCount, 'download')} complete, ${sent}`,
      )
    }
  }

  onAbort(): void {
    this.#clear() // whoever called us prints why
  }

  /** One line that stays where it is, or now and then a line of its own. */
  #progress(text: string, everyMs: number): void {
    const { terminal, stderr, clock, isQuiet } = this.#parts
    if (isQuiet) return
    if (terminal.canRedraw) {
      const clean = terminal.clean(text)
      const line = truncateMiddle(clean, terminal.width() - 1, '~')
      stderr.write(CLEAR_LINE + (displayWidth(clean) < terminal.width() ? clean : line))
      this.#hasStatus = true
    } else if (clock.now() - this.#saidAtMs >= everyMs) {
      this.#saidAtMs = clock.now()
      this.#write(text)
    }
  }

  #say(text: string): void {
    if (!this.#parts.isQuiet) this.#write(text)
  }

  #write(text: string): void {
    this.#clear()
    this.#parts.stderr.write(`${PREFIX}${this.#parts.terminal.clean(text)}\n`)
  }

  #clear(): void {
    if (this.#hasStatus) this.#parts.stderr.write(CLEAR_LINE)
    this.#hasStatus = false
  }
}

/** `--json`: one object a line (docs/serve.md). */
export class ServeEvents implements ServeView {
  readonly #stdout: OutputStream
  readonly #wallClock: () => Date
  #id: string | undefined

  constructor(stdout: OutputStream, wallClock: () => Date) {
    this.#stdout = stdout
    this.#wallClock = wallClock
  }

  onHashed(): void {
    // `listening` comes when it is done.
  }

  onListening({ metainfo, url, magnet, trackerUrls, peerPort }: Serve): void {
    this.#id = metainfo.infoHash.toString('hex')
    const { name, geometry } = metainfo
    this.#write('listening', {
      ...{ name, url, magnet, infoHash: this.#id, tracker: trackerUrls[0], trackers: trackerUrls, peerPort },
      totalBytes: geometry.totalBytes,
    })
  }

  onCompleted(count: number, of: number | undefined): void {
    this.#write('completed', { count, of })
  }

  onTick(): void {
    // Whoever reads events wants to know when something happened.
  }

  onWarning(message: string): void {
    this.#write('warning', { message })
  }

  onEnd({ code, signal, error, completedCount, uploadedBytes, totalBytes, seconds }: ServeEnd): void {
    const errorCode = error instanceof KnownError ? error.code : undefined
    this.#write('exit', {
      ...{
        code,
        signal,
        errorCode,
        message: error?.message,
        completed: completedCount,
        uploadedBytes,
        totalBytes,
      },
      seconds: Math.round(seconds * 1000) / 1000,
    })
  }

  onAbort(end: ServeEnd): void {
    this.onEnd(end)
  }

  #write(type: string, fields: Record<string, unknown>): void {
    const event = { v: VERSION, type, time: this.#wallClock().toISOString(), id: this.#id, ...fields }
    this.#stdout.write(`${toSafeJson(event)}\n`)
  }
}
