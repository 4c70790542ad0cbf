/**
 * The text of a list of checksums, as sha256sum and its relatives write and read it -> its entries. Pure.
 *
 * ```
 * HEX  name            HEX *name            the algorithm by the number of digits
 * \HEX  na\nme         a name with \\, \n and \r written as such
 * SHA256 (name) = HEX                        BSD; OpenSSL writes it without blanks
 * ```
 *
 * Comments (#), blank lines, CRLF and the lines of a clear-signed message (OpenPGP, whose signature is not checked) may
 * stand between. Anything else is an error: a line that is passed over would be a file that nobody compared.
 */
import { InputError } from '../common/errors.ts'
import type { HashAlgorithm } from '../storage/piece-digests.ts'
import { ALGORITHM_BYTES } from '../storage/piece-digests.ts'

export interface Checksum {
  /** Of the list, from 1. */
  readonly line: number
  readonly algorithm: HashAlgorithm
  /** Lower-case hexadecimal. */
  readonly digest: string
  /** As it stands there, unescaped. */
  readonly name: string
}

const MAX_ENTRIES = 1_000_000
const ALGORITHMS = Object.keys(ALGORITHM_BYTES) as HashAlgorithm[]
const BY_DIGITS = new Map(ALGORITHMS.map((name) => [ALGORITHM_BYTES[name] * 2, name]))
const ESCAPES: Readonly<Record<string, string>> = { '\\\\': '\\', '\\n': '\n', '\\r': '\r' }
const MD5_DIGITS = 32
const PGP_BEGIN = '-----BEGIN PGP SIGNED MESSAGE-----'
const PGP_SIGNATURE = '-----BEGIN PGP SIGNATURE-----'
const PGP_END = '-----END PGP SIGNATURE-----'

/** @param label names the list in messages @throws InputError CHECKSUM_FILE_INVALID */
export function parseChecksums(text: string, label: string): Checksum[] {
  const entries: Checksum[] = []
  for (const { line, content } of contentLines(text)) {
    const entry = parseLine(content)
    if (typeof entry === 'string') throw invalid(`${label}:${line}: ${entry}`)
    if (entries.length === MAX_ENTRIES) throw invalid(`${label} has more than ${MAX_ENTRIES} checksums`)
    entries.push({ line, ...entry })
  }
  if (entries.length === 0) throw invalid(`${label} holds no checksum`)
  return entries
}

/** Without comments, blank lines and what belongs to a signature. */
function* contentLines(text: string): Generator<{ readonly line: number; readonly content: string }> {
  let part: 'plain' | 'header' | 'signed' | 'signature' = 'plain'
  let line = 0
  for (const raw of linesOf(text)) {
    line++
    const isBlank = raw.trim() === ''
    if (part === 'plain' && raw === PGP_BEGIN) part = 'header'
    else if (part === 'signed' && raw === PGP_SIGNATURE) part = 'signature'
    else if (part === 'signature' && raw === PGP_END) part = 'plain'
    else if (part === 'header' && isBlank) part = 'signed'
    else if (part === 'plain' || part === 'signed') {
      const content = part === 'signed' ? raw.replace(/^- /, '') : raw
      if (!isBlank && !content.startsWith('#')) yield { line, content }
    }
  }
}

function* linesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at)
    const end = newline < 0 ? text.length : newline
    yield text.slice(at, end).replace(/\r+$/, '')
    at = end + 1
  }
}

/** @returns what is wrong with it, if anything is */
function parseLine(content: string): Omit<Checksum, 'line'> | string {
  const isEscaped = content.startsWith('\\')
  const found = split(isEscaped ? content.slice(1) : content)
  if (typeof found === 'string') return found
  const name = isEscaped ? unescape(found.name) : found.name
  if (name === undefined) return 'a backslash in the name that is not \\\\, \\n or \\r'
  return { algorithm: found.algorithm, digest: found.digest.toLowerCase(), name }
}

function split(text: string): Omit<Checksum, 'line'> | string {
  const [, tag, tagged = '', hex = ''] = /^([a-z0-9-]{2,20}) ?\((.+)\) ?= ?([0-9a-f]+)$/is.exec(text) ?? []
  if (tag !== undefined) {
    const algorithm = algorithmOf(tag)
    if (algorithm === undefined) return `${tag} is not supported: ${SUPPORTED}`
    if (hex.length !== ALGORITHM_BYTES[algorithm] * 2) return `${hex.length} digits are not ${tag}`
    return { algorithm, digest: hex, name: tagged }
  }
  const [, digest, name = ''] = /^[ \t]*([0-9a-f]{8,})[ \t][ *]?(.+)$/is.exec(text) ?? []
  if (digest === undefined || name.trim() === '')
    return 'not a checksum and a name (HEX  NAME, or SHA256 (NAME) = HEX)'
  const algorithm = BY_DIGITS.get(digest.length)
  if (algorithm !== undefined) return { algorithm, digest, name }
  if (digest.length === MD5_DIGITS) return `MD5 is not supported, it proves nothing: ${SUPPORTED}`
  return `${digest.length} digits are no checksum that is supported: ${SUPPORTED}`
}

const SUPPORTED = 'give SHA-256, or SHA-1, SHA-224, SHA-384 or SHA-512'

/** `SHA256`, `SHA-256`, OpenSSL's `SHA2-256`. */
function algorithmOf(tag: string): HashAlgorithm | undefined {
  const name = tag.toLowerCase().replace('sha2-', 'sha').replace('-', '')
  return ALGORITHMS.find((algorithm) => algorithm === name)
}

function unescape(name: string): string | undefined {
  const plain = name.replace(/\\[\\nr]/g, '')
  if (plain.includes('\\')) return undefined
  return name.replace(/\\[\\nr]/g, (escape) => ESCAPES[escape] ?? escape)
}

function invalid(message: string): InputError {
  return new InputError('CHECKSUM_FILE_INVALID', message)
}
