/** Which options can stand in the environment and in a configuration file, and under which names. Pure. */
import type { Command } from 'commander'
import { describeCommand } from './command-model.ts'
import type { OptionModel } from './command-model.ts'
import { HOOK_VARIABLES } from './hook-variables.ts'
import { VARIABLE_PREFIX } from './config-file.ts'

/** What only a command line can say: a question about the program, what one run is about, or (`--continue`) nothing. */
const COMMAND_LINE_ONLY: ReadonlySet<string> = new Set([
  'help',
  'version',
  'list',
  'dry-run',
  'input-file',
  'continue',
])
/** These name the file. */
const NOT_IN_FILE: ReadonlySet<string> = new Set(['config', 'no-config'])

export interface Setting {
  /** `stall-timeout`; of an option that turns something off both `no-part` and `part`. */
  readonly name: string
  readonly option: OptionModel
  /** `part`: says the opposite of its option `--no-part`. */
  readonly isOpposite: boolean
  /** `--no-config` beside `--config`: the latter has the value, this one only takes it away. */
  readonly isPaired: boolean
}

/** What the environment can set for any of `commands`, by name, in the order of the help. */
export function environmentSettings(commands: readonly Command[]): ReadonlyMap<string, Setting> {
  const settings = new Map<string, Setting>()
  for (const { options } of commands.map(describeCommand)) {
    const names = new Set(options.map(({ name }) => name))
    if (!names.has('config')) continue // takes nothing from there
    for (const option of options) {
      const { name } = option
      if (COMMAND_LINE_ONLY.has(name) || settings.has(name)) continue
      const opposite = name.replace(/^no-/, '')
      const isPaired = option.kind === 'negated' && names.has(opposite)
      settings.set(name, { name, option, isOpposite: false, isPaired })
      if (option.kind === 'negated' && !isPaired) {
        settings.set(opposite, { name: opposite, option, isOpposite: true, isPaired })
      }
    }
  }
  return settings
}

/** The same for a configuration file. */
export function fileSettings(commands: readonly Command[]): ReadonlyMap<string, Setting> {
  return new Map([...environmentSettings(commands)].filter(([name]) => !NOT_IN_FILE.has(name)))
}

/** Is it an option all the same? */
export function isKeptOutOfFiles(name: string): boolean {
  return COMMAND_LINE_ONLY.has(name) || NOT_IN_FILE.has(name)
}

/** `stall-timeout` -> `TORRENT_DL_STALL_TIMEOUT` */
export function variableOf(name: string): string {
  return VARIABLE_PREFIX + name.toUpperCase().replaceAll('-', '_')
}

/** `TORRENT_DL_STALL_TIMEOUT` -> `stall-timeout`; undefined for variables of others and of hooks. */
export function nameOfVariable(variable: string): string | undefined {
  if (!variable.startsWith(VARIABLE_PREFIX)) return undefined
  const name = variable.slice(VARIABLE_PREFIX.length).toLowerCase().replaceAll('_', '-')
  return HOOK_VARIABLES.has(name) ? undefined : name
}
