/** `verify`: what a look at the data found, as text or JSON, and the exit code. Pure. */
import { join, resolve } from 'node:path'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import type { Audit, FileReport, FileState, Range } from '../../storage/audit.ts'
import type { ExtraFiles } from '../../storage/extra-files.ts'
import { EXIT } from '../exit-codes.ts'
import { formatBytes, formatCount, plural } from '../format.ts'
import { toSafeJson } from '../safe-json.ts'
import type { InfoStyle } from './info.ts'
import type { Meaning } from '../theme.ts'
import type { ChecksumResult } from '../view.ts'

const VERSION = 1
/** Of one file, in a line for people. */
const MAX_RANGES = 5

export interface VerifyResult {
  readonly source: string
  readonly metainfo: Metainfo
  /** As typed. */
  readonly outputDirectory: string
  readonly audit: Audit
  readonly extra: ExtraFiles
  /** All that were compared, by file. */
  readonly checksums: ReadonlyMap<number, readonly ChecksumResult[]>
}

/** `wrong-checksum`: as the torrent says, but not as a list of checksums says. */
export type VerifiedState = FileState | 'wrong-checksum'

interface VerifiedFile extends FileReport {
  readonly verdict: VerifiedState
  readonly wrong: readonly ChecksumResult[]
}

/** In the order of the summary: what they are called, and how they look. */
const LABELS: Readonly<Record<VerifiedState, readonly [label: string, meaning: Meaning]>> = {
  good: ['good', 'done'],
  bad: ['bad', 'failed'],
  'wrong-size': ['wrong size', 'failed'],
  'wrong-checksum': ['bad checksum', 'failed'],
  'not-a-file': ['not a file', 'failed'],
  unreadable: ['unreadable', 'failed'],
  missing: ['missing', 'stalled'],
  unfinished: ['unfinished', 'stalled'],
  unchecked: ['unchecked', 'stalled'],
}
const LABEL_CELLS = 12
const STATES = Object.keys(LABELS) as VerifiedState[]

export interface VerifyTally {
  readonly files: Readonly<Record<VerifiedState, number>>
  readonly fileCount: number
  readonly checksumCount: number
  readonly wrongChecksumCount: number
  /** Of the chosen files. */
  readonly wantedBytes: number
  readonly code: number
}

/** What cannot be read tells more than what is wrong, and that more than what is missing. */
export function tallyOf(result: VerifyResult): VerifyTally {
  const files = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<VerifiedState, number>
  let [fileCount, wantedBytes] = [0, 0]
  for (const { verdict, file } of filesOf(result)) {
    files[verdict]++
    fileCount++
    wantedBytes += result.metainfo.files[file]?.lengthBytes ?? 0
  }
  const compared = [...result.checksums.values()].flat()
  const wrongChecksumCount = compared.filter(isWrong).length
  const wrongCount = files.bad + files['wrong-size'] + files['not-a-file'] + wrongChecksumCount
  const missingCount = files.missing + files.unfinished + files.unchecked
  const code =
    files.unreadable > 0
      ? EXIT.fileSystem
      : wrongCount > 0
        ? EXIT.verificationFailed
        : missingCount > 0
          ? EXIT.unfinished
          : EXIT.ok
  return { files, fileCount, checksumCount: compared.length, wrongChecksumCount, wantedBytes, code }
}

export interface VerifyTextOptions {
  /** Good files have a line, too. */
  readonly listsAll: boolean
  /** Nothing but what is wrong. */
  readonly isQuiet: boolean
}

/** A line for each file that is not good, then extra ones, then the summary. Clean, each with its newline. */
export function* verifyLines(
  result: VerifyResult,
  style: InfoStyle,
  { listsAll, isQuiet }: VerifyTextOptions,
): Generator<string> {
  const tally = tallyOf(result)
  const { clean } = style.terminal
  const isNothingThere =
    tally.files.missing === tally.fileCount && (tally.fileCount > 1 || !result.audit.isRootThere)
  if (isNothingThere && !listsAll) yield line(style, 'missing', clean(nothingThere(result, tally.fileCount)))
  else {
    for (const file of filesOf(result)) {
      if (file.verdict !== 'good' || listsAll) yield* fileLines(result, file, style)
    }
  }
  if (isQuiet && tally.code === EXIT.ok) return
  if (!isQuiet) yield* extraLines(result, style)
  yield summaryLine(result, tally, style)
}

