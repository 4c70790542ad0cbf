import { Option } from 'commander'
import type { Command } from 'commander'
import type { TrackerFlags } from '../flags.ts'
import { colorOption } from '../option-groups.ts'
import { parseAllowed, parseBindAddress, parseCount, parseInterval, parsePort } from '../options.ts'
import { checked, collected, file } from '../option-values.ts'
import type { Actions } from '../program.ts'

const DEFAULT_PORT = 6969
const DEFAULT_INTERVAL_MS = 300_000
/** Of the largest bound: 67 bytes each are reserved. */
const MAX_PEERS = 10_000_000
const MAX_TORRENTS = 10_000_000
const DEFAULTS = { maxPeers: 1_000_000, maxTorrents: 100_000, maxPeersPerHost: 1000 }

/** It takes nothing from the configuration: `max-peers` there is about downloads. */
export function addTracker(program: Command, actions: Actions, done: (code: number) => void): void {
  const tracker = program
    .command('tracker')
    .description('Runs a tracker, UDP and HTTP on one port, everything in memory')
    .optionsGroup('Network:')
    .addOption(
      new Option('--bind <address>', 'where to listen; 0.0.0.0: all of IPv4, [::]: all (repeatable)')
        .argParser(collected('--bind', parseBindAddress))
        .default([], '127.0.0.1 and ::1'),
    )
    .addOption(
      new Option('--port <n>', 'TCP and UDP; 0: any free one')
        .argParser(checked('--port', parsePort))
        .default(DEFAULT_PORT),
    )
    .addOption(
      new Option('--interval <time>', 'how often peers are to announce')
        .argParser(checked('--interval', parseInterval))
        .default(DEFAULT_INTERVAL_MS, '5m'),
    )
  addLimits(tracker)
  tracker
    .optionsGroup('Output:')
    .option('--json', 'events on standard output, a JSON object a line', false)
    .addOption(colorOption())
    .addOption(
      new Option('-q, --quiet', 'print errors and the URLs only').default(false).conflicts('verbose'),
    )
    .option('-v, --verbose', 'show every announce', (_value, count: number) => count + 1, 0)
    .optionsGroup('')
  tracker.action(async () => {
    done(await actions.tracker(tracker.opts<TrackerFlags>()))
  })
}

function addLimits(tracker: Command): void {
  tracker
    .optionsGroup('Which torrents (default: all):')
    .option(
      '--allow <hash|file>',
      'this one: an info-hash or a .torrent (repeatable)',
      collected('--allow', parseAllowed),
      [],
    )
    .option(
      '--allow-file <file>',
      'those in this file, one a line; read again when it changes',
      checked('--allow-file', file),
    )
    .optionsGroup('How much is remembered:')
    .addOption(countOption('--max-peers <n>', 'peers, all torrents together', DEFAULTS.maxPeers, MAX_PEERS))
    .addOption(countOption('--max-torrents <n>', 'torrents', DEFAULTS.maxTorrents, MAX_TORRENTS))
    .addOption(
      countOption('--max-peers-per-host <n>', 'peers at one address', DEFAULTS.maxPeersPerHost, MAX_PEERS),
    )
}

function countOption(flags: string, description: string, value: number, max: number): Option {
  const name = flags.split(' ', 1)[0] ?? ''
  return new Option(flags, description)
    .argParser(checked(name, (text) => parseCount(text, 1, max)))
    .default(value)
}
