/** The completion script of bash. It needs no other package: bash-completion loads it, and so does `source`. */
import { spellingsOf, takesValue } from '../command-model.ts'
import type { ArgumentModel, CommandModel, OptionModel, ValueKind } from '../command-model.ts'

/** Adds the candidates. */
const ACTION: Readonly<Record<ValueKind, string>> = {
  source: '_torrent_dl_files torrent',
  file: '_torrent_dl_files any',
  directory: '_torrent_dl_files none',
  command: '_torrent_dl_reply -c',
  other: ':',
}

/** What knows none of our options. $command, $operands and $cur of _torrent_dl are seen by what it calls. */
const FRAME = `# Arguments go to compgen; each line of its answer is a candidate.
_torrent_dl_reply() {
  local word
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <(compgen "$@" -- "$cur")
}

# Directories, and files: all of them, .torrent files, or none.
_torrent_dl_files() {
  compopt -o filenames 2>/dev/null
  case $1 in
    any) _torrent_dl_reply -f ;;
    torrent) _torrent_dl_reply -d; _torrent_dl_reply -f -X '!*.torrent' ;;
    none) _torrent_dl_reply -d ;;
  esac
}

_torrent_dl() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]}
  local command='' operands=0 dashes=0 i word
  COMPREPLY=()
  # --name=value comes as three words.
  if [[ $cur == = ]]; then cur=''; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ $dashes == 0 && $word == -- ]]; then
      dashes=1
    elif [[ $dashes == 0 && $word == -?* ]]; then
      if _torrent_dl_takes_value "$word"; then
        if [[ \${COMP_WORDS[i + 1]} == = ]]; then ((i++)); fi
        ((i++))
      fi
    elif [[ $operands == 0 && $dashes == 0 && -z $command ]] && _torrent_dl_is_command "$word"; then
      command=$word
    else
      ((operands++))
    fi
  done
  if [[ $dashes == 0 ]]; then
    if _torrent_dl_takes_value "$prev"; then
      _torrent_dl_value "$prev"
      return
    fi
    if [[ $cur == -* ]]; then
      _torrent_dl_options
      return
    fi
  fi
  _torrent_dl_operands
}
`

export function bashCompletion(program: CommandModel): string {
  const commands = [program, ...program.commands]
  const names = program.commands.map(({ name }) => name)
  const options = commands.flatMap((command) =>
    command.options
      .filter(takesValue)
      .map((option) => ({ pattern: pattern(program, command, option), option })),
  )
  const isFirst = '[[ $operands == 0 && $dashes == 0 ]]'
  return [
    '# bash completion for torrent-dl, made from its options by `torrent-dl completion bash`.\n',
    FRAME,
    caseFunction('_torrent_dl_is_command', '$1', [`${names.join(' | ')}) return 0 ;;`, '*) return 1 ;;']),
    caseFunction('_torrent_dl_takes_value', '$command:$1', [
      ...options.map((one) => `${one.pattern}) return 0 ;;`),
      '*) return 1 ;;',
    ]),
    caseFunction(
      '_torrent_dl_value',
      '$command:$1',
      options.map((one) => `${one.pattern}) ${actionOf(one.option)} ;;`),
    ),
    caseFunction(
      '_torrent_dl_options',
      '$command',
      commands.map((command) => {
        const words = command.options.flatMap(spellingsOf).join(' ')
        return `${command === program ? "''" : command.name}) _torrent_dl_reply -W '${words}' ;;`
      }),
    ),
    caseFunction('_torrent_dl_operands', '$command', [
      ...program.commands.map((command) => `${command.name}) ${operandActions(command)} ;;`),
      `*) ${operandActions(program)}; if ${isFirst}; then _torrent_dl_reply -W '${names.join(' ')}'; fi ;;`,
    ]),
    'complete -F _torrent_dl torrent-dl\n',
  ].join('\n')
}

function caseFunction(name: string, word: string, cases: readonly string[]): string {
  return `${name}() {\n  case ${word} in\n${cases.map((one) => `    ${one}\n`).join('')}  esac\n}\n`
}

/** `:-o | :--output`: command, colon, option. */
function pattern(program: CommandModel, command: CommandModel, option: OptionModel): string {
  const name = command === program ? '' : command.name
  return spellingsOf(option)
    .map((spelling) => `${name}:${spelling}`)
    .join(' | ')
}

/** The first argument, the second, ...; the last one may come again. */
function operandActions({ arguments: all }: CommandModel): string {
  const actions = all.map((argument, index) => {
    if (argument.isRepeatable && index === 0) return actionOf(argument)
    const isHere = `[[ $operands ${argument.isRepeatable ? '-ge' : '-eq'} ${index} ]]`
    return `if ${isHere}; then ${actionOf(argument)}; fi`
  })
  return actions.length === 0 ? ':' : actions.join('; ')
}

function actionOf({ choices, valueKind }: OptionModel | ArgumentModel): string {
  return choices.length > 0 ? `_torrent_dl_reply -W '${choices.join(' ')}'` : ACTION[valueKind]
}