/** One object, indented; ends with a newline. @param listsAll good files are in it, too */
export function formatVerifyJson(result: VerifyResult, listsAll: boolean): string {
  const { source, metainfo, outputDirectory, audit, extra } = result
  const tally = tallyOf(result)
  const path = join(outputDirectory, metainfo.name)
  const files = []
  for (const file of filesOf(result))
    if (file.verdict !== 'good' || listsAll) files.push(fileFields(result, file))
  const { good, bad, missing, unreadable } = audit.pieces
  const value = {
    v: VERSION,
    type: 'verify',
    source,
    id: metainfo.infoHash.toString('hex'),
    name: metainfo.name,
    path,
    absolutePath: resolve(path),
    code: tally.code,
    isGood: tally.code === EXIT.ok,
    wantedBytes: tally.wantedBytes,
    pieceBytes: metainfo.geometry.pieceBytes,
    pieceCounts: { total: good + bad + missing + unreadable, good, bad, missing, unreadable },
    fileCounts: { total: tally.fileCount, ...tally.files },
    checksumCounts: { total: tally.checksumCount, wrong: tally.wrongChecksumCount },
    files,
    extraCount: extra.count,
    extra: extra.paths.map((extraPath) => join(outputDirectory, extraPath)),
  }
  return `${toSafeJson(value, 2)}\n`
}

function* filesOf({ audit, checksums }: VerifyResult): Generator<VerifiedFile> {
  for (const report of audit.files()) {
    const wrong = (checksums.get(report.file) ?? []).filter(isWrong)
    const verdict = report.state === 'good' && wrong.length > 0 ? 'wrong-checksum' : report.state
    yield { ...report, verdict, wrong }
  }
}

function isWrong({ actual, expected }: ChecksumResult): boolean {
  return actual !== expected
}

function* fileLines(result: VerifyResult, file: VerifiedFile, style: InfoStyle): Generator<string> {
  const { clean } = style.terminal
  const { verdict, wrong } = file
  if (verdict !== 'wrong-checksum') yield line(style, verdict, clean(describe(result, file)))
  const path = result.audit.shown(file.file)
  for (const { algorithm, actual, expected, list } of wrong)
    yield line(
      style,
      'wrong-checksum',
      clean(`${path}: ${algorithm} is ${actual}, not ${expected} (${list})`),
    )
}

function describe({ metainfo, audit }: VerifyResult, report: FileReport): string {
  const { file, state, sizeBytes = 0, pieces, error } = report
  const path = audit.shown(file)
  const total = pieces.good + pieces.bad + pieces.missing + pieces.unreadable
  switch (state) {
    case 'good':
    case 'missing':
      return path
    case 'bad':
      return `${path}: ${formatCount(pieces.bad)} of ${plural(total, 'piece')}, bytes ${rangesText(audit.badBytes(file))}`
    case 'wrong-size': {
      const bad = pieces.bad === 0 ? '' : `; bad: bytes ${rangesText(audit.badBytes(file))}`
      return `${path}: ${plural(sizeBytes, 'byte')}, must be ${formatCount(metainfo.files[file]?.lengthBytes ?? 0)}${bad}`
    }
    case 'unfinished':
      return `${audit.shown(file, 'part')}: ${formatCount(pieces.good)} of ${plural(total, 'piece')} there`
    case 'unchecked':
      return `${path}: ${formatCount(total - pieces.good)} of ${plural(total, 'piece')} reach into files that are not whole`
    case 'not-a-file':
    case 'unreadable': {
      const message = error?.message ?? ''
      return message.includes(path) ? message : `${path}: ${message}`
    }
  }
}

function rangesText(ranges: readonly Range[]): string {
  const shown = ranges.slice(0, MAX_RANGES).map(({ first, last }) => `${first}-${last}`)
  const more = ranges.length > MAX_RANGES ? ` and ${formatCount(ranges.length - MAX_RANGES)} more ranges` : ''
  return shown.join(', ') + more
}

