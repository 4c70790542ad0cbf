/**
 * A file or a directory -> a .torrent of it (v1: BEP 3, 12, 19, 27). The same files with the same options give the same
 * bytes on every machine: docs/create.md has the rules. What is made has been read back, so it is what we accept.
 */
import { basename, resolve } from 'node:path'
import { InputError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { TorrentFields } from '../metainfo/encode-torrent.ts'
import { encodeTorrent } from '../metainfo/encode-torrent.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { makeGeometry, pieceIndices } from '../metainfo/geometry.ts'
import { MAX_PIECES } from '../metainfo/info-dict.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { LARGEST_USUAL_BYTES, SMALLEST_USUAL_BYTES, defaultPieceBytes } from '../metainfo/piece-length.ts'
import { portabilityNotices } from '../metainfo/portable-names.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import type { FileTree, FileTreeOptions } from './file-tree.ts'
import { readFileTree } from './file-tree.ts'
import { hashPieces } from './hash-pieces.ts'
import type { HashPool } from './hash-pool.ts'
import { TreeBytes } from './tree-bytes.ts'

export interface CreateOptions extends TorrentFields, FileTreeOptions {
  /** Default: the last element of the path. */
  readonly name?: string | undefined
  /** A power of two. Default: by size (metainfo/piece-length.ts). */
  readonly pieceBytes?: number | undefined
  /** Now and then while hashing, and at the end. */
  readonly onProgress?: ((hashedBytes: number, totalBytes: number) => void) | undefined
  readonly log?: LogSink | undefined
  /** Who hashes. Undefined: the process's own. */
  readonly pool?: HashPool | undefined
}

export interface CreatedTorrent {
  /** The .torrent. */
  readonly bytes: Buffer
  readonly metainfo: Metainfo
  /** What it was made of, as it was then. */
  readonly tree: FileTree
  /** What was left out or looks odd, a sentence each; foreign text inside. */
  readonly notices: readonly string[]
}

/**
 * Reads every file below `path` once. Memory does not grow with the data, only with the number of files and pieces.
 * @throws InputError INPUT_... for what cannot be a torrent, TORRENT_... for what would be too large for one;
 * StorageError FILE_CHANGED when somebody writes to a file meanwhile, DISK_...; the signal's reason
 */
export async function createTorrent(path: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  const name = options.name ?? basename(resolve(path))
  if (name === '')
    throw new InputError(
      'INPUT_NAME',
      `${path} has no name that the torrent could have (create --name gives one)`,
    )
  const tree = await readFileTree(path, name, options)
  const pieceBytes = options.pieceBytes ?? defaultPieceBytes(tree.totalBytes)
  const geometry = makeGeometry(tree.totalBytes, pieceBytes)
  if (geometry.pieceCount > MAX_PIECES) {
    const what = `${geometry.pieceCount} pieces of ${pieceBytes} bytes are too many (at most ${MAX_PIECES})`
    throw new InputError('TORRENT_TOO_MANY_PIECES', `cannot make a torrent of ${path}: ${what}`)
  }
  const pieceHashes = await hashTree(tree, geometry, options)
  const { files, isSingleFile } = tree
  const bytes = encodeTorrent({ ...options, name, files, isSingleFile, pieceBytes, pieceHashes })
  const metainfo = readBack(path, bytes)
  const notices = [...tree.notices, ...portabilityNotices(metainfo), ...oddities(metainfo)]
  return { bytes, metainfo, tree, notices }
}

/** What others may refuse, or what hardly anybody means. */
function oddities({ geometry, isPrivate, trackerTiers }: Metainfo): string[] {
  const { totalBytes, pieceBytes } = geometry
  const notices: string[] = []
  if (totalBytes === 0) notices.push('all files are empty: many clients refuse such a torrent')
  if (isPrivate && trackerTiers.length === 0)
    notices.push('private and without a tracker: nobody can find its peers')
  if (pieceBytes < SMALLEST_USUAL_BYTES || pieceBytes > LARGEST_USUAL_BYTES)
    notices.push(`pieces of ${pieceBytes} bytes: not every client takes less than 16 KiB or more than 16 MiB`)
  return notices
}

/** @returns 20 bytes a piece */
async function hashTree(tree: FileTree, geometry: Geometry, options: CreateOptions): Promise<Buffer> {
  const { log, pool, signal, onProgress } = options
  const hashes = Buffer.alloc(geometry.pieceCount * 20)
  const source = new TreeBytes(tree)
  try {
    await hashPieces({
      ...{ log, pool, signal, onProgress, geometry },
      read: source.read,
      withDescriptors: source.withDescriptors,
      pieces: [...pieceIndices(geometry)],
      onDigest(piece, digest) {
        digest.copy(hashes, piece * digest.length)
      },
    })
    await source.assertUnchanged(signal)
  } finally {
    source.close()
  }
  return hashes
}

function readBack(path: string, bytes: Buffer): Metainfo {
  try {
    return readTorrentFile(bytes)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.code, `cannot make a torrent of ${path}: ${error.message}`, { cause: error })
  }
}
