/**
 * The definition in program.ts as data: what the configuration, the man page and the completions are made from, so that
 * a new option needs no second list. Pure.
 */
import type { Argument, Command, Option } from 'commander'

/**
 * switch: on or off. negated: `--no-part`, which turns off what is on. count: can be repeated to say more of it (-vv).
 * value: one value. list: one value each time it is given.
 */
export type OptionKind = 'switch' | 'negated' | 'count' | 'value' | 'list'

/** What can stand in the place of a value or an argument. */
export type ValueKind = 'source' | 'file' | 'directory' | 'command' | 'other'

export interface OptionModel {
  /** `-o`; undefined where there is none. */
  readonly short: string | undefined
  /** `--output`, `--no-part`; undefined where there is none (`-4`). */
  readonly long: string | undefined
  /** The long name without dashes: `output`, `no-part`. It is the key in a configuration file. */
  readonly name: string
  /** Where its value lies in the parsed options: `output`, `part`, `stallTimeout`. */
  readonly attribute: string
  readonly kind: OptionKind
  /** `dir` of `--output <dir>`. */
  readonly placeholder: string | undefined
  readonly valueKind: ValueKind
  readonly choices: readonly string[]
  /** `Network:` */
  readonly group: string
  /** With choices and default, as the help shows it. */
  readonly description: string
  readonly option: Option
}

export interface ArgumentModel {
  readonly name: string
  readonly isRequired: boolean
  readonly isRepeatable: boolean
  readonly valueKind: ValueKind
  readonly choices: readonly string[]
  readonly description: string
}

export interface CommandModel {
  /** `torrent-dl`, `info` */
  readonly name: string
  readonly description: string
  readonly arguments: readonly ArgumentModel[]
  /** What the help's usage has behind `[options]`: `<source>...`, `[-- command...]`. */
  readonly usageTerms: readonly string[]
  /** Those that are shown, in the order of the help. */
  readonly options: readonly OptionModel[]
  readonly commands: readonly CommandModel[]
}

/** Placeholders say what fits: `<dir>`, `<file>`. */
const VALUE_KINDS: Readonly<Record<string, ValueKind>> = {
  source: 'source',
  file: 'file',
  'hash|file': 'file',
  path: 'file',
  dir: 'directory',
  cmd: 'command',
  command: 'command',
}

export function describeCommand(command: Command): CommandModel {
  const help = command.createHelp()
  return {
    name: command.name(),
    description: command.description(),
    arguments: command.registeredArguments.map(describeArgument),
    usageTerms: usageTerms(command.usage()),
    options: help
      .visibleOptions(command)
      .map((option) => describeOption(option, help.optionDescription(option))),
    commands: help.visibleCommands(command).map(describeCommand),
  }
}

function usageTerms(usage: string): string[] {
  const [firstLine = ''] = usage.split('\n')
  return (firstLine.match(/(?:<[^>]*>|\[[^\]]*\])(?:\.\.\.)?/g) ?? []).filter((term) => term !== '[options]')
}

function describeArgument(argument: Argument): ArgumentModel {
  return {
    name: argument.name(),
    isRequired: argument.required,
    isRepeatable: argument.variadic,
    valueKind: VALUE_KINDS[argument.name()] ?? 'other',
    choices: argument.argChoices ?? [],
    description: argument.description,
  }
}

function describeOption(option: Option, description: string): OptionModel {
  const placeholder = /[<[]([^\]>]+)[\]>]/.exec(option.flags)?.[1]?.replace(/\.\.\.$/, '')
  return {
    short: option.short,
    long: option.long,
    name: (option.long ?? option.short ?? '').replace(/^--?/, ''),
    attribute: option.attributeName(),
    kind: kindOf(option),
    placeholder,
    valueKind: VALUE_KINDS[placeholder?.toLowerCase() ?? ''] ?? 'other',
    choices: option.argChoices ?? [],
    group: option.helpGroupHeading ?? 'Options:',
    description,
    option,
  }
}

function kindOf(option: Option): OptionKind {
  if (option.negate) return 'negated'
  if (!option.required && !option.optional)
    return typeof option.defaultValue === 'number' ? 'count' : 'switch'
  return option.variadic || Array.isArray(option.defaultValue) ? 'list' : 'value'
}

export function takesValue({ kind }: OptionModel): boolean {
  return kind === 'value' || kind === 'list'
}

/** `-o` and `--output`, those of them that exist. */
export function spellingsOf({ short, long }: OptionModel): string[] {
  return [short, long].filter((name) => name !== undefined)
}
