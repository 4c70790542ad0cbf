/** Runs a command as if it had been called instead of us: its standard streams are ours, its end is told as a code. */
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { Clock } from '../common/clock.ts'
import { InputError, messageOf, systemCodeOf } from '../common/errors.ts'
import type { CliContext } from './context.ts'
import type { StopSignal } from './exit-codes.ts'
import { findProgram } from './find-program.ts'
import type { Environment } from './terminal.ts'

/** Between what it was told to end with and SIGKILL. */
const GRACE_MS = 10_000
/** A shell's number for what a signal ended. */
const SIGNAL_BASE = 128

export interface ChildParts {
  readonly env: Environment
  readonly clock: Clock
  readonly kill: CliContext['kill']
  /** Its standard input is a terminal: it stays in our process group, or it could not read from there. */
  readonly isInteractive: boolean
}

export interface ChildCommand {
  /** The first is the program as it was typed. */
  readonly words: readonly string[]
  /** Where the program lies. */
  readonly path: string
}

/** @throws InputError COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE */
export function findCommand(words: readonly string[], env: Environment): ChildCommand {
  const found = findProgram(words[0] ?? '', env)
  if ('path' in found) return { words, path: found.path }
  throw cannotRun(words, found.problem, found.isMissing)
}

export class RunningChild {
  /** The exit code, or 128 + the number of the signal. @throws InputError COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE */
  readonly ended: Promise<number>
  readonly #parts: ChildParts
  readonly #child: ChildProcess
  #cancelGrace: (() => void) | undefined

  /** @throws as `ended` */
  constructor({ words, path }: ChildCommand, parts: ChildParts) {
    this.#parts = parts
    const { env, isInteractive } = parts
    let child: ChildProcess
    try {
      child = spawn(path, words.slice(1), {
        argv0: words[0],
        detached: !isInteractive,
        env,
        stdio: 'inherit',
      })
    } catch (error) {
      throw notStarted(words, error)
    }
    this.#child = child
    this.ended = new Promise((resolve, reject) => {
      child.on('error', (error) => {
        reject(notStarted(words, error))
      })
      child.on('exit', (code, signal) => {
        this.#cancelGrace?.()
        this.kill() // what it left running
        resolve(code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal]))
      })
    })
    this.ended.catch(() => undefined) // whoever waits for it hears of it
  }

  /** Hands the signal on, to all that it began, and 10 seconds later ends what is left. */
  stop(signal: StopSignal): void {
    // A terminal has sent Ctrl-C to the whole group.
    if (!(this.#parts.isInteractive && signal === 'SIGINT')) this.#signal(signal)
    this.#cancelGrace ??= this.#parts.clock.after(GRACE_MS, () => {
      this.kill()
    })
  }

  kill(): void {
    this.#signal('SIGKILL')
  }

  #signal(signal: StopSignal | 'SIGKILL'): void {
    const { pid, exitCode, signalCode } = this.#child
    const { isInteractive, kill } = this.#parts
    const hasEnded = exitCode !== null || signalCode !== null
    if (pid === undefined || (isInteractive && hasEnded)) return
    try {
      kill(isInteractive ? pid : -pid, signal)
    } catch {
      // Nobody of the group is left.
    }
  }
}

function notStarted(words: readonly string[], error: unknown): InputError {
  const code = systemCodeOf(error)
  const reason =
    code === 'ENOENT'
      ? 'the interpreter in its #! line does not exist'
      : code === 'ENOEXEC'
        ? 'it is not a program'
        : messageOf(error)
  return cannotRun(words, reason, code === 'ENOENT', error)
}

function cannotRun(
  words: readonly string[],
  reason: string,
  isMissing: boolean,
  cause?: unknown,
): InputError {
  const message = `cannot run '${words[0] ?? ''}': ${reason}`
  return isMissing
    ? new InputError('COMMAND_NOT_FOUND', message, { cause })
    : new InputError('COMMAND_NOT_EXECUTABLE', message, { cause })
}
