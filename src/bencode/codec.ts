/**
 * The `bencode` package behind our own gate. How the package behaves (4.0.1), and what is done about it here:
 * it reads almost anything (so check.ts goes first); it turns keys into text, with a leading byte order mark dropped
 * and keys that are not UTF-8 as hex (walk those with `checkBencode(...).entries()`); it builds plain objects, where
 * a key `__proto__` would become the prototype (so they are turned into Maps of their own keys); integers beyond
 * 2^53 - 1 lose digits (so they come out as undefined); it sorts keys by UTF-16 unit (so `encode` sorts by byte).
 */
import bencode from 'bencode'
import { BugError } from '../common/errors.ts'
import { BencodeError, checkBencode, type BencodeLimits } from './check.ts'
import type { BencodeView } from './view.ts'

/** What can be encoded. Entries that are undefined are left out. */
export type BencodeValue = number | string | Uint8Array | readonly BencodeValue[] | BencodeMap | BencodeRecord

/** For keys that are no text, or not known beforehand. */
export type BencodeMap = ReadonlyMap<string | Uint8Array, BencodeValue>

export interface BencodeRecord {
  readonly [key: string]: BencodeValue | undefined
}

/**
 * Decodes untrusted bytes into Maps, arrays, Uint8Arrays and safe integers (others are undefined): read it with
 * `asDictionary`, `asList`, `asBytes`, `asInteger`. Meant for small things (answers, handshakes, tracker lists).
 * @throws BencodeError also when any dictionary has a key twice
 */
export function decode(bytes: Uint8Array, limits?: BencodeLimits): unknown {
  const view = checkBencode(bytes, limits)
  assertUniqueKeys(view)
  return withoutPrototypes(bencode.decode(view.raw))
}

/** The dictionary, or undefined when it is none. */
export function asDictionary(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return value instanceof Map ? (value as ReadonlyMap<string, unknown>) : undefined
}

/** The list, or undefined when it is none. */
export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

/** The string's bytes (shared with the value), or undefined when it is no string. */
export function asBytes(value: unknown): Buffer | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

/** The string as UTF-8 with U+FFFD for what is not, or undefined when it is no string. Foreign text. */
export function asText(value: unknown): string | undefined {
  return asBytes(value)?.toString('utf8')
}

/** The integer, or undefined when it is none or lies outside +-(2^53 - 1). */
export function asInteger(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

/** Encodes, with keys sorted as raw bytes (BEP 3). @throws BugError BUG_BENCODE_NUMBER for a number that is no safe integer */
export function encode(value: BencodeValue): Buffer {
  const encoder = new Encoder()
  encoder.add(value)
  return encoder.bytes()
}

const LIST_START = Buffer.from('l')
const DICTIONARY_START = Buffer.from('d')
const END = Buffer.from('e')
/** A small Buffer takes some 100 bytes beside its own: so many are joined, since a torrent may have a million files. */
const MAX_PARTS = 10_000

interface EncodedKey {
  readonly raw: Buffer
  readonly encoded: Uint8Array
}

class Encoder {
  #parts: Uint8Array[] = []
  readonly #joined: Buffer[] = []
  /** The same few, over and over. */
  readonly #keys = new Map<string | Uint8Array, EncodedKey>()

  add(value: BencodeValue): void {
    if (typeof value === 'number' && !Number.isSafeInteger(value)) {
      throw new BugError('BUG_BENCODE_NUMBER', `${value} cannot be bencoded exactly`)
    }
    if (typeof value === 'number' || typeof value === 'string' || value instanceof Uint8Array) {
      this.#push(bencode.encode(value))
    } else if (isList(value)) {
      this.#push(LIST_START)
      for (const item of value) this.add(item)
      this.#push(END)
    } else {
      this.#addDictionary(value)
    }
  }

  bytes(): Buffer {
    return Buffer.concat([...this.#joined, ...this.#parts])
  }

  #addDictionary(value: BencodeMap | BencodeRecord): void {
    const entries: [EncodedKey, BencodeValue][] = []
    for (const [key, item] of isMap(value) ? value : Object.entries(value)) {
      if (item !== undefined) entries.push([this.#keyOf(key), item])
    }
    entries.sort(([one], [other]) => Buffer.compare(one.raw, other.raw))
    this.#push(DICTIONARY_START)
    for (const [key, item] of entries) {
      this.#push(key.encoded)
      this.add(item)
    }
    this.#push(END)
  }

  #keyOf(key: string | Uint8Array): EncodedKey {
    let known = this.#keys.get(key)
    if (known === undefined) {
      const raw = Buffer.from(key)
      known = { raw, encoded: bencode.encode(raw) }
      this.#keys.set(key, known)
    }
    return known
  }

  #push(part: Uint8Array): void {
    this.#parts.push(part)
    if (this.#parts.length < MAX_PARTS) return
    this.#joined.push(Buffer.concat(this.#parts))
    this.#parts = []
  }
}

function isMap(value: BencodeMap | BencodeRecord): value is BencodeMap {
  return value instanceof Map
}

function isList(value: BencodeValue): value is readonly BencodeValue[] {
  return Array.isArray(value)
}

/** Depth is bounded by the check, so recursion is safe from here on. */
function assertUniqueKeys(view: BencodeView): void {
  if (view.kind === 'list') for (const item of view.items()) assertUniqueKeys(item)
  if (view.kind !== 'dictionary') return
  const keys = new Set<string>()
  for (const { key, value } of view.entries()) {
    const name = key.toString('latin1')
    if (keys.has(name)) {
      const shown = key.toString('utf8', 0, 60)
      throw new BencodeError('BENCODE_DUPLICATE_KEY', `key "${shown}" is there twice (byte ${value.start})`)
    }
    keys.add(name)
    assertUniqueKeys(value)
  }
}

function withoutPrototypes(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(withoutPrototypes)
  if (typeof value !== 'object' || value === null) return undefined
  const dictionary = new Map<string, unknown>()
  for (const [key, item] of Object.entries(value)) dictionary.set(key, withoutPrototypes(item))
  return dictionary
}
