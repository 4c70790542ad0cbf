/** argv -> the action of a command, with what environment and configuration say, and what stands in front of a command. */
import { CommanderError } from 'commander'
import type { Command } from 'commander'
import { UsageError } from '../common/errors.ts'
import { oneLine, silence } from './commander-faults.ts'
import { hasSettings } from './config-file.ts'
import { defineProgram } from './program.ts'
import type { Actions } from './program.ts'
import type { Environment } from './terminal.ts'

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
