/**
 * The command line, defined once: every command, option and help text. Knows nothing of what the commands do.
 */
import { existsSync } from 'node:fs'
import { Argument, Command, CommanderError, Option } from 'commander'
import { UsageError } from '../common/errors.ts'
import { VERSION } from '../common/version.ts'
import { DEFAULT_LISTEN_PORTS, DEFAULT_MAX_PEERS } from '../session/settings.ts'
import { hasSettings } from './config-file.ts'
import { HELP_COLUMNS, HELP_STYLE, textAfterOptions } from './help-text.ts'
import { parseFilePattern } from './file-pattern.ts'
import type { FilePattern } from './file-pattern.ts'
import { parseCount, parseDuration, parseHostAndPort, parsePortRange, parseSize } from './options.ts'
import type { HostAndPort, PortRange } from './options.ts'
import { suggest } from './suggest.ts'
import type { ColorChoice, Environment } from './terminal.ts'

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
  /** Where values came from that are not on the command line: variables, keys of a file. */
  readonly origins?: readonly string[]
}

export interface InfoFlags {
  readonly json: boolean
  readonly color: ColorChoice
}

/** What the commands do; each gives the exit code. */
export interface Actions {
  download(sources: readonly string[], flags: DownloadFlags): Promise<number>
  info(source: string, flags: InfoFlags): Promise<number>
  completion(shell: Shell): Promise<number>
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

const MAX_MAX_PEERS = 10_000
export const DEFAULT_JOBS = 3
const MAX_JOBS = 1000

/** What surrounds the command line. */
export interface ProgramSurroundings {
  readonly env: Environment
  /** Gets help and version. */
  readonly writeOut: (text: string) => void
  /** Gets a sentence about what was ignored. */
  readonly warn: (text: string) => void
}

/**
 * Parses and runs. @returns the exit code
 * @throws UsageError when the command line, the environment or the configuration is wrong
 */
export async function runProgram(
  argv: readonly string[],
  actions: Actions,
  surroundings: ProgramSurroundings,
): Promise<number> {
  let code = 0
  const program = defineProgram(actions, (result) => {
    code = result
  })
  configure(program, surroundings)
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
  addChoiceOptions(command)
  addManyOptions(command)
  addNetworkOptions(command)
  addOutputOptions(command)
  silence(command)
  return command
}

/** The whole definition. @param done gets the exit code of the action that ran */
export function defineProgram(actions: Actions, done: (code: number) => void): Command {
  const program = new Command('torrent-dl')
    .usage('[options] <source>...\n       torrent-dl <command> [options] ...')
    .description('Downloads torrents, verifies every byte, and is done when it says so.')
    .argument('[source...]', 'a .torrent file, or - for standard input')
    .enablePositionalOptions()
    .helpCommand(false)
  addPlaceOptions(program)
  addChoiceOptions(program)
  addManyOptions(program)
  addNetworkOptions(program)
  addOutputOptions(program)
  addConfigOptions(program)
  program
    .optionsGroup('Other:')
    .version(`torrent-dl ${VERSION}`, '-V, --version', 'print the version')
    .action(async (sources: string[]) => {
      const flags = program.opts<DownloadFlags>()
      refuseCommandNames(program, sources)
      assertSources(sources, flags)
      done(await actions.download(sources, flags))
    })
  addInfo(program, actions, done)
  addCompletion(program, actions, done)
  for (const command of [program, ...program.commands]) finishCommand(command)
  return program
}

/** The definition alone, to be read: man page and completions are made from it. */
export function describeProgram(): Command {
  return defineProgram({} as Actions, ignore)
}

/** What all commands have in common. */
function finishCommand(command: Command): void {
  command
    .helpOption('-h, --help', 'print this help')
    .configureHelp(HELP_STYLE)
    .addHelpText('after', textAfterOptions(command).trimEnd())
  for (const option of command.options) {
    const { argChoices } = option
    if (argChoices !== undefined) option.argParser(checked(option.long ?? option.flags, oneOf(argChoices)))
  }
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

/** Every command that can be configured has these. */
function addConfigOptions(command: Command): void {
  command
    .optionsGroup('Configuration (TORRENT_DL_COLOR=never in the environment is --color never):')
    .option('--config <file>', 'JSON file with defaults, { "color": "never" }', checked('--config', file))
    .option('--no-config', 'do without ~/.config/torrent-dl/config.json')
    .optionsGroup('')
}

function addInfo(program: Command, actions: Actions, done: (code: number) => void): void {
  const info = program
    .command('info')
    .description('Shows names, sizes, files, trackers and hashes')
    .argument('<source>', 'a .torrent file, or - for standard input')
    .option('--json', 'as one JSON object', false)
    .addOption(colorOption())
  addConfigOptions(info)
  info.action(async (source: string) => {
    done(await actions.info(source, info.opts<InfoFlags>()))
  })
}

function addCompletion(program: Command, actions: Actions, done: (code: number) => void): void {
  const shell = new Argument('<shell>', 'which one:').choices(SHELLS)
  program
    .command('completion')
    .description('Prints what lets a shell complete torrent-dl')
    .addArgument(shell)
    .action(async (name: Shell) => {
      done(await actions.completion(name))
    })
}

/** Faults are thrown, and only help and version are printed. */
function silence(command: Command, writeOut: (text: string) => void = ignore): void {
  command.exitOverride().configureOutput({
    writeOut,
    writeErr: ignore,
    outputError: ignore,
    getOutHelpWidth: () => HELP_COLUMNS,
  })
}

function configure(program: Command, { env, writeOut, warn }: ProgramSurroundings): void {
  for (const command of [program, ...program.commands]) {
    silence(command, writeOut)
  }
  program.hook('preAction', async (_program, command) => {
    if (command !== program) takeOverOptions(program, command)
    if (!command.options.some(({ long }) => long === '--config')) return
    if (!hasSettings(command.getOptionValue('config'), env)) return
    const { applySettings } = await import('./settings.ts')
    const { origins, warnings } = applySettings(program, command, env)
    if (origins.length > 0) command.setOptionValue('origins', origins)
    if (command.getOptionValue('quiet') !== true) warnings.forEach(warn)
  })
}

/** `torrent-dl --json info x`: what stands before a command is meant for it. */
function takeOverOptions(program: Command, command: Command): void {
  for (const option of program.options) {
    const name = option.attributeName()
    if (program.getOptionValueSource(name) !== 'cli') continue
    if (!command.options.some((own) => own.attributeName() === name)) {
      throw new UsageError('USAGE', `option '${option.flags}' does not belong to '${command.name()}'`)
    }
    if (command.getOptionValueSource(name) === 'cli') continue
    command.setOptionValueWithSource(name, program.getOptionValue(name), 'cli')
  }
}

/** `torrent-dl -v info x`, `torrent-dl inof x`: most likely the command was meant. */
function refuseCommandNames(program: Command, sources: readonly string[]): void {
  const names = program.commands.map((command) => command.name())
  const name = sources.find((source) => names.includes(source))
  if (name !== undefined) {
    throw new UsageError(
      'USAGE',
      `command '${name}' comes first: torrent-dl ${name} <source> (a file of that name: ./${name})`,
    )
  }
  const [first = ''] = sources
  if (!/^[a-z]+$/i.test(first)) return
  const near = suggest(first, [...names, 'help', 'version'])
  if (near === undefined || existsSync(first)) return
  const hint = names.includes(near) ? near : `--${near}`
  throw new UsageError('USAGE', `'${first}' is neither a file nor a command (did you mean ${hint}?)`)
}

function assertSources(sources: readonly string[], { inputFile, verbose }: DownloadFlags): void {
  if (sources.length + inputFile.length === 0) {
    const hint = verbose === 1 ? 'the version: torrent-dl -V' : 'or a list of them: -i FILE'
    throw new UsageError('USAGE', `missing required argument 'source' (${hint})`)
  }
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

function oneOf(choices: readonly string[]): (text: string) => string {
  return (text) => {
    if (choices.includes(text)) return text
    throw new UsageError('USAGE', `'${text}' is not one of ${choices.join(', ')}`)
  }
}

function file(text: string): string {
  if (text === '') throw new UsageError('USAGE', `'' is not a file`)
  return text
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

function ignore(): void {
  // Usage errors are thrown; main prints them.
}
