/** Parsers of what only `create` is told. Pure, as options.ts is. */
import { UsageError } from '../common/errors.ts'
import { MAX_PIECE_BYTES, MIN_PIECE_BYTES } from '../metainfo/info-dict.ts'
import { MAX_NAME_BYTES } from '../metainfo/safe-name.ts'
import { MAX_URL_LENGTH } from '../metainfo/tracker-list.ts'
import { parseSize } from './options.ts'
import type { Environment } from './terminal.ts'

const MAX_TEXT_CHARACTERS = 4096
/** The end of the year 9999. */
const MAX_DATE_SECONDS = 253_402_300_799
/** Without a zone a time would be another one on another machine. */
const ISO_DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/

/** `256K`, `1M`: a power of two. */
export function parsePieceLength(text: string): number {
  const bytes = parseSize(text)
  if (Number.isInteger(Math.log2(bytes)) && bytes >= MIN_PIECE_BYTES && bytes <= MAX_PIECE_BYTES) return bytes
  throw usage(text, 'a power of two from 1K to 512M, such as 256K or 4M')
}

/** One element of a path. */
export function parseName(text: string): string {
  const isElement = text !== '' && text !== '.' && text !== '..' && !/[/\0]/.test(text)
  if (isElement && Buffer.byteLength(text) <= MAX_NAME_BYTES) return text
  throw usage(text, `the name of a file or directory (no /, at most ${MAX_NAME_BYTES} bytes)`)
}

export function parseText(text: string): string {
  if (text.length > 0 && text.length <= MAX_TEXT_CHARACTERS) return text
  throw usage(text.slice(0, 20), `a text of 1 to ${MAX_TEXT_CHARACTERS} characters`)
}

/** BEP 19. */
export function parseWebSeed(text: string): string {
  const isUrl = /^https?:\/\/[^/]/i.test(text) && !/[\p{Cc}\s]/u.test(text) && URL.canParse(text)
  if (isUrl && text.length <= MAX_URL_LENGTH) return text
  throw usage(text.slice(0, 100), 'the http:// or https:// address of a web seed')
}

/** `now`, seconds since 1970, a day or a time in ISO 8601. @returns seconds since 1970 @param now in milliseconds */
export function parseDate(text: string, now: () => number): number {
  if (text === 'now') return Math.floor(now() / 1000)
  const seconds = /^\d{1,12}$/.test(text) ? Number(text) : ISO_DATE.test(text) ? Date.parse(text) / 1000 : NaN
  if (seconds >= 0 && seconds <= MAX_DATE_SECONDS) return seconds
  throw usage(text, 'a date: now, 2026-11-24, 2026-11-24T12:00:00Z or seconds since 1970')
}

/** https://reproducible-builds.org/specs/source-date-epoch Empty counts as not set. */
export function sourceDateEpoch({ SOURCE_DATE_EPOCH: variable = '' }: Environment): number | undefined {
  if (variable === '') return undefined
  const seconds = /^\d{1,12}$/.test(variable) ? Number(variable) : NaN
  if (seconds <= MAX_DATE_SECONDS) return seconds
  throw new UsageError('USAGE', `SOURCE_DATE_EPOCH: '${variable}' is not a number of seconds since 1970`)
}

function usage(text: string, wanted: string): UsageError {
  return new UsageError('USAGE', `'${text}' is not ${wanted}`)
}
