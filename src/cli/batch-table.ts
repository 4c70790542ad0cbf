/** The end of a batch: a table of how each source ended, and the numbers below it. Pure; its texts are clean. */
import { formatBytes, formatCount, formatDuration, plural } from './format.ts'
import type { SavedList } from './failed-list.ts'
import type { Terminal } from './terminal.ts'
import { padEndCells, truncateEnd } from './text-width.ts'
import type { ItemResult, RunCounts, RunSummary } from './view.ts'

/** With more sources than this, those that are done are only counted. */
const MAX_LISTED = 20
/** More failures than this on a screen are not read. */
const MAX_FAILURES = 50

/** A line for each source, of many for each that failed. On a terminal the lines of what is done stand above already. */
export function tableLines({ counts, results }: RunSummary, terminal: Terminal): string[] {
  if (counts.total <= 1) return []
  const isDone = counts.failed + counts.stopped === 0
  const isSmall = counts.total <= MAX_LISTED && !(isDone && terminal.isTty)
  const unfinished = results.filter((result) => result.outcome !== 'complete' && !isQuiet(result))
  const rows = (isSmall ? results : unfinished.slice(0, MAX_FAILURES)).map(cellsOf)
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0))) // not the last
  const lines = rows.map((row) =>
    row
      .map((cell, column) => padEndCells(cell, widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  const left = isSmall ? 0 : counts.failed + counts.stopped - counts.untouched - rows.length
  if (left > 0) lines.push(`and ${formatCount(left)} more that failed`)
  const cleaned = lines.map((line) => `  ${terminal.clean(line)}`)
  return terminal.isTty ? cleaned.map((line) => truncateEnd(line, terminal.width() - 1, '...')) : cleaned
}

/** `4 of 5 done (1 was there already), 1 failed: 3.2 GiB in 1m 02s` */
export function countsText({ counts, seconds }: RunSummary): string {
  const { total, complete, alreadyThere } = counts
  const there = alreadyThere === 0 ? '' : ` (${alreadyThereText(counts)})`
  const parts = [`${formatCount(complete)} of ${formatCount(total)} done${there}`, ...otherCounts(counts)]
  const sent = counts.seeded === 0 ? [] : [`${formatBytes(counts.seededBytes)} sent`]
  const fetched =
    counts.seeded > 0 && counts.downloadedBytes === 0 ? [] : [formatBytes(counts.downloadedBytes)]
  return `${parts.join(', ')}: ${[...fetched, ...sent].join(', ')} in ${formatDuration(seconds)}`
}

function otherCounts({ failed, stopped, untouched, duplicates }: RunCounts): string[] {
  const parts: string[] = []
  if (failed > 0) parts.push(`${formatCount(failed)} failed`)
  if (stopped > 0) parts.push(`${formatCount(stopped)} stopped`)
  if (untouched > 0) parts.push(`${formatCount(untouched)} of them not begun`)
  if (duplicates > 0) parts.push(`${formatCount(duplicates)} given again`)
  return parts
}

function alreadyThereText({ complete, alreadyThere }: RunCounts): string {
  if (alreadyThere === complete) return alreadyThere === 1 ? 'it was there already' : 'all were there already'
  return alreadyThere === 1 ? '1 was there already' : `${formatCount(alreadyThere)} were there already`
}

function cellsOf(result: ItemResult): string[] {
  const { code, outcome, seconds, totalBytes, message } = result
  const size = totalBytes === undefined ? '-' : formatBytes(totalBytes)
  const time = outcome === 'complete' && !isDuplicate(result) ? formatDuration(seconds) : '-'
  const why = outcome === 'failed' && message !== undefined ? message : ''
  const text = why.includes(result.source)
    ? why
    : [result.source, why].filter((part) => part !== '').join(': ')
  return [`exit ${code}`, outcomeText(result), size, time, text]
}

function outcomeText(result: ItemResult): string {
  if (isDuplicate(result)) return 'given again'
  if (result.isUntouched) return 'not begun'
  if (result.outcome !== 'complete') return result.outcome
  if (result.seeding !== undefined) return 'seeded'
  return result.downloadedBytes === 0 ? 'was there' : 'done'
}

function isDuplicate({ duplicateOf }: ItemResult): boolean {
  return duplicateOf !== undefined
}

/** Of those that were only waiting, and of repetitions, the number says enough. */
function isQuiet(result: ItemResult): boolean {
  return result.isUntouched || isDuplicate(result)
}

/** `4 sources that are not done are in failed.txt: -i failed.txt tries them again` */
export function failedListText({ path, count, notices }: SavedList): string {
  if (count === 0) {
    const what = notices.length === 0 ? 'all is done' : 'what was read of the lists is done'
    return `${what}: ${path} is empty`
  }
  return `${plural(count, 'source')} not done, written to ${path}: -i ${path} tries again`
}
