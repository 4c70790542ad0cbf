/** From flags and the process to a new .torrent: what it is made of, where it goes, who sees how far it is. */
import { basename, resolve } from 'node:path'
import { systemClock } from '../common/clock.ts'
import { UsageError } from '../common/errors.ts'
import { magnetLink } from '../metainfo/magnet-link.ts'
import type { CreateOptions, CreatedTorrent } from '../storage/create-torrent.ts'
import { createTorrent } from '../storage/create-torrent.ts'
import { ByteOutput } from './byte-output.ts'
import { createdJson, createdLine } from './commands/create.ts'
import type { CliContext } from './context.ts'
import { sourceDateEpoch } from './create-options.ts'
import { EXIT, SIGNAL_EXIT } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'
import { loadExcluder } from './file-glob.ts'
import type { CreateFlags } from './flags.ts'
import { HashProgress } from './hash-progress.ts'
import { isInForeground, watchJobControl } from './job-control.ts'
import { progressKind } from './progress-kind.ts'
import { watchSignals } from './signals.ts'
import { messageLine } from './summary.ts'
import type { LineStyle } from './summary.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import { TorrentOutput, standardFiles } from './torrent-output.ts'

/** @returns the exit code */
export async function startCreate(path: string, flags: CreateFlags, context: CliContext): Promise<number> {
  assertOneResult(flags)
  const name = flags.name ?? basename(resolve(path))
  const options = await optionsFrom(flags, name, context)
  const output = flags.output === '-' ? undefined : new TorrentOutput(flags.output, name, flags.force)
  const terminal = describeTerminal(context.stderr, context.env, flags.color)
  const style = { terminal, theme: await loadTheme(terminal), isBatch: false }
  const say = (line: string): void => {
    if (!flags.quiet) context.stderr.write(`${line}\n`)
  }
  const startedAtMs = systemClock.now()
  const ownFiles = [...standardFiles(), ...(output?.ownFiles ?? [])]
  const created = await make(path, { ...options, name, ownFiles }, { flags, context, style })
  if (typeof created === 'string') {
    say(messageLine('stopped, nothing was written', style))
    return SIGNAL_EXIT[created]
  }
  const seconds = (systemClock.now() - startedAtMs) / 1000
  for (const notice of created.notices) say(messageLine(notice, style))
  output?.write(created.bytes)
  if (output !== undefined) say(createdLine(created.metainfo, output.path, seconds, style))
  await print(created, output, flags, context)
  return EXIT.ok
}

function assertOneResult({ output, json, magnet }: CreateFlags): void {
  if (output !== '-' || !(json || magnet)) return
  const option = json ? '--json' : '--magnet'
  throw new UsageError('USAGE', `${option} and '-o -' would both write to standard output: leave out one`)
}

interface Surroundings {
  readonly flags: CreateFlags
  readonly context: CliContext
  readonly style: LineStyle
}

/** @returns the signal that ended it */
async function make(
  path: string,
  options: CreateOptions & { readonly name: string },
  { flags, context, style }: Surroundings,
): Promise<CreatedTorrent | StopSignal> {
  const stopping = new AbortController()
  let signal: StopSignal | undefined
  const unwatch = watchSignals(
    context.signals,
    () => systemClock.now(),
    (which) => {
      signal = which
      stopping.abort()
    },
  )
  const progress = new HashProgress({
    ...{ style, stream: context.stderr, clock: systemClock, name: options.name, activity: 'hashing' },
    kind: progressKind(flags, style.terminal, context.stdout, flags.json || flags.magnet),
    watchJobControl: (drawing) =>
      watchJobControl(
        { source: context.jobControl, isForeground: isInForeground, clock: systemClock },
        drawing,
      ),
  })
  try {
    const { onProgress } = progress
    return await createTorrent(path, { ...options, onProgress, signal: stopping.signal })
  } catch (error) {
    if (signal !== undefined && stopping.signal.aborted) return signal
    throw error
  } finally {
    progress.close()
    unwatch()
  }
}

async function optionsFrom(flags: CreateFlags, name: string, { env }: CliContext): Promise<CreateOptions> {
  return {
    pieceBytes: flags.pieceLength,
    trackers: flags.tracker,
    webSeeds: flags.webSeed,
    isPrivate: flags.private,
    source: flags.source,
    comment: flags.comment,
    createdAtSeconds: flags.date ?? sourceDateEpoch(env),
    followsLinks: flags.followLinks,
    keepsExecutable: flags.executable,
    excludes: flags.exclude.length === 0 ? undefined : await loadExcluder(flags.exclude, name),
  }
}

/** The result, for programs. @param output undefined: the bytes are */
async function print(
  { bytes, metainfo, notices }: CreatedTorrent,
  output: TorrentOutput | undefined,
  flags: CreateFlags,
  { stdout, stderr, abandonOutput }: CliContext,
): Promise<void> {
  if (output === undefined) {
    const bytesOut = new ByteOutput(stdout)
    try {
      await bytesOut.write(bytes)
    } finally {
      if (bytesOut.isWriting) abandonOutput()
    }
  } else if (flags.json) {
    stdout.write(createdJson(metainfo, output.path, notices))
  } else if (flags.magnet) {
    stdout.write(`${magnetLink(metainfo)}\n`)
  } else if (flags.quiet || stdout.isTTY !== true || stderr.isTTY !== true) {
    stdout.write(`${output.path}\n`) // on one terminal the line above names it already
  }
}
