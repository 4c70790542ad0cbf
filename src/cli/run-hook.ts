/**
 * Runs the command of a hook: in a process group of its own, so that it can be ended with all that it began, with the
 * result as JSON on its standard input, and its output line by line to whoever shows it.
 */
import { spawn } from 'node:child_process'
import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../common/clock.ts'
import { messageOf, systemCodeOf } from '../common/errors.ts'
import { formatLimit } from './format.ts'
import type { HookReport } from './hook-report.ts'

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 5000
/** Output of a hook that has ended is waited for so long: what it left running may keep the pipe open for ever, as it may. */
const OUTPUT_GRACE_MS = 500
/** While those who show the output are behind, the hook is not read. */
const PAUSE_MS = 100
const MAX_LINE_CHARACTERS = 8192

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it, or the interpreter in its #! line, does not exist',
  EACCES: 'permission denied',
  ENOEXEC: 'it is not a program (a script begins with #!)',
  E2BIG: 'its arguments and environment are too long',
  EAGAIN: 'too many processes',
  EMFILE: 'too many open files',
  ENOMEM: 'not enough memory',
}

export interface HookCommand {
  readonly option: HookReport['option']
  /** The first is the program as it was typed. */
  readonly words: readonly string[]
  /** Where the program lies. */
  readonly path: string
}

export interface HookParts {
  readonly env: Readonly<Record<string, string>>
  /** For its standard input. */
  readonly input: string
  readonly timeoutMs: number
  readonly clock: Clock
  /** One line of its output, not yet clean. */
  readonly onLine: (text: string) => void
  /** Does whoever shows the lines not keep up? */
  readonly isBehind: () => boolean
  /** `process.kill`: a negative id means the group. @throws when there is none left */
  readonly kill: (pid: number, signal: 'SIGTERM' | 'SIGKILL') => void
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>
type Ending = 'timeout' | 'stopped'

export class RunningHook {
  /** Never rejects. */
  readonly ended: Promise<HookReport>
  readonly #command: HookCommand
  readonly #parts: HookParts
  readonly #startedAtMs: number
  readonly #cancels: (() => void)[] = []
  #settle: ((report: HookReport) => void) | undefined
  #child: Child | undefined
  /** Settles when all its output is read. */
  #closed: Promise<unknown> = Promise.resolve()
  /** Why we ended it. */
  #ending: Ending | undefined

  constructor(command: HookCommand, parts: HookParts) {
    this.#command = command
    this.#parts = parts
    this.#startedAtMs = parts.clock.now()
    this.ended = new Promise((resolve) => {
      this.#settle = resolve
    })
    try {
      this.#start()
    } catch (error) {
      this.#notStarted(error)
    }
  }

  /** Asks it and all its children to end, and after 5 seconds ends them. */
  stop(why: Ending): void {
    if (this.#ending !== undefined || this.#settle === undefined) return
    this.#ending = why
    this.#signal('SIGTERM')
    const end = (): void => {
      this.kill()
    }
    this.#cancels.push(this.#parts.clock.after(GRACE_MS, end))
  }

  kill(): void {
    this.#signal('SIGKILL')
  }

  #start(): void {
    const { words, path } = this.#command
    const { env, input, clock, timeoutMs } = this.#parts
    const child = spawn(path, words.slice(1), {
      argv0: words[0],
      detached: true,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child = child
    child.on('error', (error) => {
      this.#notStarted(error)
    })
    this.#closed = new Promise((resolve) => {
      child.on('close', resolve)
    })
    child.on('exit', (code, signal) => {
      void this.#onExit(code ?? undefined, signal ?? undefined)
    })
    child.stdin.on('error', () => {
      // It need not read what it is given.
    })
    child.stdin.end(input)
    for (const stream of [child.stdout, child.stderr]) this.#showLines(stream)
    const onTimeout = (): void => {
      this.stop('timeout')
    }
    this.#cancels.push(clock.after(timeoutMs, onTimeout))
  }

  async #onExit(code: number | undefined, signal: string | undefined): Promise<void> {
    // What it began ends with it when it did not end by itself.
    if (this.#ending !== undefined) this.#signal('SIGKILL')
    await this.#outputRead()
    const outcome = this.#ending ?? (code === 0 ? 'succeeded' : 'failed')
    this.#finish({ outcome, code, signal, message: this.#messageOf(outcome, code, signal) })
  }

  #messageOf(outcome: Ending | 'succeeded' | 'failed', code?: number, signal?: string): string | undefined {
    if (outcome === 'succeeded') return undefined
    if (outcome === 'stopped') return 'was ended because we were told to stop'
    if (outcome === 'timeout') return `was ended after ${formatLimit(this.#parts.timeoutMs)} (--hook-timeout)`
    return code === undefined ? `was ended by ${signal ?? 'a signal'}` : `ended with code ${code}`
  }

  #notStarted(error: unknown): void {
    const reason = REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error)
    const message = `cannot be started: ${reason}`
    this.#finish({ outcome: 'not-started', code: undefined, signal: undefined, message })
  }

  #finish(fields: Omit<HookReport, 'option' | 'seconds'>): void {
    for (const cancel of this.#cancels) cancel()
    const seconds = (this.#parts.clock.now() - this.#startedAtMs) / 1000
    this.#settle?.({ option: this.#command.option, seconds, ...fields })
    this.#settle = undefined
  }

  async #outputRead(): Promise<void> {
    const late = new Promise<void>((resolve) => {
      this.#cancels.push(this.#parts.clock.after(OUTPUT_GRACE_MS, resolve))
    })
    await Promise.race([this.#closed, late])
  }

  #showLines(stream: Readable): void {
    const decoder = new StringDecoder('utf8')
    let rest = ''
    const show = (text: string): void => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#parts.onLine(line)
      if (rest.length > MAX_LINE_CHARACTERS) show('\n')
    }
    stream.on('data', (chunk: Buffer) => {
      show(decoder.write(chunk))
      if (this.#parts.isBehind()) this.#pause(stream)
    })
    stream.on('error', () => {
      // What was read is shown; how the hook ended says the rest.
    })
    stream.on('end', () => {
      rest += decoder.end()
      if (rest !== '') show('\n')
    })
  }

  #pause(stream: Readable): void {
    stream.pause()
    this.#parts.clock.after(PAUSE_MS, () => {
      if (this.#parts.isBehind()) this.#pause(stream)
      else stream.resume()
    })
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      this.#parts.kill(-pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }
}
