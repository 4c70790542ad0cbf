/**
 * `--log-file`: the log as JSON lines behind what the file holds already. Written in the background, a few times a second;
 * bounded in memory and on disk; an error of the file is told once and ends the log, never the download.
 */
import { constants, openSync, closeSync, write, writeSync } from 'node:fs'
import type { Clock } from '../common/clock.ts'
import { UsageError, messageOf, systemCodeOf } from '../common/errors.ts'
import type { LogLevel, LogScope } from '../common/log.ts'
import { maskUrl } from '../tracker/mask-url.ts'
import { toSafeJson } from './safe-json.ts'

const FLUSH_MS = 200
const FLUSH_BYTES = 64 * 1024
/** More does not wait for a slow disk: it is left out, and the log says so. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024
/** Of one run. Beyond it only warnings and errors are written, up to as much again. */
const MAX_FILE_BYTES = 100 * 1024 * 1024
/** At the end the disk is waited for so long. */
const CLOSE_LIMIT_MS = 2000
/** It names what the user downloads and who gives it: only for the user. */
const FILE_MODE = 0o600
/** Without the colon or comma of the sentence it stands in. */
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s"\\<>]*[^\s"\\<>:,;.)]/gi

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  EROFS: 'read-only file system',
  ENXIO: 'nobody reads this pipe',
  ENOSPC: 'disk full',
}

export interface LogFileParts {
  readonly clock: Clock
  readonly wallClock: () => Date
  /** A sentence for the user, once. */
  readonly onFailed: (message: string) => void
  /** Default: 100 MiB. */
  readonly maxFileBytes?: number
}

export interface LogEntry {
  readonly level: LogLevel
  readonly area: LogScope
  readonly message: string
  readonly fields?: Readonly<Record<string, unknown>>
}

export class LogFile {
  readonly #path: string
  readonly #fd: number
  readonly #parts: LogFileParts
  readonly #maxFileBytes: number
  #lines: string[] = []
  #waitingBytes = 0
  #leftOutCount = 0
  #isFull = false
  #writtenBytes = 0
  /** Of lines that were begun. */
  #rest: Buffer = Buffer.alloc(0)
  #isWriting = false
  #isOpen = true
  #cancelTimer: (() => void) | undefined
  #onWritten: (() => void) | undefined

  private constructor(path: string, fd: number, parts: LogFileParts) {
    this.#path = path
    this.#fd = fd
    this.#parts = parts
    this.#maxFileBytes = parts.maxFileBytes ?? MAX_FILE_BYTES
  }

  /** O_NONBLOCK: a pipe that nobody reads must not hold anything up. @throws UsageError LOG_FILE_UNWRITABLE */
  static open(path: string, parts: LogFileParts): LogFile {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants
    try {
      const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, FILE_MODE)
      return new LogFile(path, fd, parts)
    } catch (error) {
      throw new UsageError('LOG_FILE_UNWRITABLE', `--log-file: cannot write ${path}: ${reasonOf(error)}`, {
        cause: error,
      })
    }
  }

  /** Costs a string; the writing comes later. Never throws. */
  add({ level, area, message, fields }: LogEntry): void {
    if (!this.#isOpen || !this.#hasRoom(level)) return
    const time = this.#parts.wallClock().toISOString()
    const line = `${withoutKeys(toSafeJson({ time, level, area, message, fields }))}\n`
    if (this.#waitingBytes + line.length > MAX_WAITING_BYTES) {
      this.#leftOutCount++
      return
    }
    this.#lines.push(line)
    this.#waitingBytes += line.length
    this.#writtenBytes += line.length
    if (this.#waitingBytes >= FLUSH_BYTES) this.#flush()
    else this.#cancelTimer ??= this.#parts.clock.after(FLUSH_MS, this.#onTimer)
  }

  /** Writes what waits before it returns: the process is about to end. */
  flushNow(): void {
    if (!this.#isOpen) return
    // What is being written already goes its way.
    const text = Buffer.from(this.#lines.join(''))
    this.#lines = []
    try {
      writeSync(this.#fd, this.#isWriting ? text : Buffer.concat([this.#rest, text]))
    } catch {
      // There is nobody left to tell.
    }
    if (!this.#isWriting) this.#rest = Buffer.alloc(0)
  }

  /** Waits for the disk, within a bound; then nothing more is taken. */
  async close(): Promise<void> {
    this.#flush()
    if (this.#isWriting) {
      await new Promise<void>((resolve) => {
        this.#onWritten = resolve
        this.#parts.clock.after(CLOSE_LIMIT_MS, resolve)
      })
    }
    this.#end()
  }

  readonly #onTimer = (): void => {
    this.#cancelTimer = undefined
    this.#flush()
  }

  #hasRoom(level: LogLevel): boolean {
    if (this.#writtenBytes < this.#maxFileBytes) return true
    if (!this.#isFull) {
      this.#isFull = true
      const message = `this run has logged ${this.#maxFileBytes} bytes: from here on only warnings and errors`
      this.#lines.push(
        `${toSafeJson({ time: this.#parts.wallClock().toISOString(), level: 'warn', area: 'run', message })}\n`,
      )
    }
    return (level === 'error' || level === 'warn') && this.#writtenBytes < 2 * this.#maxFileBytes
  }

  #flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#isWriting || !this.#isOpen) return
    this.#takeLines()
    if (this.#rest.length === 0) {
      this.#onWritten?.()
      return
    }
    this.#isWriting = true
    write(this.#fd, this.#rest, (error, writtenBytes) => {
      this.#isWriting = false
      if (error !== null) this.#onError(error)
      else {
        this.#rest = this.#rest.subarray(writtenBytes)
        this.#waitingBytes -= writtenBytes
        this.#flush()
      }
    })
  }

  #takeLines(): void {
    if (this.#leftOutCount > 0 && this.#waitingBytes < MAX_WAITING_BYTES / 2) {
      const message = `${this.#leftOutCount} lines were left out here: the disk is too slow`
      this.#leftOutCount = 0
      this.add({ level: 'warn', area: 'run', message })
    }
    if (this.#lines.length === 0) return
    this.#rest = Buffer.concat([this.#rest, Buffer.from(this.#lines.join(''))])
    this.#lines = []
    this.#waitingBytes = this.#rest.length
  }

  #onError(error: unknown): void {
    if (systemCodeOf(error) === 'EAGAIN') {
      // A pipe whose reader is slow.
      this.#cancelTimer ??= this.#parts.clock.after(FLUSH_MS, this.#onTimer)
      return
    }
    this.#onWritten?.()
    this.#end()
    this.#parts.onFailed(
      `cannot write ${this.#path}: ${reasonOf(error)}; the log ends here, the download goes on`,
    )
  }

  #end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#cancelTimer?.()
    this.#lines = []
    if (!this.#isWriting) closeSync(this.#fd)
  }
}

/** Addresses in any text, without what looks like a key. */
function withoutKeys(line: string): string {
  return line.includes('://') ? line.replace(ADDRESS, maskUrl) : line
}

function reasonOf(error: unknown): string {
  return REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error)
}
