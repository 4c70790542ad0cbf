/**
 * What the JSON events say (docs/events.schema.json), without the envelope. Pure. `--json`, the log file and the standard
 * input of hooks share these shapes. Names carry their unit; `undefined` fields are left out when they are written.
 */
import { resolve } from 'node:path'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { HookReport } from './hook-report.ts'
import { filePath } from './job.ts'
import { ratioOf } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import type { ChecksumResult, ItemResult, JobView, RunSummary } from './view.ts'

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

/** One of these a file and algorithm that a list of checksums names. */
export function checksumFields(job: JobView, result: ChecksumResult): Fields {
  const { file, algorithm, expected, actual, list } = result
  return { ...fileFields(job, file), algorithm, expected, actual, isRight: actual === expected, list }
}

export function progressFields(job: JobView): Fields {
  const snapshot = job.snapshot()
  const seeding = job.seeding?.()
  return {
    state: seeding === undefined ? snapshot.state : 'seeding',
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
    ...seedingFields(seeding),
  }
}

/** How one source ended: in `complete`, `seeded`, `error` and `exit`, and on the standard input of a hook. */
export function resultFields(result: ItemResult): Fields {
  const { path, totalBytes } = result
  return {
    source: result.source,
    outcome: result.outcome,
    code: result.code,
    errorCode: result.errorCode,
    message: result.message,
    duplicateOf: result.duplicateOf,
    isUntouched: result.isUntouched ? true : undefined,
    id: result.infoHash,
    name: result.name,
    path,
    absolutePath: path === undefined ? undefined : resolve(path),
    isDirectory: result.isDirectory,
    totalBytes: result.torrentBytes,
    wantedBytes: totalBytes,
    doneBytes: result.doneBytes,
    downloadedBytes: result.receivedBytes,
    uploadedBytes: result.uploadedBytes,
    wastedBytes: result.wastedBytes,
    downloadSeconds: totalBytes === undefined ? undefined : milliPrecision(result.seconds),
    ...seedingFields(result.seeding),
  }
}

/** @returns nothing of one that does not seed */
function seedingFields(seeding: SeedFigures | undefined): Fields {
  if (seeding === undefined) return {}
  return {
    ratio: milliPrecision(ratioOf(seeding)),
    seedSeconds: milliPrecision(seeding.seconds),
    completedPeerCount: seeding.completedPeerCount,
  }
}

/** How the command of `--on-complete` or `--on-error` ended. */
export function hookFields({ option, outcome, code, signal, seconds, message }: HookReport): Fields {
  return { option, outcome, code, signal, seconds: milliPrecision(seconds), message }
}

export function exitFields({ code, signal, counts, seconds, results }: RunSummary): Fields {
  const { total, complete, alreadyThere, failed, stopped, untouched, duplicates } = counts
  return {
    code,
    signal,
    seconds: milliPrecision(seconds),
    counts: { total, complete, alreadyThere, failed, stopped, untouched, duplicates },
    usefulBytes: counts.downloadedBytes,
    results: results.map((result) => ({
      ...resultFields(result),
      hook: result.hook === undefined ? undefined : hookFields(result.hook),
    })),
  }
}

function wholeNumber(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.ceil(value)
}

function milliPrecision(seconds: number): number {
  return Math.round(seconds * 1000) / 1000
}
