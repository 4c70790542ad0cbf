/** What stands after `-s` and `--exclude`, as typed -> file numbers or a glob. Pure. */
import { UsageError } from '../common/errors.ts'

export type FilePattern =
  | { readonly kind: 'numbers'; readonly text: string; readonly ranges: readonly NumberRange[] }
  | { readonly kind: 'glob'; readonly text: string }

/** Both included; from 0, as `info` and `-l` show them. */
export interface NumberRange {
  readonly first: number
  readonly last: number
}

const MAX_CHARACTERS = 4096
const NUMBERS = /^\d{1,7}(-\d{1,7})?(,\d{1,7}(-\d{1,7})?)*$/

/**
 * `3`, `2-5`, `0,4-7` are numbers; everything else is a glob, commas included. @throws UsageError
 */
export function parseFilePattern(text: string): FilePattern {
  if (text === '') throw usage(text, 'a file number or a glob')
  parseGlob(text)
  if (!NUMBERS.test(text)) return { kind: 'glob', text }
  return { kind: 'numbers', text, ranges: text.split(',').map(parseRange) }
}

/** A glob alone, for files that have no numbers yet. @throws UsageError */
export function parseGlob(text: string): string {
  if (text === '') throw usage(text, 'a glob')
  if (text.length <= MAX_CHARACTERS) return text
  throw usage(`${text.slice(0, 20)}...`, `a glob of at most ${MAX_CHARACTERS} characters`)
}

function parseRange(text: string): NumberRange {
  const [first = 0, last = first] = text.split('-').map(Number)
  if (first > last) throw usage(text, 'a range from low to high')
  return { first, last }
}

function usage(text: string, wanted: string): UsageError {
  return new UsageError('USAGE', `'${text}' is not ${wanted}`)
}
