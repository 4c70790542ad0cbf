/**
 * The command line, defined once: every command, option and help text. Knows nothing of what the commands do.
 */
import { Command, CommanderError, Option } from 'commander'
import { UsageError } from '../common/errors.ts'
import { VERSION } from '../common/version.ts'
import { DEFAULT_LISTEN_PORTS, DEFAULT_MAX_PEERS } from '../session/settings.ts'
import { EXIT_CODE_TABLE } from './exit-codes.ts'
import { parseFilePattern } from './file-pattern.ts'
import type { FilePattern } from './file-pattern.ts'
import { parseCount, parseDuration, parseHostAndPort, parsePortRange, parseSize } from './options.ts'
import type { HostAndPort, PortRange } from './options.ts'
import type { ColorChoice } from './terminal.ts'

export type ProgressChoice = 'auto' | 'bar' | 'plain' | 'none'

/** The download's options, checked, with defaults. */
export interface DownloadFlags {
  readonly output: string
  readonly part: boolean
  readonly force: boolean
  readonly select: readonly FilePattern[]
  readonly exclude: readonly FilePattern[]
  /** Bytes. */
  readonly maxSize: number | undefined
  readonly list: boolean
  readonly dryRun: boolean
  /** Torrents at a time. */
  readonly jobs: number
  /** Lists of sources; `-` is standard input. */
  readonly inputFile: readonly string[]
  /** Gets the sources that were not finished. */
  readonly failedTo: string | undefined
  readonly listenPort: PortRange
  readonly peer: readonly HostAndPort[]
  readonly maxPeers: number
  readonly timeout: number | undefined
  readonly stallTimeout: number | undefined
  readonly json: boolean
  readonly progress: ProgressChoice
  readonly color: ColorChoice
  readonly quiet: boolean
  readonly verbose: number
}

export interface InfoFlags {
  readonly json: boolean
  readonly color: ColorChoice
}

/** What the commands do; each gives the exit code. */
export interface Actions {
  download(sources: readonly string[], flags: DownloadFlags): Promise<number>
  info(source: string, flags: InfoFlags): Promise<number>
}

const HELP_COLUMNS = 80
const MAX_MAX_PEERS = 10_000
export const DEFAULT_JOBS = 3
const MAX_JOBS = 1000

const EXAMPLES = `
Examples:
  torrent-dl linux.torrent                   download into the current directory
  torrent-dl -o ~/iso a.torrent b.torrent    two at once into ~/iso
  torrent-dl -j 20 *.torrent                 a batch, twenty at a time
  torrent-dl -n -s '*.iso' -s docs x.torrent  what these files would cost
  torrent-dl -i list.txt --failed-to list.txt    a list, until it is empty
  torrent-dl --stall-timeout 5m x.torrent    give up when nothing comes
  torrent-dl --json x.torrent | jq .         events for a script
  torrent-dl info x.torrent                  what is in it
  torrent-dl ./info                          a file named like a command
`

/**
 * Parses and runs. @param writeOut gets help and version @returns the exit code
 * @throws UsageError when the command line is wrong
 */
export async function runProgram(
  argv: readonly string[],
  actions: Actions,
  writeOut: (text: string) => void,
): Promise<number> {
  let code = 0
  const program = buildProgram(actions, (result) => {
    code = result
  })
  configure(program, writeOut)
  addInfo(program, actions, (result) => {
    code = result
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode !== 0) throw new UsageError('USAGE', oneLine(error.message), { cause: error })
  }
  return code
}

/** The download's options alone, to parse what a list says of one source. Faults are thrown, also as CommanderError. */
export function downloadOptions(): Command {
  const command = new Command()
  addPlaceOptions(command)
  addNetworkOptions(command)
  addOutputOptions(command)
  configure(command, ignore)
  return command
}

