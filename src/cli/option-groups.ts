/** Options that several commands have, in the groups that help shows. Each is defined here once. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { DEFAULT_LISTEN_PORTS, DEFAULT_MAX_PEERS } from '../session/settings.ts'
import { parsePieceLength } from './create-options.ts'
import { parseFilePattern } from './file-pattern.ts'
import {
  parseCount,
  parseDuration,
  parseExpectedHash,
  parseHostAndPort,
  parseHookTimeout,
  parsePortRange,
  parseRate,
  parseRatio,
  parseSeedTime,
  parseSize,
} from './options.ts'
import {
  checked,
  checkedNext,
  checksumFile,
  collected,
  directory,
  file,
  interfaceName,
  logFile,
} from './option-values.ts'
import { splitCommand } from './split-command.ts'
import { addTrackerTier } from './tracker-option.ts'

const MAX_MAX_PEERS = 10_000
export const DEFAULT_JOBS = 3
const MAX_JOBS = 1000
const DEFAULT_HOOK_TIMEOUT_MS = 3_600_000
/** A look at what there is downloads nothing, so these would do nothing. */
const NOT_FOR_A_LOOK = ['failedTo', 'onComplete', 'onError', 'logFile', 'checksumFile']

export function addPlaceOptions(program: Command): void {
  addOutput(program, 'directory for the files (or -d, --dir)')
  program
    .option('--no-part', 'write under the final names, without .part')
    .option('-f, --force', 'replace different files that are in the way', false)
    .addOption(
      new Option('--file-allocation <how>', 'room for files beforehand:')
        .choices(['none', 'sparse', 'full'])
        .default('none'),
    )
    .option('-c, --continue', 'go on with what is there (it always does)')
  addExpectOption(program)
  addVerify(program)
  program
    .option('--fsync', 'a file counts as whole when it is on the disk itself', false)
    .option(
      '--disk-wait <time>',
      'wait this long for room on a full disk',
      checked('--disk-wait', parseDuration),
    )
}

export function addExpectOption(command: Command): void {
  command
    .optionsGroup('Trust:')
    .option(
      '--expect <hash>',
      'the info-hash it must have (repeatable: one of these)',
      collected('--expect', parseExpectedHash),
      [],
    )
}

/** Not for commands that write no file. */
export function addChecksumOption(command: Command): void {
  command
    .optionsGroup('Trust:')
    .option(
      '--checksum-file <file>',
      'compare finished files with this list (repeatable)',
      collected('--checksum-file', checksumFile),
      [],
    )
}

/** Where data lies that is only read. */
export function addDataPlace(program: Command): void {
  addOutput(program, 'directory of the data (or -d, --dir)')
  addVerify(program)
}

/** @param description what the directory is for */
export function addOutput(program: Command, description: string): void {
  program.optionsGroup('Where:')
  addAlias(program, 'output', '-d, --dir <dir>', checked('--dir', directory))
  program.option('-o, --output <dir>', description, checked('--output', directory), '.')
}

function addVerify(program: Command): void {
  program.optionsGroup('Trust:').option('--verify', 'hash what is there, whatever was recorded of it', false)
}

/** Which files of a torrent. */
export function addSelectionOptions(command: Command): void {
  command
    .optionsGroup('What:')
    .option(
      '-s, --select <glob|n|n-m>',
      'these files, first ones first (repeatable)',
      collected('--select', parseFilePattern),
      [],
    )
    .option(
      '--exclude <glob|n|n-m>',
      'but not these (repeatable)',
      collected('--exclude', parseFilePattern),
      [],
    )
    .option('--max-size <size>', 'no file larger than this', checked('--max-size', parseSize))
}

export function addChoiceOptions(program: Command): void {
  addSelectionOptions(program)
  program
    .addOption(
      new Option('-l, --list', 'list the files, download nothing').default(false).conflicts(NOT_FOR_A_LOOK),
    )
    .addOption(
      new Option('-n, --dry-run', 'say what would be fetched')
        .default(false)
        .conflicts(['list', ...NOT_FOR_A_LOOK]),
    )
}

export function addManyOptions(program: Command): void {
  program
    .optionsGroup('Many:')
    .option(
      '-i, --input-file <file>',
      'take sources from it too, one a line; -: standard input (repeatable)',
      collected('--input-file', file),
      [],
    )
    .addOption(
      new Option('-j, --jobs <n>', 'torrents at a time')
        .argParser(checked('--jobs', (text) => parseCount(text, 1, MAX_JOBS)))
        .default(DEFAULT_JOBS),
    )
    .option('--failed-to <file>', 'write the sources that are not done, for -i', checked('--failed-to', file))
}

/** All that a download has to do with peers and trackers. */
export function addNetworkOptions(program: Command): void {
  addPeerOptions(program)
  addSpeedOptions(program)
  addWaitingOptions(program)
}

