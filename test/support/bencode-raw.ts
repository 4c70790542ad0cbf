/** A bencode encoder for tests that writes whatever it is told, sound or not, and shares no code with src/bencode. */

/** Bytes spliced in as they are, such as `raw('i016384e')`. */
export class Raw {
  readonly bytes: Buffer

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }
}

/** A dictionary in the order given, equal keys included. */
export class Pairs {
  readonly pairs: readonly (readonly [RawKey, RawValue])[]

  constructor(pairs: readonly (readonly [RawKey, RawValue])[]) {
    this.pairs = pairs
  }
}

export type RawKey = string | Buffer

export type RawValue =
  | number
  | bigint
  | string
  | Buffer
  | Raw
  | Pairs
  | readonly RawValue[]
  | { readonly [key: string]: RawValue | undefined }

export function raw(bytes: string | Buffer): Raw {
  return new Raw(Buffer.from(bytes))
}

export function pairs(...entries: readonly (readonly [RawKey, RawValue])[]): Pairs {
  return new Pairs(entries)
}

/** Objects get sorted keys, undefined entries are left out; numbers are written as they print. */
export function encodeRaw(value: RawValue): Buffer {
  if (value instanceof Raw) return value.bytes
  if (typeof value === 'number' || typeof value === 'bigint') return Buffer.from(`i${value}e`)
  if (typeof value === 'string' || Buffer.isBuffer(value)) return encodeString(Buffer.from(value))
  if (value instanceof Pairs) return encodePairs(value.pairs)
  if (isList(value)) return Buffer.concat([Buffer.from('l'), ...value.map(encodeRaw), Buffer.from('e')])
  return encodePairs(sortedEntries(value))
}

function encodeString(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length}:`), bytes])
}

function encodePairs(entries: readonly (readonly [RawKey, RawValue])[]): Buffer {
  const parts = entries.flatMap(([key, value]) => [encodeString(Buffer.from(key)), encodeRaw(value)])
  return Buffer.concat([Buffer.from('d'), ...parts, Buffer.from('e')])
}

function sortedEntries(record: Readonly<Record<string, RawValue | undefined>>): [RawKey, RawValue][] {
  const entries: [string, RawValue][] = []
  for (const [key, value] of Object.entries(record)) if (value !== undefined) entries.push([key, value])
  return entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

function isList(value: RawValue): value is readonly RawValue[] {
  return Array.isArray(value)
}
