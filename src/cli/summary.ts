/** The lines that say how a download ended. Pure: used by bars and plain lines alike; the texts are clean. */
import type { Terminal } from './terminal.ts'
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import type { Theme } from './theme.ts'
import type { JobResult, JobView, RunSummary } from './view.ts'
import { EXIT, describeError } from './exit-codes.ts'
import { formatBytes, formatDuration, formatPercent, formatProgress, formatRate, plural } from './format.ts'
import { sentText } from './seed-goal.ts'
import type { SeedFigures } from './seed-goal.ts'
import { countsText, failedListText, tableLines } from './batch-table.ts'
import { usefulBytesOf } from './run-tally.ts'
import { sourceLabel } from './source.ts'
import { displayWidth, steadyText, truncateEnd, truncateMiddle, wrapWords } from './text-width.ts'
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
/** Of the lines after the first, where a message takes several. */
const INDENT = 2
/** The advice after every early end. */
const GO_ON = 'the same command goes on from there'

/** The line of a finished, failed or stopped source, and after a missing source one line a tracker. */
export function resultLines(result: JobResult, style: LineStyle): string[] {
  if (result.duplicateOf !== undefined) return []
  if (result.outcome === 'complete')
    return [
      result.seeding === undefined ? completeLine(result, style) : seededLine(result, result.seeding, style),
    ]
  if (result.code === EXIT.outputGone) return [] // `| head` has what it wanted
  if (result.outcome === 'stopped') return [stoppedLine(result, style)]
  const missesSource = result.code === EXIT.noSource || result.code === EXIT.limit
  const trackers = missesSource ? (result.snapshot?.trackers ?? []) : []
  return [
    failedLine(result, style),
    ...trackerFailures(trackers).map((line) => messageLine(`  ${line}`, style)),
  ]
}

/** What is told when a torrent begins to seed; of one that was downloaded for it, how that went. */
export function seedingLines(result: JobResult, style: LineStyle): string[] {
  return result.job?.onlySeeds === true ? [] : [completeLine(result, style)]
}

/** A message of ours. @param text holds foreign text */
export function messageLine(text: string, { terminal }: LineStyle): string {
  return wrapped(PREFIX + terminal.clean(text), terminal)
}

/** On a terminal at its width; elsewhere a message stays one line, for grep. */
function wrapped(text: string, terminal: Terminal): string {
  return terminal.isTty ? wrapWords(text, terminal.width(), INDENT) : text
}

/** A warning; of several sources it says which. @param message holds foreign text */
export function warningLine(job: JobView | undefined, message: string, style: LineStyle): string {
  const name = style.isBatch && job !== undefined ? `${job.metainfo.name}: ` : ''
  return messageLine(name + message, style)
}

/** The last lines of a run of several sources, or after a signal; none when there is no more to say. */
export function endLines(summary: RunSummary, { terminal }: LineStyle): string[] {
  const advice = summary.signal === undefined ? '' : (summary.goOn ?? GO_ON)
  const { failedList: list } = summary
  const isSaved = list !== undefined && list.error === undefined && !list.isKept
  const failedList = isSaved ? [terminal.clean(failedListText(list))] : []
  if (summary.counts.total <= 1) return [...failedList, ...(advice === '' ? [] : [advice])].map(prefixed)
  const counts = countsText(summary) + (advice === '' ? '' : `; ${advice}`)
  return [...tableLines(summary, terminal), ...failedList, counts].map(prefixed)
}

/** What the same command will do after an early end; '' when it begins from nothing. */
export function adviceOf(job: JobView): string {
  return job.goOn ?? GO_ON
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
  if (result.job?.path === '') return `${PREFIX}${name}: ${transferText(result)}`
  if (!terminal.isTty) return `${PREFIX}${name}: ${transferText(result)} -> ${path}`
  const { done, arrow, cut } = theme.symbols
  const shortName = truncateMiddle(steadyText(name), MAX_NAME_CELLS, cut)
  const fits = (text: string): boolean => displayWidth(`${done} ${text}`) <= terminal.width()
  const whole = `${shortName}  ${transferText(result)}  ${arrow} ${path}`
  // Where it would wrap, the path alone: it ends with the name. The speed can be missed, too.
  const long = `${path}  ${transferText(result)}`
  const text = [whole, long].find(fits) ?? long.replace(/ \([^()]*\/s\)$/, '')
  const head = `${shortName}  ${transferText(result)}  `
  const painted = text === whole ? `${head}${theme.paint('quiet', arrow)} ${path}` : text
  return `${theme.paint('done', done)} ${painted}`
}

function failedLine(result: JobResult, style: LineStyle): string {
  const { terminal, theme, isBatch } = style
  const name = nameOf(result)
  const message = describeError(result.error)
  if (isBatch && terminal.isTty) {
    const { failed } = theme.symbols
    const text = wrapped(`${failed} ${terminal.clean(`${name}  exit ${result.code}: ${message}`)}`, terminal)
    return theme.paint('failed', failed) + text.slice(failed.length)
  }
  return messageLine(message.includes(name) ? message : `${name}: ${message}`, style)
}

function stoppedLine(result: JobResult, { terminal, theme, isBatch }: LineStyle): string {
  const name = terminal.clean(nameOf(result))
  const { snapshot, seeding } = result
  const progress = seeding === undefined ? stoppedText(snapshot) : `stopped, ${seededText(seeding)}`
  if (isBatch && terminal.isTty)
    return `${theme.paint('stalled', theme.symbols.stopped)} ${name}  ${progress}`
  return `${PREFIX}${name}: ${progress}`
}

function stoppedText(snapshot: TorrentSnapshot | undefined): string {
  return snapshot === undefined ? 'not started' : `stopped ${whereOf(snapshot)}`
}

function seededLine(result: JobResult, seeding: SeedFigures, { terminal, theme }: LineStyle): string {
  const name = terminal.clean(nameOf(result))
  if (!terminal.isTty) return `${PREFIX}${name}: ${seededText(seeding)}`
  const { done, cut } = theme.symbols
  const room = Math.min(MAX_NAME_CELLS, Math.max(0, terminal.width() - displayWidth(seededText(seeding)) - 5))
  const text = truncateEnd(seededText(seeding), Math.max(0, terminal.width() - 3), cut)
  return `${theme.paint('done', done)} ${truncateMiddle(steadyText(name), room, cut)}  ${text}`
}

/** `seeded 1.2 GiB (ratio 1.93) in 10m 02s, 4 peers completed` */
function seededText(seeding: SeedFigures): string {
  const { completedPeerCount, seconds } = seeding
  const peers = completedPeerCount === 0 ? '' : `, ${plural(completedPeerCount, 'peer')} completed`
  return `seeded ${sentText(seeding)} in ${formatDuration(seconds)}${peers}`
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