export function addPeerOptions(program: Command): void {
  const { first, last } = DEFAULT_LISTEN_PORTS
  const ports = new Option('-p, --listen-port <port>', 'port(s) peers call; 0: any')
  const maxPeers = new Option('--max-peers <n>', 'connections of a torrent at the most')
  program
    .optionsGroup('Network:')
    .addOption(
      ports
        .argParser(checked('--listen-port', parsePortRange))
        .default(DEFAULT_LISTEN_PORTS, `${first}-${last}`),
    )
    .option(
      '--interface <name|ip>',
      'talk and listen from this one only',
      checked('--interface', interfaceName),
    )
    .addOption(new Option('-4', 'IPv4 only').default(false).conflicts('6'))
    .addOption(new Option('-6', 'IPv6 only').default(false).conflicts('4'))
    .option('--peer <host:port>', 'ask this peer too (repeatable)', collected('--peer', parseHostAndPort), [])
    .option(
      '-t, --tracker <urls>',
      'ask these trackers too (or -a, --announce)',
      checkedNext('--tracker', addTrackerTier),
      [],
    )
    .option(
      '--only-tracker <urls>',
      "trackers instead of the torrent's own",
      checkedNext('--only-tracker', addTrackerTier),
      [],
    )
    .option('--blocklist <file>', 'no peers of these ranges', checked('--blocklist', file))
    .option('--no-pex', 'do not let peers name other peers')
    .option('--no-lsd', 'do not look for peers on the local network')
    .addOption(
      maxPeers
        .argParser(checked('--max-peers', (text) => parseCount(text, 1, MAX_MAX_PEERS)))
        .default(DEFAULT_MAX_PEERS),
    )
  addAlias(program, 'tracker', '-a, --announce <urls>', checkedNext('--announce', addTrackerTier))
}

const SPEED = 'Speed (bytes a second as 500K, 1.5M, 2G; none: no limit):'
const WAITING = 'Waiting (time as 30, 30s, 5m, 2h, 1d; without a limit it waits on):'

function addSpeedOptions(program: Command): void {
  program
    .optionsGroup(SPEED)
    .option('--download-limit <rate>', 'receive no more than this', checked('--download-limit', parseRate))
  for (const name of ['--limit-rate', '--max-download-limit'])
    addAlias(program, 'downloadLimit', `${name} <rate>`, checked(name, parseRate))
  addUploadLimit(program)
}

/** Where nothing is received, the other half would do nothing. */
export function addUploadLimit(program: Command): void {
  program
    .optionsGroup(SPEED)
    .option('--upload-limit <rate>', 'send no more than this', checked('--upload-limit', parseRate))
}

function addWaitingOptions(program: Command): void {
  addTimeout(program)
  program.option(
    '--stall-timeout <time>',
    'end a torrent for which nothing comes this long',
    checked('--stall-timeout', parseDuration),
  )
}

export function addTimeout(program: Command): void {
  program
    .optionsGroup(WAITING)
    .option('--timeout <time>', 'end the whole run after this', checked('--timeout', parseDuration))
}

/** When a torrent has been shared enough. */
export function addGoalOptions(program: Command): void {
  program
    .option('--seed-ratio <r>', 'until its size times R is sent', checked('--seed-ratio', parseRatio))
    .option(
      '--seed-time <time>',
      'for this long (a bare number is minutes)',
      checked('--seed-time', parseSeedTime),
    )
}

export function addSharingOptions(program: Command): void {
  program
    .optionsGroup('Sharing (what is reached first ends it; either implies --seed):')
    .option('--seed', 'go on uploading when all is there, until stopped')
  addGoalOptions(program)
}

/** Another name for an option, for habits. @param key the option's @param read text, and the value so far, to a value */
export function addAlias<T>(
  command: Command,
  key: string,
  flags: string,
  read: (text: string, earlier: T) => T,
): void {
  const alias = new Option(flags).hideHelp()
  command.addOption(alias).on(`option:${alias.name()}`, (text: string) => {
    command.setOptionValueWithSource(key, read(text, command.getOptionValue(key) as T), 'cli')
  })
}

export function addOutputOptions(program: Command): void {
  program.optionsGroup('Output:').option('--json', 'events on standard output, a JSON object a line', false)
  addProgressOptions(program)
}

export function addProgressOptions(program: Command): void {
  addScreenOptions(program)
  addVerboseOption(program, 'say more; -vv and -vvv even more')
  program.option('--log-file <file>', 'append a log in JSON lines to this', checked('--log-file', logFile))
}

/** @param what it says */
export function addVerboseOption(command: Command, what: string): void {
  command.option('-v, --verbose', what, (_value, count: number) => count + 1, 0)
}

/** What is shown on standard error, without the log. */
export function addScreenOptions(command: Command): void {
  command
    .addOption(
      new Option('--progress <how>', 'progress:').choices(['auto', 'bar', 'plain', 'none']).default('auto'),
    )
    .addOption(colorOption())
    .addOption(new Option('-q, --quiet', 'print errors only').default(false).conflicts('verbose'))
}

export function addHookOptions(program: Command): void {
  program
    .optionsGroup('Afterwards (a program and its arguments; no shell runs it):')
    .option(
      '--on-complete <cmd>',
      'run this for each finished torrent',
      checked('--on-complete', splitCommand),
    )
    .option('--on-error <cmd>', 'run this for each that failed', checked('--on-error', splitCommand))
    .addOption(
      new Option('--hook-timeout <time>', 'end such a command after this')
        .argParser(checked('--hook-timeout', parseHookTimeout))
        .default(DEFAULT_HOOK_TIMEOUT_MS, '1h'),
    )
}

/** Every command that can be configured has these. */
export function addConfigOptions(command: Command): void {
  command
    .optionsGroup('Configuration (TORRENT_DL_COLOR=never in the environment is --color never):')
    .option('--config <file>', 'JSON file with defaults, { "color": "never" }', checked('--config', file))
    .option('--no-config', 'do without ~/.config/torrent-dl/config.json')
    .optionsGroup('')
}

export function pieceLengthOption(): Option {
  return new Option('--piece-length <size>', 'a power of two (default by size, 16K to 16M)').argParser(
    checked('--piece-length', parsePieceLength),
  )
}

export function colorOption(): Option {
  return new Option('--color <when>', 'colours:').choices(['auto', 'always', 'never']).default('auto')
}
