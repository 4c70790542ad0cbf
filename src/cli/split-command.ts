/**
 * A command as it is typed after `--on-complete` -> its words. Pure. Quotes and backslashes as in a POSIX shell, and
 * nothing else of one: what only a shell would do is refused, since it would silently not happen.
 */
import { UsageError } from '../common/errors.ts'

const MAX_COMMAND_CHARACTERS = 32_768
/** Unquoted, these would be a pipe, a list, a redirection, an expansion. */
const SHELL_CHARACTERS = /[|&;<>$`]/
/** A shell expands these also between double quotes. */
const SHELL_IN_DOUBLE_QUOTES = /[$`]/
/** What a backslash takes the meaning of, between double quotes; before others it stands for itself. */
const ESCAPED_IN_DOUBLE_QUOTES = /["\\$`\n]/

/**
 * Words are separated by blanks. `'...'` is taken as it is; within `"..."` a backslash makes `"`, `\`, `$` and a backtick
 * ordinary; elsewhere it makes any character ordinary.
 * @returns at least one word
 * @throws UsageError for an open quote, an empty command, and unquoted `| & ; < > $` and backticks
 */
export function splitCommand(text: string): string[] {
  if (text.length > MAX_COMMAND_CHARACTERS)
    throw usage(`a command of more than ${MAX_COMMAND_CHARACTERS} characters`)
  if (text.includes('\0')) throw usage('a command with a NUL character')
  const scanner = new CommandScanner(text)
  const words: string[] = []
  for (let word = scanner.nextWord(); word !== undefined; word = scanner.nextWord()) words.push(word)
  if (words[0] === undefined || words[0] === '') throw usage('an empty command')
  return words
}

class CommandScanner {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  nextWord(): string | undefined {
    while (isBlank(this.#peek())) this.#position++
    if (this.#peek() === '') return undefined
    let word = ''
    while (this.#peek() !== '' && !isBlank(this.#peek())) word += this.#nextPart()
    return word
  }

  #nextPart(): string {
    const character = this.#take()
    if (character === "'") return this.#singleQuoted()
    if (character === '"') return this.#doubleQuoted()
    if (character === '\\') return this.#take() || fail('a command that ends with a backslash')
    return SHELL_CHARACTERS.test(character) ? needsShell(character) : character
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#position)
    if (end < 0) fail(`a command with an open ' quote`)
    const part = this.#text.slice(this.#position, end)
    this.#position = end + 1
    return part
  }

  #doubleQuoted(): string {
    let part = ''
    for (let character = this.#take(); character !== '"'; character = this.#take()) {
      if (character === '') fail('a command with an open " quote')
      const isEscape = character === '\\' && ESCAPED_IN_DOUBLE_QUOTES.test(this.#peek())
      if (SHELL_IN_DOUBLE_QUOTES.test(character)) needsShell(character)
      part += isEscape ? this.#take() : character
    }
    return part
  }

  /** '' at the end */
  #peek(): string {
    return this.#text.charAt(this.#position)
  }

  #take(): string {
    return this.#text.charAt(this.#position++)
  }
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n'
}

function needsShell(character: string): never {
  throw usage(`a command with '${character}', which only a shell understands: use sh -c '...', or quote it`)
}

function fail(what: string): never {
  throw usage(what)
}

function usage(what: string): UsageError {
  return new UsageError('USAGE', what)
}
