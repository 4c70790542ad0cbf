/**
 * Reading bencode in place: a view is a span of bytes that check.ts has found sound. Walking makes no copy and no
 * object for what is skipped, keys stay bytes, and integers are handed out only when a number holds them exactly.
 */
import { BencodeError } from './bencode-error.ts'

export type BencodeKind = 'integer' | 'string' | 'list' | 'dictionary'

export interface BencodeEntry {
  /** The key's bytes: a view. */
  readonly key: Buffer
  readonly value: BencodeView
}

/** Real dictionaries of named fields have a few dozen keys; this bounds the memory of one that has not. */
const MAX_NAMED_KEYS = 10_000

const COLON = 0x3a
const LETTER_D = 0x64
const LETTER_E = 0x65
const LETTER_I = 0x69
const LETTER_L = 0x6c

/** One value inside checked bytes. Only check.ts makes the first; the bytes must not change afterwards. */
export class BencodeView {
  readonly #bytes: Buffer
  /** Position of the value's first byte in the checked buffer. */
  readonly start: number
  /** Position after its last byte. */
  readonly end: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.start = start
    this.end = end
  }

  get kind(): BencodeKind {
    const marker = this.#bytes[this.start]
    if (marker === LETTER_I) return 'integer'
    if (marker === LETTER_L) return 'list'
    return marker === LETTER_D ? 'dictionary' : 'string'
  }

  /** The value as it stands, markers included: what an info-hash is taken of. A view. */
  get raw(): Buffer {
    return this.#bytes.subarray(this.start, this.end)
  }

  /** The integer, or undefined when it is none or lies outside +-(2^53 - 1). */
  asInteger(): number | undefined {
    if (this.#bytes[this.start] !== LETTER_I) return undefined
    const value = Number(this.#bytes.toString('latin1', this.start + 1, this.end - 1))
    return Number.isSafeInteger(value) ? value : undefined
  }

  /** The string's bytes (a view), or undefined when it is no string. */
  asBytes(): Buffer | undefined {
    if (this.kind !== 'string') return undefined
    return this.#bytes.subarray(this.#bytes.indexOf(COLON, this.start) + 1, this.end)
  }

  /** The string as UTF-8 with U+FFFD for what is not, or undefined when it is no string. */
  asText(): string | undefined {
    return this.asBytes()?.toString('utf8')
  }

  /** The values of a list, in order; nothing when it is no list. */
  *items(): Generator<BencodeView> {
    if (this.#bytes[this.start] !== LETTER_L) return
    for (let at = this.start + 1; this.#bytes[at] !== LETTER_E;) {
      const end = endOfValue(this.#bytes, at)
      yield new BencodeView(this.#bytes, at, end)
      at = end
    }
  }

  /** The entries of a dictionary, in the order of the bytes, equal keys included; nothing when it is none. */
  *entries(): Generator<BencodeEntry> {
    if (this.#bytes[this.start] !== LETTER_D) return
    for (let at = this.start + 1; this.#bytes[at] !== LETTER_E;) {
      const keyEnd = endOfValue(this.#bytes, at)
      const end = endOfValue(this.#bytes, keyEnd)
      yield {
        key: this.#bytes.subarray(this.#bytes.indexOf(COLON, at) + 1, keyEnd),
        value: new BencodeView(this.#bytes, keyEnd, end),
      }
      at = end
    }
  }

  /**
   * The fields of a dictionary by key, each key as latin1 text (one character a byte, so no two keys look alike);
   * undefined when it is no dictionary. O(bytes of the dictionary).
   * @throws BencodeError BENCODE_DUPLICATE_KEY, BENCODE_TOO_MANY_KEYS
   */
  fields(): ReadonlyMap<string, BencodeView> | undefined {
    if (this.#bytes[this.start] !== LETTER_D) return undefined
    const fields = new Map<string, BencodeView>()
    for (const { key, value } of this.entries()) {
      const name = key.toString('latin1')
      if (fields.has(name)) {
        const shown = key.toString('utf8', 0, 60)
        throw new BencodeError('BENCODE_DUPLICATE_KEY', `key "${shown}" is there twice (byte ${value.start})`)
      }
      if (fields.size === MAX_NAMED_KEYS) {
        throw new BencodeError(
          'BENCODE_TOO_MANY_KEYS',
          `dictionary at byte ${this.start} has more than ${MAX_NAMED_KEYS} keys`,
        )
      }
      fields.set(name, value)
    }
    return fields
  }

  /** What it is, short, for messages: `-5`, `a string of 24 bytes`, `a list`, `a dictionary`. */
  describe(): string {
    const kind = this.kind
    if (kind === 'integer') return this.#bytes.toString('latin1', this.start + 1, this.end - 1)
    if (kind === 'string') return `a string of ${this.asBytes()?.length ?? 0} bytes`
    return `a ${kind}`
  }
}

/** Position after the value that starts at `start`, in bytes known to be sound. Iterative. */
function endOfValue(bytes: Buffer, start: number): number {
  let depth = 0
  let at = start
  do {
    const byte = bytes[at]
    if (byte === LETTER_E) {
      depth -= 1
      at += 1
    } else if (byte === LETTER_L || byte === LETTER_D) {
      depth += 1
      at += 1
    } else if (byte === LETTER_I) {
      at = bytes.indexOf(LETTER_E, at) + 1
    } else {
      at = endOfString(bytes, at)
    }
  } while (depth > 0)
  return at
}

function endOfString(bytes: Buffer, start: number): number {
  let length = 0
  let at = start
  for (let byte = bytes[at]; byte !== undefined && byte !== COLON; byte = bytes[at]) {
    length = length * 10 + (byte - 0x30)
    at += 1
  }
  return at + 1 + length
}
