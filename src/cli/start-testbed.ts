/** From flags and the process to a testbed, and to the command that runs in it. */
import { closeSync, fstatSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import { systemClock } from '../common/clock.ts'
import { InputError, messageOf, UsageError } from '../common/errors.ts'
import { Testbed } from '../share/testbed.ts'
import { placesIn } from '../share/testbed-environment.ts'
import type { TestbedEnvironment } from '../share/testbed-environment.ts'
import type { TestbedOptions } from '../share/testbed-options.ts'
import type { CliContext } from './context.ts'
import type { StopSignal } from './exit-codes.ts'
import { SIGNAL_EXIT } from './exit-codes.ts'
import { findProgram } from './find-program.ts'
import type { TestbedFlags } from './flags.ts'
import type { ChildCommand } from './run-child.ts'
import { findCommand, RunningChild } from './run-child.ts'
import { toSafeJson } from './safe-json.ts'
import type { SignalSource } from './signals.ts'
import { watchSignals } from './signals.ts'

/** What the command downloads with us leaves the local network alone, unless the user says otherwise. */
const STAYS_HERE = { TORRENT_DL_LSD: 'false' }
const STDIN = 0
const STDOUT = 1
const VERSION = 1

/** @param words of a command @returns its exit code; without one, that of the signal that ended the testbed */
export async function startTestbed(
  paths: readonly string[],
  words: readonly string[] | undefined,
  flags: TestbedFlags,
  context: CliContext,
): Promise<number> {
  const command = words === undefined ? undefined : findCommand(words, context.env)
  if (flags.readyFd !== undefined) assertOpen(flags.readyFd)
  const run = new TestbedRun(context)
  try {
    return await run.toItsEnd(command, flags, testbedOptions(paths, flags))
  } catch (error) {
    throw command === undefined ? withHint(error, paths, context.env) : error
  }
}

/** `testbed npm test`: most likely a command was meant. */
function withHint(error: unknown, paths: readonly string[], env: CliContext['env']): unknown {
  const isUnreadable = error instanceof InputError && error.code === 'INPUT_UNREADABLE'
  if (!isUnreadable || !('path' in findProgram(paths[0] ?? '', env))) return error
  const hint = `a command stands behind --: torrent-dl testbed -- ${paths.join(' ')}`
  return new InputError(error.code, `${error.message} (${hint})`, { cause: error })
}

class TestbedRun {
  readonly #context: CliContext
  readonly #stopping = new AbortController()
  #stoppedBy: StopSignal | undefined
  #testbed: Testbed | undefined
  #child: RunningChild | undefined

  constructor(context: CliContext) {
    this.#context = context
    context.onRescue(async () => {
      this.#child?.kill()
      await this.#testbed?.close()
    })
  }

  async toItsEnd(
    command: ChildCommand | undefined,
    flags: TestbedFlags,
    options: TestbedOptions,
  ): Promise<number> {
    const { signals } = this.#context
    const source: SignalSource = {
      on: (signal, listener) => signals.on(signal, listener),
      off: (signal, listener) => signals.off(signal, listener),
      exit: (code) => {
        this.#child?.kill()
        this.#testbed?.removeFiles()
        signals.exit(code)
      },
    }
    const unwatch = watchSignals(
      source,
      () => systemClock.now(),
      (signal) => {
        this.#stoppedBy = signal
        this.#stopping.abort()
        this.#child?.stop(signal)
      },
    )
    try {
      return await this.#run(command, flags, options)
    } catch (error) {
      if (this.#stoppedBy !== undefined && this.#stopping.signal.reason === error)
        return SIGNAL_EXIT[this.#stoppedBy]
      throw error
    } finally {
      await this.#testbed?.close()
      unwatch()
    }
  }

  async #run(
    command: ChildCommand | undefined,
    { json, readyFd }: TestbedFlags,
    options: TestbedOptions,
  ): Promise<number> {
    const { signal } = this.#stopping
    const testbed = await Testbed.open({ ...options, signal })
    this.#testbed = testbed
    const { env } = testbed
    if (command === undefined || readyFd !== undefined)
      this.#tell(readyFd ?? STDOUT, json ? jsonLine(env) : shellLine(env))
    if (command === undefined) return SIGNAL_EXIT[await this.#stopSignal()]
    this.#child = new RunningChild(command, {
      env: { ...STAYS_HERE, ...this.#context.env, ...env },
      clock: systemClock,
      kill: this.#context.kill,
      isInteractive: isatty(STDIN),
    })
    return await this.#child.ended
  }

  async #stopSignal(): Promise<StopSignal> {
    const { signal } = this.#stopping
    if (!signal.aborted) {
      await new Promise((resolve) => {
        signal.addEventListener('abort', resolve)
      })
    }
    return this.#stoppedBy ?? 'SIGTERM'
  }

  /** A descriptor that was opened for this is closed then: who reads to its end goes on, and the child does not get it. */
  #tell(fd: number, line: string): void {
    if (fd === STDOUT) {
      this.#context.stdout.write(line)
      return
    }
    try {
      writeSync(fd, line)
      if (fd > 2) closeSync(fd)
    } catch (error) {
      throw new UsageError('USAGE', `cannot write to --ready-fd ${fd}: ${messageOf(error)}`, { cause: error })
    }
  }
}

function testbedOptions(paths: readonly string[], flags: TestbedFlags): TestbedOptions {
  const { size, files, randomSeed, name, pieceLength, peerRate } = flags
  const madeUp = { '--size': size, '--files': files, '--random-seed': randomSeed }
  const [given] = Object.entries(madeUp).find(([, value]) => value !== undefined) ?? []
  if (paths.length > 0 && given !== undefined)
    throw new UsageError('USAGE', `${given} is for made-up data, and paths were given`)
  return defined({
    paths,
    sizeBytes: size,
    fileCount: files,
    randomSeed,
    name,
    pieceBytes: pieceLength,
    peerCount: flags.peers,
    trackerDropCount: flags.trackerDrop,
    trackerFailure: flags.trackerFail,
    peerLatencyMs: flags.peerLatency,
    peerRate: peerRate === Infinity ? undefined : peerRate,
    corruptPieces: flags.corrupt,
    leaveAtPercent: flags.leaveAt,
  })
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

function assertOpen(fd: number): void {
  try {
    fstatSync(fd)
  } catch (error) {
    throw new UsageError('USAGE', `--ready-fd ${fd} is not open (a shell opens it with ${fd}>FILE)`, {
      cause: error,
    })
  }
}

/** Assignments that a shell can evaluate. */
function shellLine(env: TestbedEnvironment): string {
  const assignments = Object.entries<string>({ ...env }).map(
    ([name, value]) => `${name}='${value.replaceAll("'", `'\\''`)}'`,
  )
  return `${assignments.join(' ')}\n`
}

function jsonLine(env: TestbedEnvironment): string {
  return `${toSafeJson({ v: VERSION, type: 'ready', ...placesIn(env) })}\n`
}
