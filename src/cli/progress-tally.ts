/** How a run of several sources stands: counts, bytes, rate and time left, as the parts of a line. Keeps only numbers. */
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import { formatBytes, formatCount, formatEta, formatProgress, formatRate } from './format.ts'
import type { JobResult, SourceCount } from './view.ts'
import { isStalled } from './why-idle.ts'

/** What runs now. */
export interface Running {
  readonly count: number
  readonly stalledCount: number
  /** Their sizes are not known before existing data is looked at. */
  readonly checkingCount: number
  readonly doneBytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  /** Those that are whole and shared; they are none of `count`. */
  readonly seedingCount: number
  readonly sentBytes: number
  readonly sentBytesPerSecond: number
  /** undefined: one of them stands still, so all of them have no end */
  readonly etaSeconds: number | undefined
}

export type TotalsPart =
  | 'done'
  | 'failed'
  | 'running'
  | 'stalled'
  | 'waiting'
  | 'seeding'
  | 'bytes'
  | 'rate'
  | 'left'
  | 'sent'
  | 'upRate'

export class ProgressTally {
  readonly #sourceCount: () => SourceCount
  #done = 0
  #failed = 0
  #ended = 0
  #doneBytes = 0
  /** By those that seeded and have ended. */
  #sentBytes = 0

  constructor(sourceCount: () => SourceCount) {
    this.#sourceCount = sourceCount
  }

  /** It is whole, and seeds from now on. */
  addDownloaded({ snapshot }: JobResult): void {
    this.#ended += 1
    this.#done += 1
    this.#doneBytes += snapshot?.totalBytes ?? 0
  }

  add({ outcome, snapshot, duplicateOf, seeding }: JobResult): void {
    if (seeding !== undefined) {
      this.#sentBytes += seeding.uploadedBytes
      if (outcome !== 'failed') return
      this.#done -= 1
      this.#ended -= 1
    }
    this.#ended += 1
    if (duplicateOf !== undefined) return
    if (outcome === 'failed') this.#failed += 1
    if (outcome !== 'complete') return
    this.#done += 1
    this.#doneBytes += snapshot?.totalBytes ?? 0
  }

  /** @param told what is said of those that run, and how many of these stand still; 0 leaves it out */
  parts(
    running: Running,
    told: { count: number; word: string; stalledCount: number },
  ): Map<TotalsPart, string> {
    const { known, isAll } = this.#sourceCount()
    const waiting = known - this.#ended - running.count
    const parts = new Map<TotalsPart, string>()
    parts.set('done', `${formatCount(this.#done)} of ${formatCount(known)}${isAll ? '' : '+'} done`)
    if (this.#failed > 0) parts.set('failed', `${formatCount(this.#failed)} failed`)
    if (told.count > 0) parts.set('running', `${formatCount(told.count)} ${told.word}`)
    if (told.stalledCount > 0) parts.set('stalled', `${formatCount(told.stalledCount)} stalled`)
    if (waiting > 0) parts.set('waiting', `${formatCount(waiting)} waiting`)
    this.#addAmounts(parts, running, { isAll, waiting })
    if (running.seedingCount > 0) this.#addSeeding(parts, running)
    return parts
  }

  #addAmounts(
    parts: Map<TotalsPart, string>,
    running: Running,
    { isAll, waiting }: { readonly isAll: boolean; readonly waiting: number },
  ): void {
    const doneBytes = this.#doneBytes + running.doneBytes
    const totalBytes = this.#doneBytes + running.totalBytes
    const isKnown = isAll && waiting <= 0 && running.checkingCount === 0
    if (isKnown) parts.set('bytes', formatProgress(doneBytes, totalBytes))
    else if (doneBytes > 0) parts.set('bytes', `${formatBytes(doneBytes)} so far`)
    const isDownloading = running.count > 0 || waiting > 0 || !isAll
    if (isDownloading || running.seedingCount === 0) parts.set('rate', formatRate(running.bytesPerSecond))
    if (isKnown && isDownloading && running.etaSeconds !== undefined)
      parts.set('left', `${formatEta(running.etaSeconds)} left`)
  }

  #addSeeding(
    parts: Map<TotalsPart, string>,
    { seedingCount, sentBytes, sentBytesPerSecond }: Running,
  ): void {
    parts.set('seeding', `${formatCount(seedingCount)} seeding`)
    parts.set('sent', `${formatBytes(this.#sentBytes + sentBytes)} sent`)
    parts.set('upRate', `${formatRate(sentBytesPerSecond)} up`)
  }
}

export function sumRunning(snapshots: Iterable<TorrentSnapshot>): Running {
  const sum = { count: 0, stalledCount: 0, checkingCount: 0, doneBytes: 0, totalBytes: 0, bytesPerSecond: 0 }
  const seeding = { seedingCount: 0, sentBytes: 0, sentBytesPerSecond: 0 }
  let recentRate: number | undefined = 0
  for (const snapshot of snapshots) {
    const { state, doneBytes, totalBytes, downloadBytesPerSecond, etaSeconds } = snapshot
    if (state === 'complete') {
      // Several sources are shown only where a torrent that is whole ends at once, or seeds.
      seeding.seedingCount += 1
      seeding.sentBytes += snapshot.uploadedBytes
      seeding.sentBytesPerSecond += snapshot.uploadBytesPerSecond
      continue
    }
    sum.count += 1
    sum.doneBytes += doneBytes
    sum.totalBytes += totalBytes
    if (isStalled(snapshot)) sum.stalledCount += 1
    if (state === 'checking') sum.checkingCount += 1
    else sum.bytesPerSecond += downloadBytesPerSecond
    const leftBytes = totalBytes - doneBytes
    if (leftBytes <= 0 || recentRate === undefined) continue
    const isMoving = etaSeconds !== undefined && etaSeconds > 0 && downloadBytesPerSecond > 0
    recentRate = isMoving ? recentRate + leftBytes / etaSeconds : undefined
  }
  const leftBytes = sum.totalBytes - sum.doneBytes
  const etaSeconds = recentRate !== undefined && recentRate > 0 ? leftBytes / recentRate : undefined
  return { ...sum, ...seeding, etaSeconds }
}
