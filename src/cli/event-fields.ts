/**
 * What the JSON events say (docs/events.schema.json), without the envelope. Pure. `--json`, the log file and the standard
 * input of hooks share these shapes. Names carry their unit; `undefined` fields are left out when they are written.
 */
import { resolve } from 'node:path'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { describeError } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'
import { filePath } from './job.ts'
import type { JobResult, JobView, RunSummary } from './view.ts'

export type Fields = Readonly<Record<string, unknown>>

export function startFields(job: JobView): Fields {
  const { metainfo } = job
  const { totalBytes, pieceBytes, pieceCount } = metainfo.geometry
  return {
    source: job.source,
    name: metainfo.name,
    path: job.path,
    absolutePath: resolve(job.path),
    isDirectory: !metainfo.isSingleFile,
    totalBytes,
    wantedBytes: job.snapshot().totalBytes,
    fileCount: metainfo.files.filter(({ isPadding }) => !isPadding).length,
    pieceBytes,
    pieceCount,
    isPrivate: metainfo.isPrivate,
  }
}

export function trackerFields(status: TrackerStatus): Fields {
  const { nextAnnounceInMs } = status
  return {
    url: status.url,
    tier: status.tier,
    state: status.state,
    errorCode: status.lastErrorCode,
    message: status.lastError,
    seederCount: status.seederCount,
    leecherCount: status.leecherCount,
    peerCount: status.endpointCount,
    nextAnnounceInSeconds: wholeNumber(nextAnnounceInMs === undefined ? undefined : nextAnnounceInMs / 1000),
  }
}

/** @returns undefined for what never lies on disk under a name */
export function fileFields(job: JobView, file: number): Fields | undefined {
  const entry = job.metainfo.files[file]
  const path = filePath(job, file)
  if (path === undefined || entry === undefined) return undefined
  return {
    index: file,
    name: entry.path.join('/'),
    path,
    absolutePath: resolve(path),
    sizeBytes: entry.lengthBytes,
  }
}

export function progressFields(job: JobView): Fields {
  const snapshot = job.snapshot()
  return {
    state: snapshot.state,
    doneBytes: snapshot.doneBytes,
    wantedBytes: snapshot.totalBytes,
    checkedBytes: snapshot.checkedBytes,
    toCheckBytes: snapshot.bytesToCheck,
    downloadedBytes: snapshot.downloadedBytes,
    uploadedBytes: snapshot.uploadedBytes,
    wastedBytes: snapshot.wastedBytes,
    downloadBytesPerSecond: Math.round(snapshot.downloadBytesPerSecond),
    uploadBytesPerSecond: Math.round(snapshot.uploadBytesPerSecond),
    etaSeconds: wholeNumber(snapshot.etaSeconds),
    idleSeconds: Math.floor(snapshot.idleSeconds),
    peers: snapshot.peers,
  }
}

/** How one source ended: in `complete`, `error` and `exit`, and on the standard input of a hook. */
export function resultFields(result: JobResult): Fields {
  const { source, outcome, code, error, job, snapshot, seconds } = result
  return {
    source,
    outcome,
    code,
    errorCode: error?.code,
    message: error === undefined ? undefined : describeError(error),
    ...(job === undefined
      ? {}
      : {
          id: job.infoHash,
          name: job.metainfo.name,
          path: job.path,
          absolutePath: resolve(job.path),
          isDirectory: !job.metainfo.isSingleFile,
          totalBytes: job.metainfo.geometry.totalBytes,
        }),
    ...(snapshot === undefined
      ? {}
      : {
          wantedBytes: snapshot.totalBytes,
          doneBytes: snapshot.doneBytes,
          downloadedBytes: snapshot.downloadedBytes,
          uploadedBytes: snapshot.uploadedBytes,
          wastedBytes: snapshot.wastedBytes,
          downloadSeconds: milliPrecision(seconds),
        }),
  }
}

/** How the command of `--on-complete` or `--on-error` ended. */
export function hookFields({ option, outcome, code, signal, seconds, message }: HookReport): Fields {
  return { option, outcome, code, signal, seconds: milliPrecision(seconds), message }
}

/** @param hookOf the hook that ran for a result */
export function exitFields(
  { code, signal, results }: RunSummary,
  hookOf: (result: JobResult) => HookReport | undefined,
): Fields {
  return {
    code,
    signal,
    results: results.map((result) => {
      const hook = hookOf(result)
      return { ...resultFields(result), hook: hook === undefined ? undefined : hookFields(hook) }
    }),
  }
}

function wholeNumber(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.ceil(value)
}

function milliPrecision(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
