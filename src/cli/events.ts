/**
 * `--json`: one JSON object a line on stdout (docs/events.schema.json). Every string may be foreign text: what could
 * move or hide on a terminal is written as `\uXXXX`.
 */
import type { TorrentState } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { describeError } from './exit-codes.ts'
import { filePath } from './job.ts'
import { UNSAFE_CHARACTERS } from './terminal.ts'
import type { OutputStream } from './terminal.ts'
import type { DownloadView, JobResult, JobView, RunSummary } from './view.ts'

const VERSION = 1
/** With this much waiting for a slow reader, progress is left out; nothing else is. */
const MAX_WAITING_BYTES = 1024 * 1024

type Fields = Readonly<Record<string, unknown>>

/** JSON on one line, safe to print whatever the strings hold. `undefined` fields are left out. */
export function toSafeJson(value: unknown, indent?: number): string {
  // JSON.stringify escapes C0 and lone surrogates itself, so a newline here is its own indentation.
  return JSON.stringify(value, undefined, indent).replace(UNSAFE_CHARACTERS, (character) =>
    character === '\n' ? character : escapeUnits(character),
  )
}

export class EventWriter implements DownloadView {
  readonly #stream: OutputStream
  readonly #wallClock: () => Date
  readonly #running = new Set<JobView>()

  constructor(stream: OutputStream, wallClock: () => Date) {
    this.#stream = stream
    this.#wallClock = wallClock
  }

  onStart(job: JobView): void {
    this.#running.add(job)
    const { metainfo } = job
    this.#write('start', job.infoHash, {
      source: job.source,
      name: metainfo.name,
      path: job.path,
      totalBytes: metainfo.geometry.totalBytes,
      pieceBytes: metainfo.geometry.pieceBytes,
      pieceCount: metainfo.geometry.pieceCount,
      fileCount: metainfo.files.filter(({ isPadding }) => !isPadding).length,
      isPrivate: metainfo.isPrivate,
    })
  }

  onState(job: JobView, _state: TorrentState): void {
    this.#progress(job)
  }

  onTracker(job: JobView, status: TrackerStatus): void {
    this.#write('tracker', job.infoHash, {
      url: status.url,
      tier: status.tier,
      state: status.state,
      error: status.lastError,
      seederCount: status.seederCount,
      leecherCount: status.leecherCount,
      endpointCount: status.endpointCount,
      nextAnnounceInMs: wholeNumber(status.nextAnnounceInMs),
    })
  }

  onFile(job: JobView, file: number): void {
    const path = filePath(job, file)
    if (path === undefined) return
    this.#write('file', job.infoHash, {
      index: file,
      path,
      lengthBytes: job.metainfo.files[file]?.lengthBytes,
    })
  }

  onWarning(job: JobView | undefined, message: string): void {
    this.#write('warning', job?.infoHash, { message })
  }

  onTick(): void {
    if ((this.#stream.writableLength ?? 0) > MAX_WAITING_BYTES) return
    for (const job of this.#running) this.#progress(job)
  }

  onResult(result: JobResult): void {
    const { job, snapshot } = result
    if (job !== undefined) this.#running.delete(job)
    if (result.duplicateOf !== undefined) return
    if (result.outcome === 'failed') {
      this.#write('error', job?.infoHash, { source: result.source, ...errorFields(result) })
      return
    }
    if (result.outcome !== 'complete' || job === undefined || snapshot === undefined) return
    this.#write('complete', job.infoHash, {
      path: job.path,
      totalBytes: snapshot.totalBytes,
      downloadedBytes: snapshot.downloadedBytes,
      seconds: milliPrecision(result.seconds),
    })
  }

  onEnd({ code, signal, counts, results }: RunSummary): void {
    this.#write('exit', undefined, {
      code,
      signal,
      counts,
      results: results.map((result) => ({
        source: result.source,
        id: result.infoHash,
        name: result.name,
        path: result.path,
        outcome: result.outcome,
        code: result.code,
        errorCode: result.errorCode,
        message: result.message,
        duplicateOf: result.duplicateOf,
        doneBytes: result.doneBytes,
        totalBytes: result.totalBytes,
      })),
    })
  }

  #progress(job: JobView): void {
    const snapshot = job.snapshot()
    this.#write('progress', job.infoHash, {
      state: snapshot.state,
      doneBytes: snapshot.doneBytes,
      totalBytes: snapshot.totalBytes,
      checkedBytes: snapshot.checkedBytes,
      bytesToCheck: snapshot.bytesToCheck,
      downloadedBytes: snapshot.downloadedBytes,
      uploadedBytes: snapshot.uploadedBytes,
      wastedBytes: snapshot.wastedBytes,
      downloadBytesPerSecond: Math.round(snapshot.downloadBytesPerSecond),
      uploadBytesPerSecond: Math.round(snapshot.uploadBytesPerSecond),
      etaSeconds: wholeNumber(snapshot.etaSeconds),
      idleSeconds: Math.floor(snapshot.idleSeconds),
      peers: snapshot.peers,
    })
  }

  #write(type: string, id: string | undefined, fields: Fields): void {
    const event = { v: VERSION, type, time: this.#wallClock().toISOString(), id, ...fields }
    this.#stream.write(`${toSafeJson(event)}\n`)
  }
}

function errorFields({ error, code }: JobResult): Fields {
  return { code, errorCode: error?.code, message: error === undefined ? undefined : describeError(error) }
}

function wholeNumber(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.ceil(value)
}

function milliPrecision(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}

function escapeUnits(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    return `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  }).join('')
}
