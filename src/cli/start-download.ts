/** From flags and the process to a running download: which screen, which log, where the state lives. */
import { lookup } from 'node:dns/promises'
import { tmpdir } from 'node:os'
import { systemClock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import { systemCodeOf } from '../common/errors.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { Session } from '../session/session.ts'
import { download } from './commands/download.ts'
import type { CliContext } from './context.ts'
import { EventWriter } from './events.ts'
import { FailedList } from './failed-list.ts'
import { itemOptionsFrom } from './item-flags.ts'
import { openListFile } from './list-file.ts'
import type { ListFile } from './list-file.ts'
import { descriptorLimit, limitJobs } from './job-limit.ts'
import { makeLog } from './log.ts'
import { PlainProgress } from './plain-progress.ts'
import { DEFAULT_JOBS } from './program.ts'
import type { DownloadFlags } from './program.ts'
import type { DownloadSession } from './run-session.ts'
import { watchSignals } from './signals.ts'
import { SourceQueue } from './source-queue.ts'
import { openStateDirectory } from './state-directory.ts'
import type { LineStyle } from './summary.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import type { Screen, SourceCount } from './view.ts'

/** @returns the exit code */
export async function startDownload(
  sources: readonly string[],
  flags: DownloadFlags,
  context: CliContext,
): Promise<number> {
  const queue = await openQueue(sources, flags, context)
  if (flags.list || flags.dryRun) {
    const { startPreview } = await import('./start-preview.ts')
    return await startPreview(queue, flags, context)
  }
  const hasList = flags.inputFile.length > 0
  const terminal = describeTerminal(context.stderr, context.env, flags.color)
  const style = { terminal, theme: await loadTheme(terminal), isBatch: sources.length > 1 || hasList }
  const screen = await openScreen(flags, style, context, () => queue.count)
  const log = makeLog(flags.quiet ? 0 : flags.verbose, {
    now: () => systemClock.now(),
    line: (text) => {
      screen.line(text)
    },
    clean: terminal.clean,
  })
  if (flags.origins !== undefined)
    log('info', 'session', `options not from the command line: ${flags.origins.join(', ')}`)
  const options = {
    jobs: chooseJobs(flags.jobs, hasList ? Infinity : sources.length, screen),
    timeoutMs: flags.timeout,
    stallTimeoutMs: flags.stallTimeout,
  }
  return await download(queue, options, {
    openSession: async () => openSession(flags, context, screen, log),
    readTorrent: readTorrentFile,
    lookup: lookupAll,
    clock: systemClock,
    log,
    stdin: context.stdin,
    screen,
    events: flags.json ? new EventWriter(context.stdout, () => new Date()) : undefined,
    failedList: flags.failedTo === undefined ? undefined : new FailedList(flags.failedTo),
    onPath: (path) => {
      if (printsPaths(flags, context)) context.stdout.write(`${path}\n`)
    },
    watchSignals: (onStop) => watchSignals(signalsOf(context, screen), () => systemClock.now(), onStop),
    onRescue: context.onRescue,
  })
}

/** @throws InputError LIST_UNREADABLE before anything else begins */
async function openQueue(
  args: readonly string[],
  flags: DownloadFlags,
  { stdin }: CliContext,
): Promise<SourceQueue> {
  const lists: ListFile[] = []
  for (const name of flags.inputFile) lists.push(await openListFile(name, stdin))
  return new SourceQueue({
    args,
    lists,
    itemOptions: (lines, label) => itemOptionsFrom(lines, flags, label),
    clock: systemClock,
  })
}

function chooseJobs(asked: number, sourceCount: number, screen: Screen): number {
  const wanted = Math.min(asked, sourceCount)
  if (wanted <= DEFAULT_JOBS) return wanted
  const limit = descriptorLimit()
  const jobs = limitJobs(wanted, limit)
  if (jobs < wanted)
    screen.onWarning(undefined, `only ${jobs} torrents at a time: no more than ${limit} files may be open`)
  return jobs
}

/** Bars need a terminal that no other output of ours goes to. */
async function openScreen(
  flags: DownloadFlags,
  style: LineStyle,
  { stdout, stderr }: CliContext,
  sourceCount: () => SourceCount,
): Promise<Screen> {
  const parts = { stream: stderr, style, clock: systemClock }
  if (flags.quiet) return new PlainProgress({ ...parts, amount: 'errors' })
  const sharesTerminal = flags.json && stdout.isTTY === true && style.terminal.isTty
  const isSilent = flags.progress === 'none' || (flags.progress === 'auto' && sharesTerminal)
  if (isSilent) return new PlainProgress({ ...parts, amount: 'summary' })
  if (flags.progress === 'plain' || !style.terminal.canRedraw || sharesTerminal) {
    return new PlainProgress({ ...parts, amount: 'progress' })
  }
  const { openProgressBars } = await import('./progress-bars.ts')
  return await openProgressBars({ ...parts, sourceCount })
}

/** The session and the directories it needs appear only when there is something to download. */
async function openSession(
  flags: DownloadFlags,
  context: CliContext,
  screen: Screen,
  log: LogSink,
): Promise<DownloadSession> {
  const state = openStateDirectory(context.env, tmpdir(), context.userId)
  if (state.notice !== undefined) screen.onWarning(undefined, state.notice)
  const settings = {
    listenPorts: flags.listenPort,
    listenHost: undefined,
    maxPeers: flags.maxPeers,
    stateDirectory: state.path,
  }
  const session = await Session.open(settings, { clock: systemClock, log })
  log('info', 'session', `listening on port ${session.listenPort}`)
  return session
}

/** On one terminal the summary line names the path already. */
function printsPaths({ json, quiet }: DownloadFlags, { stdout, stderr }: CliContext): boolean {
  if (json) return false
  return quiet || stdout.isTTY !== true || stderr.isTTY !== true
}

/** @throws Error with a sentence for people */
async function lookupAll(name: string): Promise<string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address)
  } catch (error) {
    throw new Error(`the name cannot be resolved (${systemCodeOf(error) ?? 'unknown reason'})`, {
      cause: error,
    })
  }
}

function signalsOf({ signals }: CliContext, screen: Screen): CliContext['signals'] {
  return {
    on: (signal, listener) => signals.on(signal, listener),
    off: (signal, listener) => signals.off(signal, listener),
    exit(code) {
      screen.close()
      signals.exit(code)
    },
  }
}
