/** From flags and the process to the `verify` command: the look at the data, its progress, its result. */
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { systemClock } from '../common/clock.ts'
import { KnownError, UsageError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { auditData } from '../storage/audit-data.ts'
import { findExtraFiles } from '../storage/extra-files.ts'
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import { formatVerifyJson, tallyOf, verifyLines } from './commands/verify.ts'
import type { VerifyResult } from './commands/verify.ts'
import type { CliContext } from './context.ts'
import { Ending } from './ending.ts'
import { describeError, exitCodeOf, SIGNAL_EXIT } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import { assertExpected } from './expected-hash.ts'
import type { VerifyFlags } from './flags.ts'
import { chooseFiles, chosenPieces } from './item-options.ts'
import type { ChosenPieces } from './item-options.ts'
import { emptySnapshot } from './job.ts'
import type { JobChecksums } from './job.ts'
import { makeLog } from './log.ts'
import { openScreen } from './open-screen.ts'
import { readTorrent } from './read-torrent.ts'
import { toSafeJson } from './safe-json.ts'
import { watchSignals } from './signals.ts'
import { sourceLabel } from './source.ts'
import { findStateDirectory } from './state-directory.ts'
import { messageLine, whereOf } from './summary.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import type { ChecksumResult, JobView, Screen } from './view.ts'

const VERSION = 1
const TICK_MS = 1000
/** Lines that are written at a time. */
const LINES_PER_WRITE = 1000

/** @param directory where the files are; undefined: as the flags say @returns the exit code */
export async function startVerify(
  source: string,
  directory: string | undefined,
  flags: VerifyFlags,
  context: CliContext,
): Promise<number> {
  try {
    const metainfo = await readTorrent(source, context.stdin)
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
  const { metainfo } = place
  const terminal = describeTerminal(context.stderr, context.env, flags.color)
  const style = { terminal, theme: await loadTheme(terminal), isBatch: false }
  const screen = await openScreen(flags, style, context, {
    sourceCount: () => ({ known: 1, isAll: true }),
    writesData: false, // the result comes when the screen is closed
  })
  const log = makeLog(flags.quiet ? 0 : flags.verbose, {
    now: () => systemClock.now(),
    line: (text) => {
      screen.line(text)
    },
    clean: terminal.clean,
  })
  const selection = await chooseFiles(metainfo, {
    selection: { select: flags.select, exclude: flags.exclude, maxSizeBytes: flags.maxSize },
  })
  for (const notice of selection?.notices ?? []) screen.onWarning(undefined, notice)
  const chosen = selection === undefined ? undefined : chosenPieces(metainfo, selection)
  const look = new Look(place, chosen, { screen, log, context })
  const result = await watched(look, flags, { screen, context })
  screen.close()
  if (typeof result === 'object') return await print(result, flags, context)
  screen.line(messageLine(`${metainfo.name}: stopped ${whereOf(look.snapshot())}`, style))
  return SIGNAL_EXIT[result]
}

/** Shows how far it is. @returns the signal that ended it, if one did: nothing is waited for then */
async function watched(
  look: Look,
  flags: VerifyFlags,
  { screen, context }: { readonly screen: Screen; readonly context: CliContext },
): Promise<VerifyResult | StopSignal> {
  const ending = new Ending()
  let stoppedBy: StopSignal | undefined
  const endWatch = watchSignals(
    context.signals,
    () => systemClock.now(),
    (signal) => {
      stoppedBy = signal
      look.stop()
      ending.end()
    },
  )
  const stopTicks = systemClock.every(TICK_MS, () => {
    screen.onTick()
  })
  screen.onStart(look)
  try {
    const work = look.finish(flags.checksumFile)
    work.catch(() => undefined) // nobody may be left who waits for it
    const result = await ending.before(work)
    return result ?? stoppedBy ?? 'SIGTERM'
  } catch (error) {
    if (stoppedBy === undefined) throw error
    return stoppedBy
  } finally {
    screen.close()
    stopTicks()
    endWatch()
  }
}

interface LookParts {
  readonly screen: Screen
  readonly log: LogSink
  readonly context: CliContext
}

/** The work, and what is shown of it. */
class Look implements JobView {
  readonly source: string
  readonly metainfo: Metainfo
  readonly infoHash: string
  readonly path: string
  readonly #outputDirectory: string
  readonly #chosen: ChosenPieces | undefined
  readonly #parts: LookParts
  readonly #stopping = new AbortController()
  #progress = { checkedBytes: 0, totalBytes: 0 }
  #checksums: JobChecksums | undefined

  constructor(
    { source, metainfo, outputDirectory }: Place,
    chosen: ChosenPieces | undefined,
    parts: LookParts,
  ) {
    this.source = source
    this.metainfo = metainfo
    this.infoHash = metainfo.infoHash.toString('hex')
    this.path = join(outputDirectory, metainfo.name)
    this.#outputDirectory = outputDirectory
    this.#chosen = chosen
    this.#parts = parts
  }

  snapshot(): TorrentSnapshot {
    const { checkedBytes, totalBytes } = this.#checksums?.progress ?? this.#progress
    return { ...emptySnapshot(this.metainfo, this.#chosen), checkedBytes, bytesToCheck: totalBytes }
  }

  stop(): void {
    this.#stopping.abort()
  }

  /** @param lists of checksums @throws KnownError, or an AbortError when it was stopped */
  async finish(lists: readonly string[]): Promise<VerifyResult> {
    const { log, context } = this.#parts
    const { signal } = this.#stopping
    const { source, metainfo } = this
    const outputDirectory = this.#outputDirectory
    const wantedFiles = this.#chosen?.wantedFiles
    const compare = lists.length === 0 ? undefined : await this.#prepareChecksums(lists)
    const audit = await auditData({
      ...{ metainfo, wantedFiles, log, signal },
      outputDirectory: resolve(outputDirectory),
      shownDirectory: outputDirectory,
      stateDirectory: findStateDirectory(context.env, tmpdir(), context.userId),
      onProgress: (checkedBytes, totalBytes) => {
        this.#progress = { checkedBytes, totalBytes }
      },
    })
    const partPaths = audit.partPaths()
    const extra = await findExtraFiles({
      ...{ metainfo, partPaths, signal },
      outputDirectory: resolve(outputDirectory),
    })
    const checksums = (await compare?.()) ?? new Map<number, ChecksumResult[]>()
    return { source, metainfo, outputDirectory, audit, extra, checksums }
  }

  /** What is wrong with a list is told before anything is read. @returns compares when the time has come */
  async #prepareChecksums(
    lists: readonly string[],
  ): Promise<() => Promise<ReadonlyMap<number, readonly ChecksumResult[]>>> {
    const { ChecksumCheck, ChecksumFiles, readChecksumPlan } = await import('./checksum-check.ts')
    const { metainfo } = this
    const { screen, log } = this.#parts
    const wantedFiles = this.#chosen?.wantedFiles
    const plan = await readChecksumPlan(metainfo, wantedFiles, { lists, files: new ChecksumFiles() })
    for (const notice of plan.notices) screen.onWarning(undefined, notice)
    const check = new ChecksumCheck({
      metainfo,
      outputDirectory: this.#outputDirectory,
      wantedFiles,
      plan,
      log,
    })
    return async () => {
      this.#checksums = check
      const results = new Map<number, ChecksumResult[]>()
      await check.compare((result) => {
        results.set(result.file, [...(results.get(result.file) ?? []), result])
      }, this.#stopping.signal)
      return results
    }
  }
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