function buildProgram(actions: Actions, done: (code: number) => void): Command {
  const program = new Command('torrent-dl')
    .usage('[options] <source>...\n       torrent-dl info [options] <source>')
    .description('Downloads torrents, verifies every byte, and is done when it says so.')
    .argument('[source...]', 'a .torrent file, or - for standard input')
    .enablePositionalOptions()
    .helpCommand(false)
  addPlaceOptions(program)
  addChoiceOptions(program)
  addManyOptions(program)
  addNetworkOptions(program)
  addOutputOptions(program)
  program
    .optionsGroup('Other:')
    .version(`torrent-dl ${VERSION}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', EXAMPLES + exitCodesText())
    .action(async (sources: string[]) => {
      const flags = program.opts<DownloadFlags>()
      refuseCommandNames(program, sources)
      assertSources(sources, flags)
      done(await actions.download(sources, flags))
    })
  return program
}

function addPlaceOptions(program: Command): void {
  program
    .optionsGroup('Where:')
    .option(
      '-o, --output <dir>',
      'directory for the files (or -d, --dir)',
      checked('--output', directory),
      '.',
    )
    .addOption(new Option('-d, --dir <dir>').argParser(checked('--dir', directory)).hideHelp())
    .on('option:dir', (dir: string) => program.setOptionValueWithSource('output', dir, 'cli'))
    .option('--no-part', 'write under the final names, without .part')
    .option('-f, --force', 'replace different files that are in the way', false)
    .option('-c, --continue', 'go on with what is there (it always does)')
}

function addChoiceOptions(program: Command): void {
  program
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
    .addOption(new Option('-l, --list', 'list the files, download nothing').default(false))
    .addOption(new Option('-n, --dry-run', 'say what would be fetched').default(false).conflicts('list'))
}

function addManyOptions(program: Command): void {
  program
    .optionsGroup('Many:')
    .option(
      '-i, --input-file <file>',
      'take sources from it too, one a line; -: standard input (repeatable)',
      collected('--input-file', listPath),
      [],
    )
    .addOption(
      new Option('-j, --jobs <n>', 'torrents at a time')
        .argParser(checked('--jobs', (text) => parseCount(text, 1, MAX_JOBS)))
        .default(DEFAULT_JOBS),
    )
    .option(
      '--failed-to <file>',
      'write the sources that are not done, for -i',
      checked('--failed-to', listPath),
    )
}

function addNetworkOptions(program: Command): void {
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
    .option('--peer <host:port>', 'ask this peer too (repeatable)', collected('--peer', parseHostAndPort), [])
    .addOption(
      maxPeers
        .argParser(checked('--max-peers', (text) => parseCount(text, 1, MAX_MAX_PEERS)))
        .default(DEFAULT_MAX_PEERS),
    )
    .optionsGroup('Waiting (time as 30, 30s, 5m, 2h, 1d; without a limit it waits on):')
    .option('--timeout <time>', 'end the whole run after this', checked('--timeout', parseDuration))
    .option(
      '--stall-timeout <time>',
      'end a torrent for which nothing comes this long',
      checked('--stall-timeout', parseDuration),
    )
}

function addOutputOptions(program: Command): void {
  program
    .optionsGroup('Output:')
    .option('--json', 'events on standard output, a JSON object a line', false)
    .addOption(
      new Option('--progress <how>', 'progress:').choices(['auto', 'bar', 'plain', 'none']).default('auto'),
    )
    .addOption(colorOption())
    .addOption(new Option('-q, --quiet', 'print errors only').default(false).conflicts('verbose'))
    .option('-v, --verbose', 'say more; -vv and -vvv even more', (_value, count: number) => count + 1, 0)
}

function addInfo(program: Command, actions: Actions, done: (code: number) => void): void {
  const info = program
    .command('info')
    .description('Shows names, sizes, files, trackers and hashes')
    .argument('<source>', 'a .torrent file, or - for standard input')
    .option('--json', 'as one JSON object', false)
    .addOption(colorOption())
    .helpOption('-h, --help', 'print this help')
  info.action(async (source: string) => {
    const own = info.opts<InfoFlags>()
    const given = program.options.filter(
      (option) => program.getOptionValueSource(option.attributeName()) === 'cli',
    )
    const stray = given.find((option) => !['json', 'color'].includes(option.attributeName()))
    if (stray !== undefined)
      throw new UsageError('USAGE', `option '${stray.flags}' does not belong to 'info'`)
    const { json, color } = program.opts<InfoFlags>()
    const isColorGiven = program.getOptionValueSource('color') === 'cli'
    done(await actions.info(source, { json: own.json || json, color: isColorGiven ? color : own.color }))
  })
}

function configure(program: Command, writeOut: (text: string) => void): void {
  program
    .exitOverride()
    .configureOutput({ writeOut, writeErr: ignore, outputError: ignore, getOutHelpWidth: () => HELP_COLUMNS })
    .configureHelp({
      // Long names line up whether or not there is a short one.
      optionTerm: ({ short, flags }) => (short === undefined ? `    ${flags}` : flags),
      optionDescription,
      subcommandTerm: (command) => `${command.name()} <source>`,
    })
}

/** Choices and the default behind the description, without commander's quotes and empty values. */
function optionDescription({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
}: Option): string {
  const choices = argChoices === undefined ? '' : ` ${argChoices.join(', ')}`
  const isTelling = argChoices === undefined && (typeof defaultValue === 'string' || Number(defaultValue) > 0)
  const shown = defaultValueDescription ?? (isTelling ? String(defaultValue) : undefined)
  return description + choices + (shown === undefined ? '' : ` (default ${shown})`)
}

/** `torrent-dl -v info x`: most likely the command was meant. */
function refuseCommandNames(program: Command, sources: readonly string[]): void {
  const name = sources.find((source) => program.commands.some((command) => command.name() === source))
  if (name === undefined) return
  throw new UsageError(
    'USAGE',
    `command '${name}' comes first: torrent-dl ${name} <source> (a file of that name: ./${name})`,
  )
}

function assertSources(sources: readonly string[], { inputFile }: DownloadFlags): void {
  if (sources.length + inputFile.length === 0)
    throw new UsageError('USAGE', "missing required argument 'source' (or a list of them: -i FILE)")
  const sourceCount = countStdin(sources)
  if (sourceCount > 1) throw new UsageError('USAGE', 'standard input (-) can be a source only once')
  if (sourceCount + countStdin(inputFile) > 1)
    throw new UsageError('USAGE', 'standard input (-) can be one source or one list (-i -), not more')
}

function countStdin(names: readonly string[]): number {
  return names.filter((name) => name === '-').length
}

/** Puts the option's name in front of what its parser says. */
function checked<T>(name: string, parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof UsageError)
        throw new UsageError('USAGE', `${name}: ${error.message}`, { cause: error })
      throw error
    }
  }
}

function collected<T>(
  name: string,
  parse: (text: string) => T,
): (text: string, earlier: readonly T[]) => T[] {
  const one = checked(name, parse)
  return (text, earlier) => [...earlier, one(text)]
}

function directory(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a directory (the current one is .)`)
  return text
}

function listPath(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a file`)
  return text
}

function colorOption(): Option {
  return new Option('--color <when>', 'colours:').choices(['auto', 'always', 'never']).default('auto')
}

/** `error: unknown option '--outptu'\n(Did you mean --output?)` on one line, without the word that main adds. */
export function oneLine(message: string): string {
  return message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\)/, ' (did you mean $1)')
}

function exitCodesText(): string {
  const width = Math.max(...EXIT_CODE_TABLE.map(([code]) => code.length))
  return `\nExit codes:\n${EXIT_CODE_TABLE.map(([code, text]) => `  ${code.padEnd(width)}  ${text}\n`).join('')}`
}

function ignore(): void {
  // Usage errors are thrown; main prints them.
}
