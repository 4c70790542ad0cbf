/**
 * The command line, defined once: every command, option and help text. Knows nothing of what the commands do.
 */
import { Command } from 'commander'
import { assertSources, refuseCommandNames } from './check-sources.ts'
import { VERSION } from '../common/version.ts'
import { HELP_STYLE, textAfterOptions } from './help-text.ts'
import type { Shell } from './completion/shells.ts'
import { addCat } from './definitions/cat.ts'
import { addCompletion } from './definitions/completion.ts'
import { addCreate } from './definitions/create.ts'
import { addInfo } from './definitions/info.ts'
import { addTracker } from './definitions/tracker.ts'
import { addSeed } from './definitions/seed.ts'
import { addTestbed } from './definitions/testbed.ts'
import { addVerify } from './definitions/verify.ts'
import { addServe } from './definitions/serve.ts'
import {
  addSharingOptions,
  addChecksumOption,
  addChoiceOptions,
  addConfigOptions,
  addHookOptions,
  addManyOptions,
  addNetworkOptions,
  addOutputOptions,
  addPlaceOptions,
} from './option-groups.ts'
import { checked, oneOf } from './option-values.ts'
import type {
  CatFlags,
  CreateFlags,
  DownloadFlags,
  InfoFlags,
  SeedFlags,
  ServeFlags,
  TestbedFlags,
  TrackerFlags,
  VerifyFlags,
} from './flags.ts'

/** What the commands do; each gives the exit code. */
export interface Actions {
  download(sources: readonly string[], flags: DownloadFlags): Promise<number>
  cat(source: string, file: string | undefined, flags: CatFlags): Promise<number>
  seed(args: readonly string[], flags: SeedFlags, isOutputGiven: boolean): Promise<number>
  info(source: string, flags: InfoFlags): Promise<number>
  verify(source: string, directory: string | undefined, flags: VerifyFlags): Promise<number>
  create(path: string, flags: CreateFlags): Promise<number>
  tracker(flags: TrackerFlags): Promise<number>
  testbed(
    paths: readonly string[],
    command: readonly string[] | undefined,
    flags: TestbedFlags,
  ): Promise<number>
  serve(path: string, flags: ServeFlags): Promise<number>
  completion(shell: Shell): Promise<number>
}

/** The download's options alone, to parse what a list says of one source. */
export function downloadOptions(): Command {
  const command = new Command()
  addPlaceOptions(command)
  addChecksumOption(command)
  addChoiceOptions(command)
  addManyOptions(command)
  addNetworkOptions(command)
  addSharingOptions(command)
  addOutputOptions(command)
  addHookOptions(command)
  return command
}

/** The whole definition. @param done gets the exit code of the action that ran */
export function defineProgram(actions: Actions, done: (code: number) => void): Command {
  const program = new Command('torrent-dl')
    .usage('[options] <source>...\n       torrent-dl <command> [options] ...')
    .description('Downloads torrents, verifies every byte, and is done when it says so.')
    .argument('[source...]', 'a .torrent file, its http(s) address, or - (stdin)')
    .enablePositionalOptions()
    .helpCommand(false)
  addPlaceOptions(program)
  addChecksumOption(program)
  addChoiceOptions(program)
  addManyOptions(program)
  addNetworkOptions(program)
  addSharingOptions(program)
  addOutputOptions(program)
  addHookOptions(program)
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
  addCat(program, actions, done)
  addVerify(program, actions, done)
  addSeed(program, actions, done)
  addCreate(program, actions, done)
  addTracker(program, actions, done)
  addTestbed(program, actions, done)
  addServe(program, actions, done)
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

function ignore(): void {
  // A definition that is only read calls nothing.
}
