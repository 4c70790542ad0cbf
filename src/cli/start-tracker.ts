/** From flags and the process to the `tracker` command. */
import { networkInterfaces } from 'node:os'
import { scopeOf } from '../common/address-scope.ts'
import { systemClock } from '../common/clock.ts'
import { messageOf } from '../common/errors.ts'
import { reachableAddress } from '../share/own-host.ts'
import { announceUrl, TrackerServer } from '../tracker/tracker-server.ts'
import type { ServedAnnounce } from '../tracker/tracker-server.ts'
import { AllowList } from './allow-list.ts'
import { runTracker } from './commands/tracker.ts'
import type { TrackerView } from './commands/tracker.ts'
import type { CliContext } from './context.ts'
import type { TrackerFlags } from './flags.ts'
import { plural } from './format.ts'
import { isInForeground, watchJobControl } from './job-control.ts'
import { watchSignals } from './signals.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'
import { TrackerEvents } from './tracker-events.ts'
import { TrackerScreen } from './tracker-screen.ts'

const LOOPBACK = ['127.0.0.1', '::1']

/** @returns the exit code @throws InputError ALLOW_LIST_INVALID; TrackerError TRACKER_SERVER_PORT */
export async function startTracker(flags: TrackerFlags, context: CliContext): Promise<number> {
  const allowed = await openAllowList(flags)
  const view = await makeView(flags, context)
  const isDefault = flags.bind.length === 0
  return await runTracker({
    clock: systemClock,
    view,
    watchSignals: (onStop) => watchSignals(context.signals, () => systemClock.now(), onStop),
    open: async () =>
      TrackerServer.open({
        host: isDefault ? LOOPBACK : flags.bind,
        skipsMissingHosts: isDefault,
        port: flags.port,
        intervalSeconds: Math.round(flags.interval / 1000),
        limits: {
          maxPeers: flags.maxPeers,
          maxTorrents: flags.maxTorrents,
          maxPeersPerHost: flags.maxPeersPerHost,
        },
        ...(allowed === undefined ? {} : { isAllowed: (infoHash: string) => allowed.has(infoHash) }),
        ...(flags.verbose === 0
          ? {}
          : {
              onAnnounce: (announce: ServedAnnounce) => {
                view.onAnnounce(announce)
              },
            }),
      }),
    urlsOf: ({ hosts, port }) => {
      const reachable = hosts.map((host) => reachableAddress(host, networkInterfaces()))
      return [...new Set(reachable)].flatMap((host) => [
        announceUrl('udp', { host, port }),
        announceUrl('http', { host, port }),
      ])
    },
    refresh: async () => refresh(allowed),
  })
}

async function openAllowList({ allow, allowFile }: TrackerFlags): Promise<AllowList | undefined> {
  if (allow.length === 0 && allowFile === undefined) return undefined
  return await AllowList.open({ entries: allow, file: allowFile })
}

async function refresh(allowed: AllowList | undefined): Promise<string | undefined> {
  try {
    if ((await allowed?.refresh()) !== true) return undefined
    return `the list of torrents has changed: ${plural(allowed?.size ?? 0, 'torrent')}`
  } catch (error) {
    return `${messageOf(error)}; the list is used as it was`
  }
}

async function makeView(flags: TrackerFlags, context: CliContext): Promise<TrackerView> {
  const { stdout, stderr, env, jobControl } = context
  const isVerbose = flags.verbose > 0
  if (flags.json) return new TrackerEvents(stdout, { wallClock: () => new Date(), isVerbose })
  const terminal = describeTerminal(stderr, env, flags.color)
  return new TrackerScreen({
    stdout,
    stderr,
    style: { terminal, theme: await loadTheme(terminal), isBatch: false },
    clock: systemClock,
    isQuiet: flags.quiet,
    isVerbose,
    canDraw: terminal.canRedraw && isInForeground(),
    isLocal: flags.bind.every((host) => scopeOf(host) === 'loopback'),
    watchJobControl: (drawing) =>
      watchJobControl({ source: jobControl, isForeground: isInForeground, clock: systemClock }, drawing),
  })
}
