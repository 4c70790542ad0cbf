/**
 * The gate for bencode from strangers (BEP 3, "bencoding"): one iterative pass that accepts the strict grammar and
 * nothing else, within limits, and hands out a view of what it checked. Torrent files, tracker answers and extension
 * messages all come through here. Two things it lets pass because real files have them: dictionaries whose keys are
 * not sorted, and keys that are there twice; `BencodeView.fields` and codec.ts refuse the latter.
 */
import { BencodeError, type BencodeErrorCode } from './bencode-error.ts'
import { BencodeView } from './view.ts'

export { BencodeError } from './bencode-error.ts'

export interface BencodeLimits {
  /** Lists and dictionaries inside one another; default 64. */
  readonly maxDepth?: number
  /** Values of all kinds, keys included; default 3,000,000. */
  readonly maxValues?: number
  /** May bytes follow the value? `BencodeView.end` tells where they start. Default false. */
  readonly allowTrailing?: boolean
}

export const DEFAULT_MAX_DEPTH = 64
export const DEFAULT_MAX_VALUES = 3_000_000

/** Longest string length we read; more digits could not be the length of anything in memory. */
const MAX_LENGTH_DIGITS = 10
const MAX_INTEGER = '9223372036854775807'

const MINUS = 0x2d
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39
const COLON = 0x3a
const LETTER_D = 0x64
const LETTER_E = 0x65
const LETTER_I = 0x69
const LETTER_L = 0x6c

/** What comes next in the innermost container. */
const IN_LIST = 0
const AT_KEY = 1
const AT_VALUE = 2

/**
 * Checks the value at the start of `bytes`. O(values); strings are jumped over. The view shares the bytes.
 * @throws BencodeError
 */
export function checkBencode(bytes: Uint8Array, limits: BencodeLimits = {}): BencodeView {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (buffer.length === 0) throw new BencodeError('BENCODE_EMPTY', 'there are no bytes')
  const end = new Checker(buffer, limits).run()
  if (end < buffer.length && limits.allowTrailing !== true) {
    throw new BencodeError('BENCODE_TRAILING', `${buffer.length - end} bytes follow the value (byte ${end})`)
  }
  return new BencodeView(buffer, 0, end)
}

class Checker {
  readonly #bytes: Buffer
  readonly #maxDepth: number
  readonly #maxValues: number
  #at = 0
  #values = 0
  #depth = 0
  /** Per open container, innermost last: what comes next, and where its latest key starts (messages name fields). */
  readonly #state: Uint8Array
  readonly #keyAt: Uint32Array

  constructor(bytes: Buffer, limits: BencodeLimits) {
    this.#bytes = bytes
    this.#maxDepth = limits.maxDepth ?? DEFAULT_MAX_DEPTH
    this.#maxValues = limits.maxValues ?? DEFAULT_MAX_VALUES
    this.#state = new Uint8Array(this.#maxDepth + 1)
    this.#keyAt = new Uint32Array(this.#maxDepth + 1)
  }

  /** @returns the position after the value */
  run(): number {
    do this.#step()
    while (this.#depth > 0)
    return this.#at
  }

  #step(): void {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw this.#fault('BENCODE_TRUNCATED', 'the bytes end inside')
    if (byte === LETTER_E && this.#depth > 0) this.#closeContainer()
    else if (this.#depth > 0 && this.#state[this.#depth] === AT_KEY) this.#key(byte)
    else this.#value(byte)
  }

  #key(byte: number): void {
    if (byte === LETTER_I || byte === LETTER_L || byte === LETTER_D) {
      throw this.#fault(
        'BENCODE_KEY',
        `a dictionary key starts with "${String.fromCharCode(byte)}", not a string,`,
      )
    }
    this.#count()
    const keyAt = this.#at
    this.#string(byte)
    this.#keyAt[this.#depth] = keyAt
    this.#state[this.#depth] = AT_VALUE
  }

