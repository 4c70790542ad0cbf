/** The course of a run for the log file: what the engine's own log does not say, with the fields of the events. */
import { resultFields, startFields } from './event-fields.ts'
import { describeError } from './exit-codes.ts'
import type { LogEntry } from './log-file.ts'
import { itemResult } from './run-tally.ts'
import type { EventView, JobResult, JobView, RunSummary } from './view.ts'

export class LogView implements EventView {
  readonly #add: (entry: LogEntry) => void
  readonly #flushNow: () => void

  constructor(add: (entry: LogEntry) => void, flushNow: () => void) {
    this.#add = add
    this.#flushNow = flushNow
  }

  onStart(job: JobView): void {
    const fields = { id: job.infoHash, ...startFields(job) }
    this.#add({ level: 'info', area: 'run', message: `${job.metainfo.name} begins`, fields })
  }

  onState(): void {
    // The engine's log has it.
  }

  onTracker(): void {
    // The engine's log has it.
  }

  onFile(): void {
    // The job's log has it.
  }

  onChecksum(): void {
    // The job's log has it.
  }

  onTick(): void {
    // Progress is for eyes and for --json.
  }

  onWarning(job: JobView | undefined, message: string): void {
    this.#add({ level: 'warn', area: 'run', message, ...(job && { fields: { id: job.infoHash } }) })
  }

  onSeeding(result: JobResult): void {
    const message = `${result.job?.metainfo.name ?? result.source} is complete, and seeds`
    this.#add({ level: 'info', area: 'run', message, fields: resultFields(itemResult(result)) })
  }

  onResult(result: JobResult): void {
    const level = result.outcome === 'failed' ? 'error' : 'info'
    const name = result.job?.metainfo.name ?? result.source
    const why = result.error === undefined ? '' : `: ${describeError(result.error)}`
    this.#add({
      level,
      area: 'run',
      message: `${name} is ${result.outcome}${why}`,
      fields: resultFields(itemResult(result)),
    })
  }

  onHook(): void {
    // The hooks' log has it.
  }

  onEnd(summary: RunSummary): void {
    const { code, signal, counts } = summary
    const fields = { code, signal, counts }
    this.#add({ level: 'info', area: 'run', message: `the run ends with ${code}`, fields })
  }

  onAbort(error: unknown): void {
    this.#add({ level: 'error', area: 'run', message: describeError(error) })
    this.#flushNow()
  }

  async written(): Promise<void> {
    // Whoever opened the file closes it.
  }
}
