/** From flags and the process to a running download: which screen, which log, where the state lives. */
import { tmpdir } from 'node:os'
import { systemClock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { Session } from '../session/session.ts'
import { download } from './commands/download.ts'
import type { DownloadParts } from './commands/download.ts'
import type { Delivery } from './job.ts'
import type { CliContext } from './context.ts'
import { EventWriter } from './events.ts'
import type { Hooks } from './hooks.ts'
import { FailedList } from './failed-list.ts'
import { itemOptionsFrom } from './item-flags.ts'
import { openListFile } from './list-file.ts'
import type { ListFile } from './list-file.ts'
import { isInForeground, watchJobControl } from './job-control.ts'
import { descriptorLimit, limitConnections, limitJobs, limitSeeding } from './job-limit.ts'
import { makeLog } from './log.ts'
import { addressesOfPeer, openNetwork } from './open-network.ts'
import type { Network } from './open-network.ts'
import { PlainProgress } from './plain-progress.ts'
import { progressKind } from './progress-kind.ts'
import { DEFAULT_JOBS } from './option-groups.ts'
import type { DownloadFlags } from './flags.ts'
import type { SharingFlags } from './item-options.ts'
import type { DownloadSession } from './run-session.ts'
import { watchSignals, withLastAct } from './signals.ts'
import { SourceQueue } from './source-queue.ts'
import type { HookSurroundings } from './start-hooks.ts'
import type { OpenLogFile } from './start-log-file.ts'
import { openStateDirectory } from './state-directory.ts'
import type { LineStyle } from './summary.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import type { EventView, Screen, SourceCount } from './view.ts'

/** What another command that downloads does differently. */
export type SpecialParts = Partial<Pick<DownloadParts, 'readTorrent'>> & {
  readonly delivery?: Delivery
  /** What is there is shared, and nothing fetched. */
  readonly onlySeeds?: boolean
}

/** @returns the exit code */
export async function startDownload(
  sources: readonly string[],
  flags: SharingFlags,
  context: CliContext,
  special: SpecialParts = {},
): Promise<number> {
  const network = await openNetwork(flags)
  const queue = await openQueue(sources, flags, { context, onlySeeds: special.onlySeeds === true })
  if (flags.list || flags.dryRun) {
    const { startPreview } = await import('./start-preview.ts')
    return await startPreview(queue, flags, context, network.local)
  }
  const hasList = flags.inputFile.length > 0
  const terminal = describeTerminal(context.stderr, context.env, flags.color)
  const style = { terminal, theme: await loadTheme(terminal), isBatch: sources.length > 1 || hasList }
  const screen = await openScreen(flags, style, context, {
    sourceCount: () => queue.count,
    writesData: flags.json || special.delivery !== undefined,
  })
  for (const warning of network.warnings) screen.onWarning(undefined, warning)
  const logFile = await openLogFile(flags, context, screen)
  try {
    const jobs = chooseJobs(flags.jobs, hasList ? Infinity : sources.length, screen)
    return await startLogged(queue, flags, context, { style, screen, logFile, jobs, network, special })
  } finally {
    await logFile?.close()
  }
}

interface Output {
  readonly style: LineStyle
  readonly screen: Screen
  readonly logFile: OpenLogFile | undefined
  /** Torrents at a time. */
  readonly jobs: number
  readonly network: Network
  readonly special: SpecialParts
}

async function startLogged(
  queue: SourceQueue,
  flags: DownloadFlags,
  context: CliContext,
  output: Output,
): Promise<number> {
  const { screen, logFile, style, jobs, network, special } = output
  const log = makeSinks(flags, output)
  if (flags.origins !== undefined)
    log('info', 'session', `options not from the command line: ${flags.origins.join(', ')}`)
  const events: EventView[] = flags.json ? [new EventWriter(context.stdout, () => new Date())] : []
  if (logFile !== undefined) events.push(logFile.view)
  const options = { jobs, maxSeeding: limitSeeding(jobs, descriptorLimit()), timeoutMs: flags.timeout }
  const hooks = await openHooksIfAny(flags, {
    ...{ context, clock: systemClock, screen, events, log, limit: jobs },
    clean: style.terminal.clean,
    logOutput: (line) => logFile?.sink('info', 'hook', line),
  })
  const failedList = flags.failedTo === undefined ? undefined : new FailedList(flags.failedTo)
  return await download(queue, options, {
    openSession: async () =>
      openSession(flags, network, context, {
        screen,
        log,
        keepsNothing: special.delivery?.isStored === false,
      }),
    readTorrent: special.readTorrent ?? readTorrentFile,
    delivery: special.delivery,
    lookup: async (host) => addressesOfPeer(host, network, systemClock),
    clock: systemClock,
    log,
    stdin: context.stdin,
    local: network.local,
    screen,
    events,
    hooks,
    failedList,
    onPath: (path) => {
      if (special.delivery === undefined && printsPaths(flags, context)) context.stdout.write(`${path}\n`)
    },
    watchSignals: (onStop) => {
      const atOnce = (): void => {
        hooks?.kill()
        failedList?.discard()
        logFile?.flushNow()
        screen.close()
      }
      return watchSignals(withLastAct(context.signals, atOnce), () => systemClock.now(), onStop)
    },
    onRescue: context.onRescue,
  })
}

/** The log's sink: the screen as `-v` says, and the log file. */
function makeSinks(flags: DownloadFlags, { screen, style, logFile }: Output): LogSink {
  const onScreen = makeLog(flags.quiet ? 0 : flags.verbose, {
    now: () => systemClock.now(),
    line: (text) => {
      screen.line(text)
    },
    clean: style.terminal.clean,
  })
  if (logFile === undefined) return onScreen
  return (level, scope, message) => {
    onScreen(level, scope, message)
    logFile.sink(level, scope, message)
  }
}

async function openLogFile(
  flags: DownloadFlags,
  context: CliContext,
  screen: Screen,
): Promise<OpenLogFile | undefined> {
  if (flags.logFile === undefined) return undefined
  const { startLogFile } = await import('./start-log-file.ts')
  return startLogFile(flags.logFile, flags.verbose, context, (message) => {
    screen.onWarning(undefined, message)
  })
}

async function openHooksIfAny(
  flags: DownloadFlags,
  surroundings: HookSurroundings,
): Promise<Hooks | undefined> {
  if (flags.onComplete === undefined && flags.onError === undefined) return undefined
  const { openHooks } = await import('./start-hooks.ts')
  return openHooks(flags, surroundings)
}

/** @throws InputError LIST_UNREADABLE before anything else begins */
async function openQueue(
  args: readonly string[],
  flags: SharingFlags,
  { context, onlySeeds }: { readonly context: CliContext; readonly onlySeeds: boolean },
): Promise<SourceQueue> {
  const lists: ListFile[] = []
  for (const name of flags.inputFile) lists.push(await openListFile(name, context.stdin))
  return new SourceQueue({
    args,
    lists,
    itemOptions: (lines, label) => itemOptionsFrom(lines, flags, { label, onlySeeds }),
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

function connectionLimit(jobs: number): number | undefined {
  const limit = descriptorLimit()
  return limitConnections(limit, limitJobs(jobs, limit))
}

/** @param writesData is standard output for more than paths? */
async function openScreen(
  flags: DownloadFlags,
  style: LineStyle,
  { stdout, stderr, jobControl }: CliContext,
  { sourceCount, writesData }: { readonly sourceCount: () => SourceCount; readonly writesData: boolean },
): Promise<Screen> {
  const parts = { stream: stderr, style, clock: systemClock, sourceCount }
  const kind = progressKind(flags, style.terminal, stdout, writesData)
  if (kind !== 'bars') return new PlainProgress({ ...parts, amount: kind === 'plain' ? 'progress' : kind })
  const { openProgressBars } = await import('./progress-bars.ts')
  return await openProgressBars({
    ...parts,
    watchJobControl: (drawing) =>
      watchJobControl({ source: jobControl, isForeground: isInForeground, clock: systemClock }, drawing),
  })
}

/** The session and the directories it needs appear only when there is something to download. */
async function openSession(
  flags: DownloadFlags,
  { local, blocklist }: Network,
  context: CliContext,
  {
    screen,
    log,
    keepsNothing,
  }: { readonly screen: Screen; readonly log: LogSink; readonly keepsNothing: boolean },
): Promise<DownloadSession> {
  const settings = {
    listenPorts: flags.listenPort,
    local,
    blocklist,
    usesPex: flags.pex,
    usesLsd: flags.lsd,
    maxPeers: flags.maxPeers,
    maxConnections: connectionLimit(flags.jobs),
    maxTorrents: flags.jobs,
    downloadLimit: flags.downloadLimit,
    uploadLimit: flags.uploadLimit,
    stateDirectory: keepsNothing ? '' : stateDirectory(context, screen),
  }
  const session = await Session.open(settings, { clock: systemClock, log })
  log('info', 'session', `listening on port ${session.listenPort}`)
  return session
}

/** Made when somebody uses it. */
function stateDirectory(context: CliContext, screen: Screen): string {
  const { path, notice } = openStateDirectory(context.env, tmpdir(), context.userId)
  if (notice !== undefined) screen.onWarning(undefined, notice)
  return path
}

/** On one terminal the summary line names the path already. */
function printsPaths({ json, quiet }: DownloadFlags, { stdout, stderr }: CliContext): boolean {
  if (json) return false
  return quiet || stdout.isTTY !== true || stderr.isTTY !== true
}
