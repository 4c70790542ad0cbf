/** What a case of the bad-torrent table is, and the pieces to build one from. */
import { encodeRaw, type RawKey, type RawValue } from './bencode-raw.ts'
import { hashPieces } from './make-torrent.ts'

export interface Refused {
  readonly code: string
  /** What the message must hold: the field and its value. */
  readonly says: readonly string[]
}

export interface Accepted {
  /** Every planned path, elements joined by `/`, in torrent order. */
  readonly paths: readonly string[]
  /** [from, to], exactly these; default none. */
  readonly renames?: readonly (readonly [string, string])[]
  /** Parts of the notices, in order, as many as there are; default none. */
  readonly notices?: readonly string[]
  readonly trackerTiers?: readonly (readonly string[])[]
  readonly trackerCount?: number
  readonly webSeeds?: readonly string[]
}

export interface BadTorrent {
  /** A letter for the layer (B bencode, M metainfo, P paths) and a number. */
  readonly id: string
  readonly what: string
  readonly bytes: () => Buffer
  readonly outcome: { readonly refused: Refused } | { readonly accepted: Accepted }
}

type Fields = Readonly<Record<string, RawValue | undefined>>

export const PIECE_BYTES = 16_384
/** Of every file unless said otherwise: one whole piece and a short one. All content is the letter A. */
export const FILE_BYTES = 20_000

export function refused(
  [id, what]: readonly [string, string],
  code: string,
  says: readonly string[],
  bytes: () => Buffer,
): BadTorrent {
  return { id, what, bytes, outcome: { refused: { code, says } } }
}

export function accepted(
  [id, what]: readonly [string, string],
  expected: Accepted,
  bytes: () => Buffer,
): BadTorrent {
  return { id, what, bytes, outcome: { accepted: expected } }
}

/** Hashes of `length` bytes of the letter A. */
export function hashesOf(length: number, pieceBytes = PIECE_BYTES): Buffer {
  return hashPieces(Buffer.alloc(length, 'A'), pieceBytes)
}

export function torrent(info: RawValue | undefined, top: Fields = {}): Buffer {
  return encodeRaw({ ...top, info })
}

/** `info` of one sound file, with `fields` put in or (undefined) taken out. */
export function single(fields: Fields = {}): Record<string, RawValue | undefined> {
  return {
    length: FILE_BYTES,
    name: 'f',
    'piece length': PIECE_BYTES,
    pieces: hashesOf(FILE_BYTES),
    ...fields,
  }
}

/** `info` of many files below `root`, each of FILE_BYTES. */
export function multi(
  paths: readonly (readonly RawKey[])[],
  fields: Fields = {},
): Record<string, RawValue | undefined> {
  const files = paths.map((path) => ({ length: FILE_BYTES, path }))
  return withFiles(files, FILE_BYTES * paths.length, fields)
}

/** `info` with these entries as `files` and hashes for `total` bytes. */
export function withFiles(
  files: RawValue,
  total: number,
  fields: Fields = {},
): Record<string, RawValue | undefined> {
  return { files, name: 'root', 'piece length': PIECE_BYTES, pieces: hashesOf(total), ...fields }
}
