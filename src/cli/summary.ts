/** The lines that say how a download ended. Pure: used by bars and plain lines alike; the texts are clean. */
import type { Terminal } from './terminal.ts'
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import type { Theme } from './theme.ts'
import type { JobResult, JobView, RunSummary } from './view.ts'
import { EXIT, describeError } from './exit-codes.ts'
import { formatBytes, formatDuration, formatPercent, formatProgress, formatRate } from './format.ts'
import { countsText, failedListText, tableLines } from './batch-table.ts'
import { usefulBytesOf } from './run-tally.ts'
import { sourceLabel } from './source.ts'
import { displayWidth, truncateMiddle } from './text-width.ts'
import { trackerFailures } from './why-idle.ts'

/** Of a batch, sources that were only waiting when it ended are told as a number, not one by one. */
export function isToldAtOnce(result: JobResult, { isBatch }: LineStyle): boolean {
  return !(isBatch && result.isUntouched === true)
}

/** Where and how the lines are shown. */
export interface LineStyle {
  readonly terminal: Terminal
  readonly theme: Theme
  /** Is this one of several sources, or of a list? */
  readonly isBatch: boolean
}

/** The path at the end of the line has the whole name. */
const MAX_NAME_CELLS = 40

export const PREFIX = 'torrent-dl: '
/** The advice after every early end. */
export const GO_ON = 'the same command goes on from there'

/** The line of a finished, failed or stopped source, and after a missing source one line a tracker. */
export function resultLines(result: JobResult, style: LineStyle): string[] {
  if (result.duplicateOf !== undefined) return []
  if (result.outcome === 'complete') return [completeLine(result, style)]
  if (result.outcome === 'stopped') return [stoppedLine(result, style)]
  const missesSource = result.code === EXIT.noSource || result.code === EXIT.limit
  const trackers = missesSource ? (result.snapshot?.trackers ?? []) : []
  return [
    failedLine(result, style),
    ...trackerFailures(trackers).map((line) => `${PREFIX}  ${style.terminal.clean(line)}`),
  ]
}

/** A warning; of several sources it says which. @param message holds foreign text */
export function warningLine(
  job: JobView | undefined,
  message: string,
  { terminal, isBatch }: LineStyle,
): string {
  const name = isBatch && job !== undefined ? `${job.metainfo.name}: ` : ''
  return PREFIX + terminal.clean(name + message)
}

/** The last lines of a run of several sources, or after a signal; none when there is no more to say. */
export function endLines(summary: RunSummary, { terminal }: LineStyle): string[] {
  const advice = summary.signal === undefined ? '' : GO_ON
  const { failedList: list } = summary
  const isSaved = list !== undefined && list.error === undefined && !list.isKept
  const failedList = isSaved ? [terminal.clean(failedListText(list))] : []
  if (summary.counts.total <= 1) return [...failedList, ...(advice === '' ? [] : [advice])].map(prefixed)
  const counts = countsText(summary) + (advice === '' ? '' : `; ${advice}`)
  return [...tableLines(summary, terminal), ...failedList, counts].map(prefixed)
}

function prefixed(line: string): string {
  return PREFIX + line
}

/** `631.0 MiB in 15.2 s (41.5 MiB/s)`, or what of it had to be fetched, or that nothing had. */
export function transferText(result: JobResult): string {
  const { snapshot, seconds } = result
  if (snapshot === undefined) return ''
  const total = formatBytes(snapshot.totalBytes)
  const usefulBytes = usefulBytesOf(result)
  if (usefulBytes === 0) return `${total}, was there already, verified`
  const rate = formatRate(usefulBytes / Math.max(seconds, 0.001))
  const fetched = formatBytes(usefulBytes)
  const size = fetched === total || usefulBytes > snapshot.totalBytes ? total : `${fetched} of ${total}`
  return `${size} in ${formatDuration(seconds)} (${rate})`
}

function completeLine(result: JobResult, { terminal, theme }: LineStyle): string {
  const name = terminal.clean(nameOf(result))
  const path = terminal.clean(visiblePath(result.job?.path ?? ''))
  if (!terminal.isTty) return `${PREFIX}${name}: ${transferText(result)} -> ${path}`
  const { done, arrow, cut } = theme.symbols
  const shortName = truncateMiddle(name, MAX_NAME_CELLS, cut)
  const plain = `${done} ${shortName}  ${transferText(result)}  ${arrow} ${path}`
  // Where it would wrap, the path alone: it ends with the name.
  if (displayWidth(plain) > terminal.width())
    return `${theme.paint('done', done)} ${path}  ${transferText(result)}`
  return `${theme.paint('done', done)} ${shortName}  ${transferText(result)}  ${theme.paint('quiet', arrow)} ${path}`
}

function failedLine(result: JobResult, { terminal, theme, isBatch }: LineStyle): string {
  const name = nameOf(result)
  const message = describeError(result.error)
  if (isBatch && terminal.isTty) {
    return `${theme.paint('failed', theme.symbols.failed)} ${terminal.clean(`${name}  exit ${result.code}: ${message}`)}`
  }
  return PREFIX + terminal.clean(message.includes(name) ? message : `${name}: ${message}`)
}

function stoppedLine(result: JobResult, { terminal, theme, isBatch }: LineStyle): string {
  const name = terminal.clean(nameOf(result))
  const { snapshot } = result
  const progress = snapshot === undefined ? 'not started' : `stopped ${whereOf(snapshot)}`
  if (isBatch && terminal.isTty)
    return `${theme.paint('stalled', theme.symbols.stopped)} ${name}  ${progress}`
  return `${PREFIX}${name}: ${progress}`
}

/** `at 58%, 366.0/631.0 MiB`, for a sentence. */
export function whereOf(snapshot: TorrentSnapshot): string {
  const { state, doneBytes, totalBytes, checkedBytes, bytesToCheck } = snapshot
  if (state === 'checking' && bytesToCheck > 0) {
    return `while checking what is there, at ${formatPercent(checkedBytes, bytesToCheck)}`
  }
  return `at ${formatPercent(doneBytes, totalBytes)}, ${formatProgress(doneBytes, totalBytes)}`
}

function nameOf({ job, source }: JobResult): string {
  return job?.metainfo.name ?? sourceLabel(source)
}

/** A relative path is shown with `./`, so that it can be told from a name. */
function visiblePath(path: string): string {
  return path.startsWith('/') || path.startsWith('.') ? path : `./${path}`
}
