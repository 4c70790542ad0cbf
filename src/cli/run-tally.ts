/** How the items of a run ended, in numbers; of so many that each can be listed, also one by one. */
import { EXIT, combinedExitCode, describeError } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'
import type { ItemResult, JobResult, JobView, RunCounts } from './view.ts'

/** Done ones, and as many others: with more, the rest is only counted. */
export const MAX_LISTED = 10_000

type Counts = { -readonly [K in keyof RunCounts]: RunCounts[K] }

export class RunTally {
  readonly #counts: Counts = {
    total: 0,
    complete: 0,
    alreadyThere: 0,
    failed: 0,
    stopped: 0,
    untouched: 0,
    duplicates: 0,
    downloadedBytes: 0,
    seededBytes: 0,
    seeded: 0,
  }
  readonly #codes = new Set<number>()
  readonly #done: [number, ItemResult][] = []
  readonly #others: [number, ItemResult][] = []

  /** @param index its place among the sources */
  add(index: number, result: JobResult): void {
    this.#codes.add(result.code)
    this.#count(result)
    const list = result.code === EXIT.ok ? this.#done : this.#others
    if (list.length < MAX_LISTED) list.push([index, itemResult(result)])
  }

  get counts(): RunCounts {
    return { ...this.#counts }
  }

  /** One item ends with its own code; several with 0 or 8. */
  get code(): number {
    return combinedExitCode([...this.#codes], this.#counts.total)
  }

  /** In the order of the sources. @param hookOf what ran for the source at that place */
  results(hookOf?: (index: number) => HookReport | undefined): ItemResult[] {
    return [...this.#done, ...this.#others]
      .sort(([a], [b]) => a - b)
      .map(([index, result]) => ({ ...result, hook: hookOf?.(index) }))
  }

  #count(result: JobResult): void {
    const counts = this.#counts
    counts.total++
    if (result.duplicateOf !== undefined) {
      counts.duplicates++
      return
    }
    const usefulBytes = usefulBytesOf(result)
    counts.downloadedBytes += usefulBytes
    counts[result.outcome]++
    if (result.seeding !== undefined) counts.seeded++
    counts.seededBytes += result.seeding?.uploadedBytes ?? 0
    if (result.outcome === 'complete' && usefulBytes === 0) counts.alreadyThere++
    if (result.isUntouched === true) counts.untouched++
  }
}

/** Bytes that came and were of use. */
export function usefulBytesOf({ snapshot }: JobResult): number {
  return snapshot === undefined ? 0 : Math.max(0, snapshot.downloadedBytes - snapshot.wastedBytes)
}

/** What is kept of a result: nothing of the torrent itself. */
export function itemResult(result: JobResult): ItemResult {
  const { source, outcome, code, error, job, snapshot, seconds, seeding, duplicateOf, isUntouched } = result
  return {
    source,
    outcome,
    code,
    errorCode: error?.code,
    message: error === undefined ? undefined : describeError(error),
    ...torrentOf(job),
    doneBytes: snapshot?.doneBytes,
    totalBytes: snapshot?.totalBytes,
    receivedBytes: snapshot?.downloadedBytes,
    wastedBytes: snapshot?.wastedBytes,
    uploadedBytes: snapshot?.uploadedBytes,
    seeding,
    downloadedBytes: usefulBytesOf(result),
    seconds,
    duplicateOf,
    isUntouched: isUntouched === true,
  }
}

type TorrentFields = Pick<ItemResult, 'infoHash' | 'name' | 'path' | 'isDirectory' | 'torrentBytes'>

function torrentOf(job: JobView | undefined): TorrentFields {
  return {
    infoHash: job?.infoHash,
    name: job?.metainfo.name,
    path: job?.path,
    isDirectory: job && !job.metainfo.isSingleFile,
    torrentBytes: job?.metainfo.geometry.totalBytes,
  }
}
