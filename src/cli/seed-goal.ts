/** When a torrent has been shared enough. Pure. What is reached first counts. */
import { formatBytes, formatEta, formatLimit, plural } from './format.ts'

export interface SeedGoal {
  /** Bytes sent in this run, as a multiple of the size of what was asked for. */
  readonly ratio?: number | undefined
  readonly timeMs?: number | undefined
  /** Distinct peers that got their last piece while connected to us. */
  readonly completedPeers?: number | undefined
}

/** How the seeding of a torrent stands. */
export interface SeedFigures {
  readonly goal: SeedGoal
  /** Since it was whole. */
  readonly seconds: number
  /** Since the start of the run. */
  readonly uploadedBytes: number
  /** Of what was asked for. */
  readonly totalBytes: number
  readonly completedPeerCount: number
}

/** What is on its way when the ratio is reached may still arrive, but not for longer than this. */
const LAST_BYTES_SECONDS = 3

/** Looks come once a second: the time ends at the nearest one. */
const HALF_LOOK_MS = 500

/** To be asked once a second. */
export class GoalWatch {
  /** Of the look that first found the ratio reached. */
  #ratioSinceSeconds: number | undefined
  #lastBytes = 0

  isReached({ goal, seconds, uploadedBytes, totalBytes, completedPeerCount }: SeedFigures): boolean {
    if (goal.timeMs !== undefined && seconds * 1000 >= goal.timeMs - HALF_LOOK_MS) return true
    if (goal.completedPeers !== undefined && completedPeerCount >= goal.completedPeers) return true
    if (goal.ratio === undefined || uploadedBytes < goal.ratio * totalBytes) return false
    const isQuiet = uploadedBytes === this.#lastBytes
    this.#lastBytes = uploadedBytes
    this.#ratioSinceSeconds ??= seconds
    return isQuiet || seconds - this.#ratioSinceSeconds >= LAST_BYTES_SECONDS
  }
}

/** Bytes sent by bytes of the torrent; 0 when it has none. */
export function ratioOf({ uploadedBytes, totalBytes }: SeedFigures): number {
  return totalBytes === 0 ? 0 : uploadedBytes / totalBytes
}

/** `1.93`, rounded down: it says 1.00 when it is. */
export function formatRatio(ratio: number): string {
  return (Math.floor(ratio * 100 + 1e-6) / 100).toFixed(2)
}

/** `0.52 of 1.5` */
export function ratioText(figures: SeedFigures): string {
  const { ratio } = figures.goal
  return formatRatio(ratioOf(figures)) + (ratio === undefined ? '' : ` of ${ratio}`)
}

/** `1 of 3 peers done`, when that is the goal. */
export function completedText({ goal, completedPeerCount }: SeedFigures): string | undefined {
  if (goal.completedPeers === undefined) return undefined
  return `${completedPeerCount} of ${plural(goal.completedPeers, 'peer')} done`
}

/** `8:12 left`, when there is an end. */
export function timeLeftText({ goal, seconds }: SeedFigures): string | undefined {
  return goal.timeMs === undefined ? undefined : `${formatEta(goal.timeMs / 1000 - seconds)} left`
}

/** `until ratio 1.5, or for 30 min`, or until somebody stops it. */
export function goalText({ ratio, timeMs, completedPeers }: SeedGoal): string {
  const ends = [
    ratio === undefined ? [] : [`until ratio ${ratio}`],
    completedPeers === undefined ? [] : [`until ${plural(completedPeers, 'peer')} completed`],
    timeMs === undefined ? [] : [`for ${formatLimit(timeMs)}`],
  ].flat()
  return ends.length === 0 ? 'until stopped' : ends.join(', or ')
}

/** `1.2 GiB (ratio 1.93)` */
export function sentText(figures: SeedFigures): string {
  return `${formatBytes(figures.uploadedBytes)} (ratio ${formatRatio(ratioOf(figures))})`
}
