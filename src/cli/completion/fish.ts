/** The completion script of fish. */
import { spellingsOf, takesValue } from '../command-model.ts'
import type { CommandModel, OptionModel, ValueKind } from '../command-model.ts'

const ACTION: Readonly<Record<ValueKind, string>> = {
  source: '(__fish_complete_suffix .torrent)',
  file: '',
  directory: '(__fish_complete_directories)',
  command: '(__fish_complete_command)',
  other: '',
}

export function fishCompletion(program: CommandModel): string {
  const names = program.commands.map(({ name }) => name)
  const isDownload = `not __fish_seen_subcommand_from ${names.join(' ')}`
  const lines = [
    'complete -c torrent-dl -f',
    ...program.commands.map(({ name, description }) =>
      line('__torrent_dl_is_first', ['-a', name, '-d', quote(description)]),
    ),
    ...commandLines(program, isDownload),
    ...program.commands.flatMap((command) =>
      commandLines(command, `__fish_seen_subcommand_from ${command.name}`),
    ),
  ]
  return `# fish completion for torrent-dl, made from its options by \`torrent-dl completion fish\`.

# Is the word at the cursor the first that is no option? A command can stand only there.
function __torrent_dl_is_first
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case ${program.options.filter(takesValue).flatMap(spellingsOf).join(' ')}
                set skip 1
            case '-*'
            case '*'
                return 1
        end
    end
    return 0
end

${lines.join('\n')}
`
}

function commandLines(command: CommandModel, condition: string): string[] {
  const operands = command.arguments.map(({ choices, valueKind }) => {
    const words = choices.length > 0 ? choices.join(' ') : ACTION[valueKind]
    return line(condition, valueKind === 'file' ? ['-F'] : words === '' ? [] : ['-a', quote(words)])
  })
  return [...operands, ...command.options.map((option) => line(condition, optionWords(option)))]
}

function optionWords(option: OptionModel): string[] {
  const { short, long, choices, valueKind, description } = option
  const words: string[] = []
  if (short !== undefined) words.push('-s', short.slice(1))
  if (long !== undefined) words.push('-l', long.slice(2))
  if (takesValue(option)) {
    words.push(valueKind === 'file' ? '-rF' : '-x')
    const candidates = choices.length > 0 ? choices.join(' ') : ACTION[valueKind]
    if (candidates !== '') words.push('-a', quote(candidates))
  }
  return [...words, '-d', quote(description)]
}

function line(condition: string, words: readonly string[]): string {
  return ['complete -c torrent-dl', '-n', quote(condition), ...words].join(' ')
}

function quote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}
