/**
 * The `key=value` lines below a source in a list -> the options of that source. Keys are the long names of the
 * command line's options, read by the same parsers; what a source says stands in place of what the command line says.
 */
import { CommanderError } from 'commander'
import type { Command, Option } from 'commander'
import { InputError, UsageError } from '../common/errors.ts'
import { itemOptionsOf } from './item-options.ts'
import type { ItemOptions, SharingFlags } from './item-options.ts'
import { oneLine, silence } from './commander-faults.ts'
import { seedOptions } from './definitions/seed.ts'
import { downloadOptions } from './program.ts'
import type { OptionLine } from './source-list.ts'

type Values = Record<string, unknown>

export interface ListContext {
  /** Names the list in messages. */
  readonly label: string
  /** The list is one of `seed`. */
  readonly onlySeeds: boolean
}

/** @throws InputError LIST_INVALID that names the line */
export function itemOptionsFrom(
  lines: readonly OptionLine[],
  flags: SharingFlags,
  { label, onlySeeds }: ListContext,
): ItemOptions {
  if (lines.length === 0) return itemOptionsOf(flags, onlySeeds)
  const command = onlySeeds ? seedOptions() : downloadOptions()
  silence(command)
  const own: Values = {}
  for (const { line, text } of lines) {
    try {
      addOption(command, text, { own, ofItem: itemFlagsOf(flags) })
      if (onlySeeds && own['seedTime'] === 0)
        throw new UsageError('USAGE', `'${text}' would seed nothing at all`)
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof CommanderError)) throw error
      throw new InputError('LIST_INVALID', `${label}:${line}: ${oneLine(error.message)}`, { cause: error })
    }
  }
  // An end that the command line sets for all would imply it again.
  const noGoal = own['seed'] === false ? { seedRatio: undefined, seedTime: undefined } : {}
  return itemOptionsOf({ ...flags, ...noGoal, ...own }, onlySeeds)
}

/** The names of the flags that belong to a source: those that its options are made from, whatever they are today. */
function itemFlagsOf(flags: SharingFlags): ReadonlySet<string> {
  const names = new Set<string>()
  const watch = (target: SharingFlags, name: string | symbol): unknown => {
    names.add(String(name))
    return Reflect.get(target, name)
  }
  itemOptionsOf(new Proxy(flags, { get: watch }))
  return names
}

function addOption(
  command: Command,
  text: string,
  { own, ofItem }: { own: Values; ofItem: ReadonlySet<string> },
): void {
  const equals = text.indexOf('=')
  const key = (equals < 0 ? text : text.slice(0, equals)).trim()
  const found = findOption(command, key)
  if (equals < 0)
    throw new UsageError('USAGE', `'${text}' is not key=value, such as output=DIR or force=true`)
  if (found === undefined) throw new UsageError('USAGE', `unknown option '${key}'`)
  const value = text.slice(equals + 1).trim()
  const values =
    found.option.isBoolean() || found.option.negate ? flagValue(found, value) : parsed(command, found, value)
  const mine = Object.entries(values).filter(([name]) => ofItem.has(name))
  if (mine.length === 0) throw new UsageError('USAGE', `'${key}' is for the whole run, not for one source`)
  Object.assign(own, Object.fromEntries(mine))
}

interface Found {
  readonly option: Option
  readonly key: string
  /** `part` where the program has `--no-part` alone. */
  readonly isOpposite: boolean
}

function findOption({ options }: Command, key: string): Found | undefined {
  const option = options.find(({ long }) => long === `--${key}`)
  if (option !== undefined) return { option, key, isOpposite: false }
  const opposite = options.find(({ long }) => long === `--no-${key}`)
  return opposite === undefined ? undefined : { option: opposite, key, isOpposite: true }
}

function flagValue({ option, key, isOpposite }: Found, value: string): Values {
  if (value !== 'true' && value !== 'false')
    throw new UsageError('USAGE', `${key}: '${value}' is not true or false`)
  const isGiven = (value === 'true') !== isOpposite
  return { [option.attributeName()]: isGiven !== option.negate }
}

/** Through commander, so that aliases, choices and repeated options do what they do on the command line. */
function parsed(command: Command, { key }: Found, value: string): Values {
  command.parseOptions([`--${key}=${value}`])
  const names = Object.keys(command.opts()).filter((name) => command.getOptionValueSource(name) === 'cli')
  // So that the next line's are told from these.
  for (const name of names) command.setOptionValueWithSource(name, command.getOptionValue(name), 'list')
  return Object.fromEntries(names.map((name) => [name, command.getOptionValue(name) as unknown]))
}