  #value(byte: number): void {
    this.#count()
    if (byte === LETTER_L || byte === LETTER_D) {
      this.#openContainer(byte === LETTER_L ? IN_LIST : AT_KEY)
      return
    }
    if (byte === LETTER_I) this.#integer()
    else this.#string(byte)
    this.#afterValue()
  }

  #count(): void {
    this.#values += 1
    if (this.#values > this.#maxValues) {
      throw this.#fault('BENCODE_TOO_MANY_VALUES', `more than ${this.#maxValues} values`)
    }
  }

  #openContainer(state: number): void {
    if (this.#depth === this.#maxDepth) {
      throw this.#fault(
        'BENCODE_TOO_DEEP',
        `more than ${this.#maxDepth} lists and dictionaries inside one another`,
      )
    }
    this.#depth += 1
    this.#state[this.#depth] = state
    this.#keyAt[this.#depth] = 0
    this.#at += 1
  }

  #closeContainer(): void {
    if (this.#state[this.#depth] === AT_VALUE)
      throw this.#fault('BENCODE_KEY', 'a dictionary key has no value')
    this.#depth -= 1
    this.#at += 1
    this.#afterValue()
  }

  #afterValue(): void {
    if (this.#state[this.#depth] === AT_VALUE) this.#state[this.#depth] = AT_KEY
  }

  #integer(): void {
    const start = this.#at + 1
    const first = this.#bytes[start] === MINUS ? start + 1 : start
    const end = this.#endOfDigits(first)
    if (end === this.#bytes.length) throw this.#fault('BENCODE_TRUNCATED', 'the bytes end inside an integer')
    const digits = end - first
    const leadingZero = this.#bytes[first] === DIGIT_0 && (digits > 1 || first > start)
    if (this.#bytes[end] !== LETTER_E || digits === 0 || leadingZero) {
      throw this.#fault('BENCODE_INTEGER', `${this.#shown(this.#at, LETTER_E)} is not an integer`)
    }
    if (digits > 19 || (digits === 19 && this.#bytes.toString('latin1', first, end) > MAX_INTEGER)) {
      throw this.#fault('BENCODE_INTEGER_RANGE', `integer ${this.#shown(start, LETTER_E)} is beyond 2^63-1`)
    }
    this.#at = end + 1
  }

  #string(byte: number): void {
    if (byte !== MINUS && (byte < DIGIT_0 || byte > DIGIT_9)) {
      throw this.#fault('BENCODE_SYNTAX', `no value starts with ${this.#shown(this.#at)}`)
    }
    const colon = this.#endOfDigits(this.#at)
    const digits = colon - this.#at
    if (colon === this.#bytes.length)
      throw this.#fault('BENCODE_TRUNCATED', 'the bytes end inside a string length')
    const leadingZero = byte === DIGIT_0 && digits > 1
    if (this.#bytes[colon] !== COLON || digits > MAX_LENGTH_DIGITS || leadingZero) {
      throw this.#fault('BENCODE_STRING_LENGTH', `${this.#shown(this.#at, COLON)} is not a string length`)
    }
    const length = Number(this.#bytes.toString('latin1', this.#at, colon))
    const left = this.#bytes.length - colon - 1
    if (length > left) {
      throw this.#fault('BENCODE_TRUNCATED', `a string of ${length} bytes has only ${left} bytes left`)
    }
    this.#at = colon + 1 + length
  }

  #endOfDigits(start: number): number {
    let at = start
    while (this.#bytes[at]! >= DIGIT_0 && this.#bytes[at]! <= DIGIT_9) at += 1
    return at
  }

  /** The bytes from `start` up to and with `until`, 24 at most, quoted. */
  #shown(start: number, until?: number): string {
    const stop = until === undefined ? -1 : this.#bytes.indexOf(until, start)
    const end = stop === -1 ? start + 24 : Math.min(stop + 1, start + 24)
    return JSON.stringify(this.#bytes.toString('latin1', start, Math.min(end, this.#bytes.length)))
  }

  #fault(code: BencodeErrorCode, what: string): BencodeError {
    const field = this.#fieldPath()
    return new BencodeError(code, `${field === '' ? '' : `${field}: `}${what} (byte ${this.#at})`)
  }

  /** The keys that lead to where we are, outermost first: `info.piece length`. Six levels and 40 bytes each at most. */
  #fieldPath(): string {
    const names: string[] = []
    for (let depth = 1; depth <= this.#depth && names.length < 6; depth++) {
      if (this.#state[depth] !== AT_VALUE) continue
      const keyAt = this.#keyAt[depth]!
      const colon = this.#bytes.indexOf(COLON, keyAt)
      const length = Math.min(40, Number(this.#bytes.toString('latin1', keyAt, colon)))
      names.push(this.#bytes.toString('utf8', colon + 1, colon + 1 + length))
    }
    return names.join('.')
  }
}
