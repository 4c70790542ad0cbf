/** The man page in roff (man macros), from the definition in program.ts. Pure: the same definition gives the same bytes. */
import type { CommandModel, OptionModel } from './command-model.ts'
import { EXIT_CODE_TABLE } from './exit-codes.ts'
import { EXAMPLES } from './help-text.ts'

/** Bytes of a line of the source, as mandoc's lint wants it. */
const MAX_LINE = 78

/** @param date `2026-11-24`, or empty where nobody knows: a build must give the same page tomorrow */
export function manPage(program: CommandModel, version: string, date: string): string {
  const parts = [
    `.\\" Made from the options of torrent-dl ${version} when it is built: do not edit.`,
    `.TH TORRENT\\-DL 1 "${date}" "torrent\\-dl ${escape(version)}" "User Commands"`,
    section('Name', ['torrent\\-dl \\- download torrents, verify every byte']),
    section('Synopsis', synopsis(program)),
    section('Description', paragraphs(DESCRIPTION)),
    section('Options', groups(program)),
    section('Commands', program.commands.flatMap(commandEntry)),
    section(
      'Exit status',
      EXIT_CODE_TABLE.flatMap(([code, text]) => entry(escape(code), text)),
    ),
    section(
      'Environment',
      ENVIRONMENT.flatMap(([name, text]) => entry(bold(name), text)),
    ),
    section(
      'Files',
      FILES.flatMap(([name, text]) => entry(italic(name), text)),
    ),
    section('Examples', examples(program)),
    section('See also', paragraphs(SEE_ALSO)),
  ]
  return `${parts.join('\n')}\n`
}

const DESCRIPTION = [
  'torrent-dl downloads what the given torrents describe, hashes every byte, and ends with an exit status that says what happened. A source is a .torrent file, the http or https address of one, or - for a .torrent on standard input.',
  'A file has .part behind its name until all of it is there and verified. The same command again goes on where it stopped, also after a crash; when there is nothing left to do it says so and ends with 0. Files that are there already are checked and used; a different file in the way is never replaced without --force.',
  'Standard output holds results only: the path of each finished torrent, one a line, or with --json events, one JSON object a line. Everything for eyes goes to standard error. There is never a prompt.',
  'Ctrl-C stops cleanly: progress is saved and trackers are told, for 2 seconds at the most. A second Ctrl-C ends it at once.',
]

const ENVIRONMENT: readonly (readonly [string, string])[] = [
  [
    'TORRENT_DL_OPTION',
    'The default of an option: its long name in capitals, with _ for -. TORRENT_DL_STALL_TIMEOUT=5m is --stall-timeout 5m. Switches take true or false, options that can be repeated a value on each line. An empty value counts as none. The command line is stronger, a configuration file weaker.',
  ],
  ['XDG_CONFIG_HOME', 'Where configurations lie, if not in ~/.config.'],
  ['XDG_STATE_HOME', 'Where resume records lie, if not in ~/.local/state.'],
  ['NO_COLOR', 'When it is set to anything: no colours. TERM=dumb means the same, and no bars.'],
]

const FILES: readonly (readonly [string, string])[] = [
  [
    '~/.config/torrent-dl/config.json',
    'Defaults of options: a JSON object of long names, such as { "output": "~/iso", "jobs": 5 }. An unknown name is an error.',
  ],
  ['~/.local/state/torrent-dl', 'Resume records and locks.'],
]

const SEE_ALSO = ['aria2c(1), transmission-cli(1), jq(1)']

function synopsis(program: CommandModel): string[] {
  return [line(program, []), ...program.commands.flatMap((command) => ['.br', line(command, [program.name])])]
}

function line({ name, usageTerms, options }: CommandModel, before: readonly string[]): string {
  const words = [...before, name].map(bold).join(' ')
  const operands = usageTerms.map(operand)
  return [words, ...(options.length > 1 ? [`[${italic('options')}]`] : []), ...operands].join(' ')
}

/** `<source...>` -> source in italics, dots and dashes upright. */
function operand(term: string): string {
  const name = term.replace(/[<>[\].]|-- /g, '')
  const text = `${term.includes('-- ') ? `${bold('--')} ` : ''}${italic(name)}${term.includes('...') ? ' ...' : ''}`
  return term.startsWith('[') ? `[${text}]` : text
}

function groups({ options }: CommandModel): string[] {
  const byGroup = new Map<string, OptionModel[]>()
  for (const option of options) byGroup.set(option.group, [...(byGroup.get(option.group) ?? []), option])
  return [...byGroup].flatMap(([group, members]) => [
    `.SS ${quoteArgument(group.replace(/:$/, ''))}`,
    ...members.flatMap(optionEntry),
  ])
}

function optionEntry({ short, long, placeholder, description }: OptionModel): string[] {
  const names = [short, long].filter((name) => name !== undefined).map(bold)
  const value = placeholder === undefined ? '' : ` ${italic(placeholder)}`
  return entry(names.join(', ') + value, sentence(description))
}

function commandEntry(command: CommandModel): string[] {
  return [
    `.SS ${quoteArgument(command.name)}`,
    line(command, ['torrent-dl']),
    '.PP',
    ...wrapped(sentence(command.description)),
    ...command.options.filter(({ name }) => name !== 'help').flatMap(optionEntry),
  ]
}

function examples(program: CommandModel): string[] {
  return [program, ...program.commands].flatMap(({ name }) =>
    (EXAMPLES[name] ?? []).flatMap(([command, text]) => entry(bold(command), sentence(text))),
  )
}

function section(title: string, lines: readonly string[]): string {
  return [`.SH ${quoteArgument(title.toUpperCase())}`, ...lines].join('\n')
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), ...wrapped(text)])
}

/** A tagged paragraph. @param term already in roff */
function entry(term: string, text: string): string[] {
  return ['.TP', term, ...wrapped(text)]
}

/** Text on lines that a person could edit; none begins like a macro. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').map(escape)) {
    if (line !== '' && line.length + 1 + word.length > MAX_LINE) {
      lines.push(line)
      line = ''
    }
    line += line === '' ? word : ` ${word}`
  }
  return [...lines, line].map((one) => one.replace(/^\./, '\\&.'))
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.:)]$/.test(text) ? '' : '.'}`
}

function bold(text: string): string {
  return `\\fB${escape(text)}\\fR`
}

function italic(text: string): string {
  return `\\fI${escape(text)}\\fR`
}

/** A macro's argument with spaces stands in quotes. */
function quoteArgument(text: string): string {
  return `"${escape(text).replaceAll('"', '\\(dq')}"`
}

/** Text that roff prints as it stands: no backslash, hyphen or quote of it has a meaning. */
function escape(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
}
