/** From flags and the process to the `verify` command: the look at the data, its progress, its result. */
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import type { Bitfield } from '../common/bitfield.ts'
import { systemClock } from '../common/clock.ts'
import { KnownError, UsageError } from '../common/errors.ts'
import { silentLog } from '../common/log.ts'
import { auditData } from '../storage/audit-data.ts'
import { findExtraFiles } from '../storage/extra-files.ts'
import { maskSource } from '../tracker/mask-url.ts'
import type { ChecksumCheck } from './checksum-check.ts'
import { formatVerifyJson, tallyOf, verifyLines } from './commands/verify.ts'
import type { VerifyResult } from './commands/verify.ts'
import type { CliContext } from './context.ts'
import { Ending } from './ending.ts'
import { describeError, exitCodeOf, SIGNAL_EXIT } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import { assertExpected } from './expected-hash.ts'
import type { VerifyFlags } from './flags.ts'
import { HashProgress } from './hash-progress.ts'
import { chooseFiles, chosenPieces } from './item-options.ts'
import { isInForeground, watchJobControl } from './job-control.ts'
import { progressKind } from './progress-kind.ts'
import { readTorrent } from './read-torrent.ts'
import { toSafeJson } from './safe-json.ts'
import { watchSignals } from './signals.ts'
import { sourceLabel } from './source.ts'
import { findStateDirectory } from './state-directory.ts'
import { messageLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import type { ChecksumResult } from './view.ts'

const VERSION = 1
const PROGRESS_MS = 250
/** Lines that are written at a time. */
const LINES_PER_WRITE = 1000

/** @param directory where the files are; undefined: as the flags say @returns the exit code */
export async function startVerify(
  given: string,
  directory: string | undefined,
  flags: VerifyFlags,
  context: CliContext,
): Promise<number> {
  const source = maskSource(given)
  try {
    const metainfo = await readTorrent(given, context.stdin)
    assertExpected(metainfo, sourceLabel(source), flags.expect)
    const outputDirectory = directory ?? flags.output
    return await verify({ source, metainfo, outputDirectory }, flags, context)
  } catch (error) {
    if (flags.json && error instanceof KnownError && !(error instanceof UsageError)) {
      const fields = { code: exitCodeOf(error), errorCode: error.code, message: describeError(error) }
      context.stdout.write(`${toSafeJson({ v: VERSION, type: 'error', source, ...fields }, 2)}\n`)
    }
    throw error
  }
}

type Place = Pick<VerifyResult, 'source' | 'metainfo' | 'outputDirectory'>

async function verify(place: Place, flags: VerifyFlags, context: CliContext): Promise<number> {
  const { metainfo, outputDirectory } = place
  const terminal = describeTerminal(context.stderr, context.env, flags.color)
  const style = { terminal, theme: await loadTheme(terminal), isBatch: false }
  const say = (message: string): void => {
    if (!flags.quiet) context.stderr.write(`${messageLine(message, style)}\n`)
  }
  const selection = await chooseFiles(metainfo, {
    selection: { select: flags.select, exclude: flags.exclude, maxSizeBytes: flags.maxSize },
  })
  selection?.notices.forEach(say)
  const wantedFiles = selection === undefined ? undefined : chosenPieces(metainfo, selection).wantedFiles
  let checksums: ChecksumCheck | undefined
  if (flags.checksumFile.length > 0) {
    const { ChecksumCheck, ChecksumFiles, readChecksumPlan } = await import('./checksum-check.ts')
    const lists = { lists: flags.checksumFile, files: new ChecksumFiles() }
    const plan = await readChecksumPlan(metainfo, wantedFiles, lists)
    plan.notices.forEach(say)
    checksums = new ChecksumCheck({ metainfo, outputDirectory, wantedFiles, plan, log: silentLog })
  }
  const result = await look({ ...place, wantedFiles, checksums }, { flags, context, style })
  if (typeof result === 'object') return await print(result, flags, context)
  say(`${metainfo.name}: stopped`)
  return SIGNAL_EXIT[result]
}

interface Task extends Place {
  readonly wantedFiles: Bitfield | undefined
  readonly checksums: ChecksumCheck | undefined
}

interface Surroundings {
  readonly flags: VerifyFlags
  readonly context: CliContext
  readonly style: LineStyle
}

/** @returns the signal that ended it, if one did: then nothing is waited for */
async function look(task: Task, surroundings: Surroundings): Promise<VerifyResult | StopSignal> {
  const stopping = new AbortController()
  const ending = new Ending()
  let stoppedBy: StopSignal = 'SIGTERM'
  const unwatch = watchSignals(
    surroundings.context.signals,
    () => systemClock.now(),
    (signal) => {
      stoppedBy = signal
      stopping.abort()
      ending.end()
    },
  )
  try {
    const work = auditAndCompare(task, surroundings, stopping.signal)
    work.catch(ignore) // nobody may be left who waits for it
    return (await ending.before(work)) ?? stoppedBy
  } catch (error) {
    if (stopping.signal.aborted) return stoppedBy
    throw error
  } finally {
    unwatch()
  }
}

/** Rejects with whatever was thrown when it was stopped. */
async function auditAndCompare(
  { checksums, wantedFiles, ...place }: Task,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<VerifyResult> {
  const { metainfo } = place
  const { env, userId } = surroundings.context
  const outputDirectory = resolve(place.outputDirectory)
  const open = (activity: string): HashProgress => openProgress(metainfo.name, activity, surroundings, signal)
  const checking = open('checking')
  const audit = await auditData({
    ...{ metainfo, wantedFiles, outputDirectory, signal, log: silentLog },
    shownDirectory: place.outputDirectory,
    stateDirectory: findStateDirectory(env, tmpdir(), userId),
    onProgress: checking.onProgress,
  }).finally(() => {
    checking.close()
  })
  const extra = await findExtraFiles({ metainfo, outputDirectory, partPaths: audit.partPaths(), signal })
  const results = checksums === undefined ? [] : await compare(checksums, open('comparing'), signal)
  return { ...place, audit, extra, checksums: byFile(results) }
}

function byFile(results: readonly ChecksumResult[]): Map<number, ChecksumResult[]> {
  const files = new Map<number, ChecksumResult[]>()
  for (const result of results) files.set(result.file, [...(files.get(result.file) ?? []), result])
  return files
}

async function compare(
  checksums: ChecksumCheck,
  progress: HashProgress,
  signal: AbortSignal,
): Promise<ChecksumResult[]> {
  const results: ChecksumResult[] = []
  const stopLooking = systemClock.every(PROGRESS_MS, () => {
    const { checkedBytes, totalBytes } = checksums.progress
    progress.onProgress(checkedBytes, totalBytes)
  })
  try {
    await checksums.compare((result) => {
      results.push(result)
    }, signal)
    return results
  } finally {
    stopLooking()
    progress.close()
  }
}

/** The signal takes it off the screen, too: what was begun may take a moment to end. */
function openProgress(
  name: string,
  activity: string,
  { flags, context, style }: Surroundings,
  signal: AbortSignal,
): HashProgress {
  const { stderr: stream, stdout, jobControl: source } = context
  const clock = systemClock
  const progress = new HashProgress({
    ...{ stream, style, clock, name, activity },
    // The result comes when the bar is gone.
    kind: progressKind(flags, style.terminal, stdout, false),
    watchJobControl: (drawing) => watchJobControl({ source, isForeground: isInForeground, clock }, drawing),
  })
  signal.addEventListener('abort', () => {
    progress.close()
  })
  return progress
}

async function print(result: VerifyResult, flags: VerifyFlags, context: CliContext): Promise<number> {
  const { stdout } = context
  const listsAll = flags.verbose > 0
  if (flags.json) stdout.write(formatVerifyJson(result, listsAll))
  else {
    const terminal = describeTerminal(stdout, context.env, flags.color)
    const style = { terminal, theme: await loadTheme(terminal) }
    let lines: string[] = []
    for (const line of verifyLines(result, style, { listsAll, isQuiet: flags.quiet })) {
      lines.push(line)
      if (lines.length < LINES_PER_WRITE) continue
      stdout.write(lines.join(''))
      lines = []
    }
    stdout.write(lines.join(''))
  }
  return tallyOf(result).code
}

function ignore(): void {
  // It has been told already.
}
