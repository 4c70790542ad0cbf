/**
 * Validates an `info` dictionary (BEP 3, 27, 47; the v1 side of BEP 52 hybrids), whether it came from a .torrent or
 * from a peer. Every number is bounded here; what comes out can be used without another thought.
 */
import { isUtf8 } from 'node:buffer'
import { InputError } from '../common/errors.ts'
import type { BencodeView } from '../bencode/view.ts'
import { readFiles } from './file-list.ts'
import { makeGeometry, type Geometry } from './geometry.ts'
import type { FileEntry, Rename } from './metainfo.ts'
import type { Notices } from './notices.ts'
import { PathPlanner } from './safe-path.ts'

export type Fields = ReadonlyMap<string, BencodeView>

export const MIN_PIECE_BYTES = 1024
export const MAX_PIECE_BYTES = 512 * 1024 * 1024
export const MAX_PIECES = 2_097_152
const HASH_BYTES = 20

export interface InfoDict {
  readonly name: string
  readonly isSingleFile: boolean
  readonly geometry: Geometry
  readonly pieceHashes: Buffer
  readonly files: readonly FileEntry[]
  readonly isPrivate: boolean
  readonly renames: readonly Rename[]
}

/**
 * @param info the checked dictionary @param infoHash 20 bytes; names a torrent without a name
 * @throws InputError TORRENT_... @throws BencodeError BENCODE_DUPLICATE_KEY, BENCODE_TOO_MANY_KEYS
 */
export function readInfoDict(info: BencodeView, infoHash: Buffer, notices: Notices): InfoDict {
  const fields = info.fields()
  if (fields === undefined) {
    throw new InputError('TORRENT_INFO_TYPE', `info is ${info.describe()} (must be a dictionary)`)
  }
  assertVersion1(fields)
  const pieceBytes = readPieceLength(fields)
  const planner = new PathPlanner(readName(fields), infoHash.toString('hex'))
  const { files, totalBytes } = readFiles(fields, pieceBytes, planner, notices)
  const geometry = makeGeometry(totalBytes, pieceBytes)
  return {
    name: planner.name,
    isSingleFile: !fields.has('files'),
    geometry,
    pieceHashes: readPieces(fields, geometry),
    files,
    isPrivate: (fields.get('private')?.asInteger() ?? 0) !== 0,
    renames: planner.renames,
  }
}

/** BEP 52: `meta version` 2 beside v1 fields is a hybrid, of which we use the v1 side; without them it is v2 only. */
function assertVersion1(fields: Fields): void {
  const version = fields.get('meta version')
  if (version !== undefined && version.asInteger() !== 1 && version.asInteger() !== 2) {
    throw new InputError(
      'TORRENT_META_VERSION',
      `info.meta version is ${version.describe()} (must be 1 or 2)`,
    )
  }
  const isVersion2 = version?.asInteger() === 2 || fields.has('file tree')
  if (isVersion2 && !fields.has('pieces')) {
    throw new InputError(
      'TORRENT_V2_UNSUPPORTED',
      'this is a BitTorrent v2 torrent (BEP 52, no info.pieces): v2 not supported yet',
    )
  }
}

function readPieceLength(fields: Fields): number {
  const view = fields.get('piece length')
  if (view === undefined) throw new InputError('TORRENT_PIECE_LENGTH_MISSING', 'info.piece length is missing')
  if (view.kind !== 'integer') {
    throw new InputError(
      'TORRENT_PIECE_LENGTH_TYPE',
      `info.piece length is ${view.describe()} (must be an integer)`,
    )
  }
  const pieceBytes = view.asInteger()
  if (pieceBytes === undefined || pieceBytes < MIN_PIECE_BYTES || pieceBytes > MAX_PIECE_BYTES) {
    throw new InputError(
      'TORRENT_PIECE_LENGTH_RANGE',
      `info.piece length is ${view.describe()} (must be ${MIN_PIECE_BYTES} to ${MAX_PIECE_BYTES})`,
    )
  }
  return pieceBytes
}

/** `name.utf-8` (seen in old torrents beside a name in another encoding) wins when it is what it says. */
function readName(fields: Fields): Buffer {
  const preferred = fields.get('name.utf-8')?.asBytes()
  if (preferred !== undefined && preferred.length > 0 && isUtf8(preferred)) return preferred
  const name = fields.get('name')?.asBytes()
  if (name !== undefined) return name
  const view = fields.get('name')
  if (view === undefined) throw new InputError('TORRENT_NAME_MISSING', 'info.name is missing')
  throw new InputError('TORRENT_NAME_TYPE', `info.name is ${view.describe()} (must be a string)`)
}

function readPieces(fields: Fields, { pieceCount, totalBytes, pieceBytes }: Geometry): Buffer {
  const view = fields.get('pieces')
  if (view === undefined) throw new InputError('TORRENT_PIECES_MISSING', 'info.pieces is missing')
  const hashes = view.asBytes()
  if (hashes === undefined) {
    throw new InputError('TORRENT_PIECES_TYPE', `info.pieces is ${view.describe()} (must be a string)`)
  }
  if (hashes.length % HASH_BYTES !== 0) {
    throw new InputError(
      'TORRENT_PIECES_UNALIGNED',
      `info.pieces has ${hashes.length} bytes (must be a multiple of ${HASH_BYTES})`,
    )
  }
  if (pieceCount > MAX_PIECES) {
    throw new InputError(
      'TORRENT_TOO_MANY_PIECES',
      `${totalBytes} bytes in pieces of ${pieceBytes} are ${pieceCount} pieces (must be at most ${MAX_PIECES})`,
    )
  }
  if (hashes.length !== pieceCount * HASH_BYTES) {
    throw new InputError(
      'TORRENT_PIECES_COUNT',
      `info.pieces holds ${hashes.length / HASH_BYTES} hashes (must be ${pieceCount}: ` +
        `${totalBytes} bytes in pieces of ${pieceBytes})`,
    )
  }
  return hashes
}
