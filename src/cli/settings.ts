/**
 * Options that were not given on the command line: from the environment (`TORRENT_DL_JOBS`), then from a configuration
 * file, then their defaults. What can be set there follows from the definition in program.ts.
 */
import type { Command } from 'commander'
import { UsageError } from '../common/errors.ts'
import { describeCommand } from './command-model.ts'
import type { OptionModel } from './command-model.ts'
import { findDefaultConfig, readConfigFile } from './config-file.ts'
import type { ConfigFile } from './config-file.ts'
import { isOn, readFileValue, readVariable } from './read-setting.ts'
import {
  environmentSettings,
  fileSettings,
  isKeptOutOfFiles,
  nameOfVariable,
  variableOf,
} from './setting-names.ts'
import type { Setting } from './setting-names.ts'
import { didYouMean, suggest } from './suggest.ts'
import type { Environment } from './terminal.ts'

/** Where the values of a command came from. */
export interface SettingsReport {
  /** `TORRENT_DL_JOBS`, `output, peer (/home/me/.config/torrent-dl/config.json)`: for --verbose. */
  readonly origins: readonly string[]
  /** Sentences about what was ignored. */
  readonly warnings: readonly string[]
}

/** One value, not yet read: it counts only when no stronger source has one. */
interface Entry {
  readonly setting: Setting
  /** `TORRENT_DL_JOBS`, `jobs` */
  readonly name: string
  /** What an error begins with: where it stands, and the name. */
  readonly label: string
  readonly read: (setting: Setting) => unknown
}

/**
 * Gives options of `command` that are not on the command line the values of environment and file.
 * @param program defines all commands: a name that another one knows is no mistake
 * @throws UsageError that names where the value came from
 */
export function applySettings(program: Command, command: Command, env: Environment): SettingsReport {
  const commands = [program, ...program.commands]
  const warnings: string[] = []
  const origins = applyEntries(command, readEnvironment(commands, env, warnings), 'env')
  const file = chooseFile(command.getOptionValue('config'), env)
  if (file !== undefined) {
    const names = applyEntries(command, readFile(commands, file, env), 'config')
    if (names.length > 0) origins.push(`${names.join(', ')} (${file.path})`)
  }
  return { origins, warnings }
}

function readEnvironment(commands: readonly Command[], env: Environment, warnings: string[]): Entry[] {
  const known = environmentSettings(commands)
  const isInHook = env['TORRENT_DL_EVENT'] !== undefined
  const entries: Entry[] = []
  for (const [label, value = ''] of Object.entries(env)) {
    const name = nameOfVariable(label)
    if (name === undefined || value === '') continue
    const setting = known.get(name)
    if (setting !== undefined) {
      entries.push({ setting, name: label, label, read: (own) => readVariable(own, value, env) })
      continue
    }
    if (isAlias(commands, name)) {
      warnings.push(`${label} sets nothing: it takes the option's own name (see torrent-dl --help)`)
      continue
    }
    // Container hosts set others that begin alike, and hooks get some from us: only a slip is worth a word.
    const near = isInHook ? undefined : suggest(name, known.keys())
    if (near !== undefined) warnings.push(`${label} sets nothing (did you mean ${variableOf(near)}?)`)
  }
  return entries
}

/** Is it another name of an option, kept for habits on the command line? */
function isAlias(commands: readonly Command[], name: string): boolean {
  return commands.some(({ options }) => options.some((option) => option.hidden && option.name() === name))
}

function chooseFile(config: unknown, env: Environment): ConfigFile | undefined {
  if (typeof config === 'string') return readConfigFile(config)
  const usual = config === false ? undefined : findDefaultConfig(env)
  return usual === undefined ? undefined : readConfigFile(usual)
}

function readFile(commands: readonly Command[], { path, settings }: ConfigFile, env: Environment): Entry[] {
  const known = fileSettings(commands)
  return [...settings].map(([name, value]) => {
    const setting = known.get(name)
    const label = `${path}: ${name}`
    if (setting !== undefined) {
      return { setting, name, label, read: (own) => readFileValue(own, value, env) }
    }
    const problem = isKeptOutOfFiles(name)
      ? 'cannot be set in a file'
      : `no such setting${didYouMean(name, known.keys())}`
    throw new UsageError('USAGE', `${label}: ${problem}`)
  })
}

/** @returns the names of what was applied */
function applyEntries(command: Command, entries: readonly Entry[], source: 'env' | 'config'): string[] {
  const { options } = describeCommand(command)
  const given = options.filter((option) => isGiven(command, option))
  const applied = new Map<OptionModel, string>()
  for (const { setting, name, label, read } of entries) {
    const option = options.find((one) => one.name === setting.option.name)
    if (option === undefined) continue // another command's
    const isOverruled = given.some(
      (other) =>
        other.attribute === option.attribute ||
        (conflict(other, option) && isOn(other, command.getOptionValue(other.attribute))),
    )
    if (isOverruled) continue
    const value = named(label, () => read({ ...setting, option }))
    if (value === undefined) continue
    for (const [other, otherName] of applied) {
      const isClash = conflict(other, option) && isOn(option, value)
      if (other.attribute !== option.attribute && !isClash) continue
      throw new UsageError('USAGE', `${label}: cannot be used together with ${otherName}`)
    }
    command.setOptionValueWithSource(option.attribute, value, source)
    if (isOn(option, value) || option.kind === 'negated') applied.set(option, name)
  }
  return [...applied.values()]
}

function isGiven(command: Command, { attribute }: OptionModel): boolean {
  const source = command.getOptionValueSource(attribute)
  return source !== undefined && source !== 'default'
}

/** Commander keeps a conflict with one of the two only. */
function conflict(a: OptionModel, b: OptionModel): boolean {
  return namesConflict(a, b) || namesConflict(b, a)
}

function namesConflict({ option }: OptionModel, { attribute }: OptionModel): boolean {
  // Not in commander's types, but in its documentation of `conflicts`.
  const { conflictsWith = [] } = option as { conflictsWith?: readonly string[] }
  return conflictsWith.includes(attribute)
}

function named<T>(label: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    throw new UsageError('USAGE', `${label}: ${error.message}`, { cause: error })
  }
}
