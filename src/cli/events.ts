/**
 * `--json`: one JSON object a line on stdout (docs/events.schema.json, docs/scripting.md). Every string may be foreign
 * text: what could move or hide on a terminal is written as `\uXXXX`.
 */
import { KnownError } from '../common/errors.ts'
import type { TorrentState } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { EventQueue, FileLines } from './event-queue.ts'
import type { EventStream } from './event-queue.ts'
import {
  checksumFields,
  exitFields,
  fileFields,
  hookFields,
  progressFields,
  resultFields,
  startFields,
  trackerFields,
} from './event-fields.ts'
import type { Fields } from './event-fields.ts'
import { describeError, exitCodeOf } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'
import { itemResult } from './run-tally.ts'
import { toSafeJson } from './safe-json.ts'
import type { ChecksumResult, EventView, JobResult, JobView, RunSummary } from './view.ts'

const VERSION = 1

export class EventWriter implements EventView {
  readonly #queue: EventQueue
  readonly #wallClock: () => Date
  readonly #running = new Set<JobView>()

  constructor(stream: EventStream, wallClock: () => Date) {
    this.#queue = new EventQueue(stream)
    this.#wallClock = wallClock
  }

  onStart(job: JobView): void {
    this.#running.add(job)
    this.#write('start', job.infoHash, startFields(job))
  }

  onState(job: JobView, _state: TorrentState): void {
    this.#progress(job)
  }

  onTracker(job: JobView, status: TrackerStatus): void {
    const line = this.#line('tracker', job.infoHash, trackerFields(status))
    this.#queue.replace(`tracker ${job.infoHash} ${status.tier} ${status.url}`, line)
  }

  onFile(job: JobView, file: number): void {
    const lineOf = (index: number, timeMs: number): string | undefined => {
      const fields = fileFields(job, index)
      return fields && eventLine('file', new Date(timeMs), job.infoHash, fields)
    }
    const timeMs = this.#wallClock().getTime()
    this.#queue.addFile(`files ${job.infoHash}`, file, timeMs, () => new FileLines(lineOf))
  }

  onChecksum(job: JobView, result: ChecksumResult): void {
    this.#write('checksum', job.infoHash, checksumFields(job, result))
  }

  onWarning(job: JobView | undefined, message: string): void {
    this.#queue.offer(this.#line('warning', job?.infoHash, { message }))
  }

  onTick(): void {
    for (const job of this.#running) this.#progress(job)
  }

  onSeeding(result: JobResult): void {
    this.#writeResult('complete', result)
    if (result.job !== undefined) this.#progress(result.job)
  }

  onResult(result: JobResult): void {
    const { job, outcome, seeding } = result
    if (job !== undefined) this.#running.delete(job)
    if (result.duplicateOf !== undefined) return
    if (outcome === 'failed') this.#writeResult('error', result)
    else if (seeding !== undefined) this.#writeResult('seeded', result)
    else if (outcome === 'complete') this.#writeResult('complete', result)
  }

  #writeResult(type: string, result: JobResult): void {
    this.#write(type, result.job?.infoHash, resultFields(itemResult(result)))
  }

  onHook(result: JobResult, report: HookReport): void {
    this.#write('hook', result.job?.infoHash, { source: result.source, ...hookFields(report) })
  }

  onEnd(summary: RunSummary): void {
    this.#running.clear()
    this.#write('exit', undefined, exitFields(summary))
  }

  onAbort(error: unknown, summary: RunSummary): void {
    const code = exitCodeOf(error)
    const errorCode = error instanceof KnownError ? error.code : undefined
    this.#write('error', undefined, { outcome: 'failed', code, errorCode, message: describeError(error) })
    this.onEnd(summary)
  }

  async written(): Promise<void> {
    await this.#queue.emptied()
  }

  /** The next one tells more: while the reader is behind it is left out. */
  #progress(job: JobView): void {
    if (!this.#queue.isBehind) this.#write('progress', job.infoHash, progressFields(job))
  }

  #write(type: string, id: string | undefined, fields: Fields): void {
    this.#queue.add(this.#line(type, id, fields))
  }

  #line(type: string, id: string | undefined, fields: Fields): string {
    return eventLine(type, this.#wallClock(), id, fields)
  }
}

function eventLine(type: string, time: Date, id: string | undefined, fields: Fields): string {
  return `${toSafeJson({ v: VERSION, type, time: time.toISOString(), id, ...fields })}\n`
}
