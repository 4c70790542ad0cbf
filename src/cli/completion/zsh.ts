/** The completion script of zsh: a file `_torrent-dl` in a directory of $fpath. */
import { spellingsOf, takesValue } from '../command-model.ts'
import type { ArgumentModel, CommandModel, OptionModel, ValueKind } from '../command-model.ts'

const ACTION: Readonly<Record<ValueKind, string>> = {
  source: '_files -g "*.torrent(-.)"',
  file: '_files',
  directory: '_files -/',
  command: '_command_names -e',
  other: ' ',
}

export function zshCompletion(program: CommandModel): string {
  return `#compdef torrent-dl
# zsh completion for torrent-dl, made from its options by \`torrent-dl completion zsh\`.

${program.commands.map((command) => argumentsFunction(`_torrent-dl-${command.name}`, command)).join('\n')}
${argumentsFunction('_torrent-dl-download', program)}
_torrent-dl-commands() {
  local -a commands=(
${program.commands.map(({ name, description }) => `    ${quote(`${name}:${description}`)}\n`).join('')}  )
  _describe -t commands command commands
}

# The first word that is no option decides: a command, or a source.
_torrent-dl() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  local -i i
  local command=
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      (${program.options.filter(takesValue).flatMap(spellingsOf).join(' | ')}) (( i++ )) ;;
      (-*) ;;
      (*) command=$words[i]; break ;;
    esac
  done
  case $command in
${program.commands.map(({ name }) => `    (${name}) shift $((i - 1)) words; (( CURRENT -= i - 1 )); _torrent-dl-${name} && ret=0 ;;\n`).join('')}    ('') _torrent-dl-download && ret=0
      if [[ $words[CURRENT] != -* && $words[CURRENT-1] != (${program.options.filter(takesValue).flatMap(spellingsOf).join('|')}) ]]; then
        _torrent-dl-commands && ret=0
      fi
      ;;
    (*) _torrent-dl-download && ret=0 ;;
  esac
  return ret
}

# Loaded by the completion system, or read with source.
if [[ $funcstack[1] == _torrent-dl ]]; then _torrent-dl "$@"; else compdef _torrent-dl torrent-dl; fi
`
}

function argumentsFunction(name: string, command: CommandModel): string {
  const specs = [...command.options.map(optionSpec), ...command.arguments.map(argumentSpec)]
  return `${name}() {
  _arguments -s -S \\
${specs.map((spec) => `    ${spec}`).join(' \\\n')}
}
`
}

/** `'(-o --output)'{-o+,--output=}'[directory]:dir:_files -/'` */
function optionSpec(option: OptionModel): string {
  const { kind, description, placeholder } = option
  const names = spellingsOf(option)
  const text = `[${escape(description)}]`
  const value = takesValue(option) ? `:${escape(placeholder ?? 'value')}:${valueAction(option)}` : ''
  const isRepeatable = kind === 'list' || kind === 'count'
  const excluded = names.length > 1 ? `(${names.join(' ')})` : ''
  const prefix = isRepeatable ? '*' : excluded
  const signed = names.map((name) => name + valueSign(option, name))
  if (signed.length === 1) return quote(`${prefix}${signed.join('')}${text}${value}`)
  return `${quote(prefix)}{${signed.join(',')}}${quote(text + value)}`
}

/** `-ofoo` and `-o foo`; `--output=foo` and `--output foo`. */
function valueSign(option: OptionModel, name: string): string {
  if (!takesValue(option)) return ''
  return name.startsWith('--') ? '=' : '+'
}

function argumentSpec(argument: ArgumentModel, index: number): string {
  const { name, isRepeatable, isRequired, choices, valueKind } = argument
  const action = choices.length > 0 ? `(${choices.join(' ')})` : ACTION[valueKind]
  const place = isRepeatable ? '*' : String(index + 1)
  return quote(`${place}:${isRequired || isRepeatable ? '' : ':'}${escape(name)}:${action}`)
}

function valueAction({ choices, valueKind }: OptionModel): string {
  return choices.length > 0 ? `(${choices.join(' ')})` : ACTION[valueKind]
}

function escape(text: string): string {
  return text.replace(/[\\[\]:]/g, '\\$&')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
