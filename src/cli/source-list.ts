/**
 * The text of a list of sources -> its items. Pure, takes the text in pieces of any size, holds one line and one item.
 *
 *   # a comment
 *   linux.torrent
 *     output=iso            options of the source above: indented, key=value
 *
 * Blank lines and comments may stand anywhere. White space at both ends of a line means nothing beyond "indented", and
 * lines end with LF or CRLF. What is wrong with a line is said in its item; what is wrong with the list is thrown.
 */
import { InputError } from '../common/errors.ts'
import { formatCount } from './format.ts'

export const MAX_LINE_CHARACTERS = 65_536
export const MAX_LINES = 1_000_000
export const MAX_OPTION_LINES = 100

export interface OptionLine {
  /** From 1. */
  readonly line: number
  /** As it stands in the list, without the white space around it. */
  readonly text: string
}

export interface ListItem {
  /** '' when the line is none. */
  readonly source: string
  /** Of the source, from 1. */
  readonly line: number
  readonly options: readonly OptionLine[]
  /** Why it cannot be used. */
  readonly problem: { readonly line: number; readonly text: string } | undefined
}

interface OpenItem extends ListItem {
  readonly options: OptionLine[]
  problem: ListItem['problem']
}

export class SourceListParser {
  /** The line that has not ended. */
  #rest = ''
  /** Is the rest of a line that is too long being left out? */
  #isSkipping = false
  #line = 0
  /** Its options may follow. */
  #open: OpenItem | undefined
  /** Went out at a pause: options that follow are for it, and late. */
  #begun: ListItem | undefined
  readonly #ready: ListItem[] = []

  /** Is there a source that may get options still? */
  get isWaiting(): boolean {
    return this.#open !== undefined
  }

  /** @throws InputError LIST_INVALID, after the items in front, when this is no list or too long a one */
  *push(text: string): Generator<ListItem> {
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      this.#append(text.slice(start, end))
      yield* this.#endLine()
      start = end + 1
    }
    this.#append(text.slice(start))
  }

  /** Nothing more has come for a while: the last source begins with what it has. */
  pause(): ListItem | undefined {
    if (isIndented(this.#rest)) return undefined
    this.#close()
    this.#begun = this.#ready.pop()
    return this.#begun
  }

  /** @throws InputError LIST_INVALID */
  *end(): Generator<ListItem> {
    if (this.#rest !== '' || this.#isSkipping) yield* this.#endLine()
    this.#close()
    yield* this.#ready
  }

  #append(text: string): void {
    if (!this.#isSkipping) this.#rest += text
    if (this.#rest.length <= MAX_LINE_CHARACTERS) return
    this.#isSkipping = true
    this.#rest = this.#rest.slice(0, 1) // whether it is indented still matters
  }

  *#endLine(): Generator<ListItem> {
    const text = this.#rest
    const isTooLong = this.#isSkipping
    this.#rest = ''
    this.#isSkipping = false
    this.#line++
    const fault = this.#faultOf(text)
    if (fault !== undefined) this.#close()
    else if (isTooLong) this.#addTooLong(isIndented(text))
    else this.#addLine(text)
    yield* this.#ready.splice(0)
    if (fault !== undefined) throw new InputError('LIST_INVALID', fault)
  }

  /** Why the whole list counts as none from here on. */
  #faultOf(text: string): string | undefined {
    if (this.#line > MAX_LINES) return `more than ${formatCount(MAX_LINES)} lines: split the list`
    return text.includes('\0') ? 'a zero byte: not a list of sources in UTF-8' : undefined
  }

  #addLine(text: string): void {
    const content = text.trim()
    if (content === '' || content.startsWith('#')) return
    if (isIndented(text)) this.#addOption(content)
    else if (content === '-') this.#addSource('', 'standard input (-) is a source on the command line only')
    else this.#addSource(content, undefined)
  }

  #addTooLong(isOption: boolean): void {
    const text = `longer than ${formatCount(MAX_LINE_CHARACTERS)} characters`
    if (isOption) this.#itemForOption().problem ??= { line: this.#line, text }
    else this.#addSource('', text)
  }

  #addSource(source: string, problem: string | undefined): void {
    this.#close()
    const line = this.#line
    this.#begun = undefined
    this.#open = {
      source,
      line,
      options: [],
      problem: problem === undefined ? undefined : { line, text: problem },
    }
  }

  #addOption(text: string): void {
    const item = this.#itemForOption()
    const line = this.#line
    if (item.options.length < MAX_OPTION_LINES) item.options.push({ line, text })
    else item.problem ??= { line, text: `more than ${MAX_OPTION_LINES} options for one source` }
  }

  #itemForOption(): OpenItem {
    this.#open ??= orphanItem(this.#line, this.#begun)
    return this.#open
  }

  #close(): void {
    if (this.#open !== undefined) this.#ready.push(this.#open)
    this.#open = undefined
  }
}

/** For an option that has no source, or whose source has begun without it. */
function orphanItem(line: number, begun: ListItem | undefined): OpenItem {
  if (begun === undefined) {
    return { source: '', line, options: [], problem: { line, text: 'an option without a source above it' } }
  }
  const text = `this option came after ${begun.source} had begun without it`
  return { ...begun, options: [...begun.options], problem: { line, text } }
}

function isIndented(text: string): boolean {
  return text.startsWith(' ') || text.startsWith('\t')
}