function nothingThere({ metainfo, outputDirectory, audit }: VerifyResult, fileCount: number): string {
  if (!audit.isRootThere) return `${outputDirectory} does not exist`
  const isInside = resolve(outputDirectory).endsWith(`/${metainfo.name}`)
  const hint = isInside
    ? ` (give the directory that holds ${metainfo.name}: ${join(outputDirectory, '..')})`
    : ''
  return `all ${plural(fileCount, 'file')}: nothing of ${metainfo.name} is in ${outputDirectory}${hint}`
}

function* extraLines({ outputDirectory, extra }: VerifyResult, style: InfoStyle): Generator<string> {
  const { clean } = style.terminal
  const painted = style.theme.paint('quiet', 'extra'.padEnd(LABEL_CELLS))
  for (const path of extra.paths) yield `${painted}  ${clean(join(outputDirectory, path))}\n`
  const more = extra.count - extra.paths.length
  if (more > 0) yield `${painted}  and ${formatCount(more)} more\n`
}

/** `data: 5 files, 381.3 KiB, all good`, or how many of each. */
function summaryLine(result: VerifyResult, tally: VerifyTally, { terminal, theme }: InfoStyle): string {
  const isGood = tally.code === EXIT.ok
  const name = terminal.clean(result.metainfo.name)
  const parts = [isGood ? goodText(result, tally) : badText(result, tally)]
  const { checksumCount, wrongChecksumCount } = tally
  if (checksumCount > 0)
    parts.push(
      `${formatCount(checksumCount - wrongChecksumCount)} of ${plural(checksumCount, 'checksum')} right`,
    )
  if (result.extra.count > 0) parts.push(`${formatCount(result.extra.count)} extra`)
  const text = `${name}: ${parts.join('; ')}`
  if (!terminal.isTty) return `${text}\n`
  const { done, failed } = theme.symbols
  return `${isGood ? theme.paint('done', done) : theme.paint('failed', failed)} ${text}\n`
}

function goodText({ metainfo }: VerifyResult, { fileCount, wantedBytes }: VerifyTally): string {
  const size = formatBytes(wantedBytes)
  return metainfo.isSingleFile ? `${size}, good` : `${plural(fileCount, 'file')}, ${size}, all good`
}

function badText({ audit }: VerifyResult, { files, fileCount }: VerifyTally): string {
  const states = STATES.filter((state) => state !== 'good' && files[state] > 0)
  const problems = states.map((state) => `${formatCount(files[state])} ${LABELS[state][0]}`)
  const { good, bad, missing, unreadable } = audit.pieces
  const pieces = Object.entries({ bad, missing, unreadable }).filter(([, count]) => count > 0)
  const total = good + bad + missing + unreadable
  return [
    `${formatCount(files.good)} of ${plural(fileCount, 'file')} good, ${problems.join(', ')}`,
    [
      `${formatCount(good)} of ${plural(total, 'piece')} good`,
      ...pieces.map(([state, count]) => `${formatCount(count)} ${state}`),
    ].join(', '),
  ].join('; ')
}

function line({ theme }: InfoStyle, state: VerifiedState, text: string): string {
  const [label, meaning] = LABELS[state]
  return `${theme.paint(meaning, label.padEnd(LABEL_CELLS))}  ${text}\n`
}

function fileFields(
  { metainfo, audit, checksums }: VerifyResult,
  { file, verdict, sizeBytes, pieces, error }: VerifiedFile,
): Record<string, unknown> {
  const path = audit.shown(file)
  const entry = metainfo.files[file]
  return {
    index: file,
    name: entry?.path.join('/'),
    path,
    absolutePath: resolve(path),
    state: verdict,
    expectedBytes: entry?.lengthBytes,
    sizeBytes,
    pieceCounts: { total: pieces.good + pieces.bad + pieces.missing + pieces.unreadable, ...pieces },
    badPieces: audit.badPieces(file),
    badBytes: audit.badBytes(file),
    checksums: checksums.get(file)?.map(({ algorithm, expected, actual, list }) => {
      return { algorithm, expected, actual, isRight: actual === expected, list }
    }),
    errorCode: error?.code,
    message: error?.message,
  }
}
