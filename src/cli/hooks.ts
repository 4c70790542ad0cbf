/**
 * `--on-complete` and `--on-error`: one command for each source that was finished or failed, so many at a time, after the
 * torrent has let go of its files. Sources that the user stopped have none.
 */
import type { StopSignal } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'
import type { HookCommand, RunningHook } from './run-hook.ts'
import type { JobResult } from './view.ts'

/** As many as results are listed at the end (run-tally.ts). */
const MAX_REPORTS = 20_000

export interface HooksParts {
  readonly onComplete: HookCommand | undefined
  readonly onError: HookCommand | undefined
  /** At a time, at least 1. */
  readonly limit: number
  /** @param index the place of the source, from 0 on */
  readonly run: (command: HookCommand, result: JobResult, index: number) => RunningHook
  /** Told once of each command, also of those that were not begun. */
  readonly onReport: (result: JobResult, command: HookCommand, report: HookReport) => void
}

interface Waiting {
  readonly command: HookCommand
  readonly result: JobResult
  readonly index: number
  readonly released: Promise<void>
}

export class Hooks {
  readonly #parts: HooksParts
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<RunningHook>()
  #busyCount = 0
  readonly #reports = new Map<number, HookReport>()
  #stoppedBy: StopSignal | undefined
  #wasCutShort = false
  #onIdle: (() => void) | undefined

  constructor(parts: HooksParts) {
    this.#parts = parts
  }

  /** Did a stop keep a command from its end? */
  get wasCutShort(): boolean {
    return this.#wasCutShort
  }

  /** Commands that have not ended. */
  get count(): number {
    return this.#busyCount + this.#waiting.length
  }

  /** @param index the place of the source, from 0 on @param released resolves when the torrent has let go of its files */
  add(result: JobResult, index: number, released: Promise<void>): void {
    const { onComplete, onError } = this.#parts
    if (result.outcome === 'stopped') return
    const command = result.outcome === 'complete' ? onComplete : onError
    if (command === undefined) return
    this.#waiting.push({ command, result, index, released })
    this.#begin()
  }

  reportOf(index: number): HookReport | undefined {
    return this.#reports.get(index)
  }

  /** Ends those that run, begins no more. */
  stop(signal: StopSignal): void {
    this.#stoppedBy ??= signal
    for (const hook of this.#running) hook.stop('stopped')
    this.#begin()
  }

  /** At once, without waiting for the end of any. */
  kill(): void {
    for (const hook of this.#running) hook.kill()
  }

  /** Resolves when no command runs or waits. */
  async finished(): Promise<void> {
    if (this.count === 0) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  #begin(): void {
    while (this.#busyCount < this.#parts.limit || this.#stoppedBy !== undefined) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#busyCount++
      void this.#work(next)
    }
  }

  async #work({ command, result, index, released }: Waiting): Promise<void> {
    await released
    const report =
      this.#stoppedBy === undefined
        ? await this.#run(command, result, index)
        : notBegun(command, this.#stoppedBy)
    this.#wasCutShort ||=
      report.outcome === 'stopped' || (this.#stoppedBy !== undefined && report.outcome === 'not-started')
    if (this.#reports.size < MAX_REPORTS) this.#reports.set(index, report)
    this.#parts.onReport(result, command, report)
    this.#busyCount--
    this.#begin()
    if (this.count === 0) this.#onIdle?.()
  }

  async #run(command: HookCommand, result: JobResult, index: number): Promise<HookReport> {
    const hook = this.#parts.run(command, result, index)
    this.#running.add(hook)
    const report = await hook.ended
    this.#running.delete(hook)
    return report
  }
}

function notBegun({ option }: HookCommand, signal: StopSignal): HookReport {
  const message = `was not begun: stopped by ${signal}`
  return { option, outcome: 'not-started', code: undefined, signal: undefined, seconds: 0, message }
}
