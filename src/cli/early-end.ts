/** Why a run, or one torrent of it, ends before it is done. */
import { BugError, SourceError } from '../common/errors.ts'
import type { KnownError } from '../common/errors.ts'
import { SIGNAL_EXIT, exitCodeOf } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import { formatLimit } from './format.ts'
import type { Job } from './job.ts'
import { formatRatio, ratioOf } from './seed-goal.ts'
import { maskSource } from '../tracker/mask-url.ts'
import { adviceOf, whereOf } from './summary.ts'
import type { JobResult } from './view.ts'
import { describePeers } from './why-idle.ts'

/** What ends a run early: a limit, or a signal. */
export type End = { readonly reason: string } | { readonly signal: StopSignal }

export function stallError(job: Job, limitMs: number): SourceError {
  const limit = formatLimit(limitMs)
  if (!job.hasSeenSource()) return noSource(`stall limit of ${limit} reached`, job)
  const snapshot = job.snapshot()
  return new SourceError(
    'STALLED',
    `nothing came for ${limit} (stall limit), ${whereOf(snapshot)}: ${describePeers(snapshot.peers)}`,
  )
}

/** Ends a torrent that is under way. */
export function endJob(job: Job, end: End): void {
  const seeding = job.seeding()
  if ('signal' in end) job.interrupt(end.signal)
  else if (seeding !== undefined) {
    const ratio = formatRatio(ratioOf(seeding))
    job.fail(new SourceError('TIME_LIMIT', `${end.reason} while it was seeding, at ratio ${ratio}`))
  } else job.fail(job.hasSeenSource() ? timeLimit(end.reason, job) : noSource(end.reason, job))
}

export function failedResult(source: string, error: KnownError): JobResult {
  const code = exitCodeOf(error)
  return {
    source: maskSource(source),
    outcome: 'failed',
    code,
    error,
    job: undefined,
    snapshot: undefined,
    seconds: 0,
  }
}

/** Of a source that was waiting for its turn when the run ended. */
export function untouchedResult(source: string, end: End | undefined): JobResult {
  if (end === undefined)
    throw new BugError('BUG_RUN_NOT_ENDED', `${source} was left out while the run goes on`)
  if ('reason' in end) {
    return { ...failedResult(source, new SourceError('TIME_LIMIT', end.reason)), isUntouched: true }
  }
  const code = SIGNAL_EXIT[end.signal]
  const nothing = { error: undefined, job: undefined, snapshot: undefined, seconds: 0 }
  return { source: maskSource(source), outcome: 'stopped', code, ...nothing, isUntouched: true }
}

function timeLimit(reason: string, job: Job): SourceError {
  const advice = adviceOf(job)
  const end = advice === '' ? '' : `; ${advice}`
  return new SourceError('TIME_LIMIT', `${reason} ${whereOf(job.snapshot())}${end}`)
}

function noSource(reason: string, job: Job): SourceError {
  const isTrackerless = job.metainfo.trackerTiers.length === 0
  const trackers = isTrackerless ? 'the torrent names no tracker' : 'no tracker named a peer'
  return new SourceError('NO_SOURCE', `${reason} and no source was found: ${trackers}, no peer answered`)
}
