/** `create` of the library: the .torrent of a file or a directory. */
import type { CreateOptions as EngineOptions } from '../storage/create-torrent.ts'
import { UsageError } from '../common/errors.ts'
import { MAX_PIECE_BYTES, MIN_PIECE_BYTES } from '../metainfo/info-dict.ts'
import { magnetLink } from '../metainfo/magnet-link.ts'
import { createTorrent } from '../storage/create-torrent.ts'
import { checkNumber, checkTrackers } from './source.ts'

export interface CreateOptions {
  /** Default: that of the path. */
  readonly name?: string
  /** A power of two, 1 KiB to 512 MiB; default: by size. */
  readonly pieceBytes?: number
  /** Tiers of tracker URLs. */
  readonly trackers?: readonly (readonly string[])[]
  /** http(s) addresses of the same data. */
  readonly webSeeds?: readonly string[]
  readonly isPrivate?: boolean
  readonly comment?: string
  /** Names who published it; changes the info-hash. */
  readonly source?: string
  /** Seconds since 1970; default: the torrent has no date, so that the same files give the same bytes. */
  readonly createdAtSeconds?: number
  /** Is this left out? Gets the path below the root, elements joined by `/`. */
  readonly excludes?: (path: string, isDirectory: boolean) => boolean
  readonly signal?: AbortSignal
  readonly onProgress?: (hashedBytes: number, totalBytes: number) => void
}

export interface CreatedTorrent {
  /** The .torrent. */
  readonly bytes: Uint8Array
  readonly name: string
  /** 40 hex digits. */
  readonly infoHash: string
  readonly magnet: string
  readonly totalBytes: number
  readonly pieceBytes: number
  readonly pieceCount: number
  /** What was left out or looks odd, a sentence each. */
  readonly notices: readonly string[]
}

/** @throws KnownError: INPUT_..., TORRENT_..., FILE_CHANGED, DISK_... of docs/errors.md; the reason of `signal` */
export async function create(path: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  const { pieceBytes, trackers = [] } = options
  checkTrackers(trackers)
  if (pieceBytes !== undefined) checkPieceBytes(pieceBytes)
  const engineOptions: EngineOptions = options
  const { bytes, metainfo, notices } = await createTorrent(path, engineOptions)
  const { geometry } = metainfo
  return {
    bytes: new Uint8Array(bytes),
    name: metainfo.name,
    infoHash: metainfo.infoHash.toString('hex'),
    magnet: magnetLink(metainfo),
    totalBytes: geometry.totalBytes,
    pieceBytes: geometry.pieceBytes,
    pieceCount: geometry.pieceCount,
    notices,
  }
}

function checkPieceBytes(pieceBytes: number): void {
  checkNumber('pieceBytes', pieceBytes, [MIN_PIECE_BYTES, MAX_PIECE_BYTES])
  if (!Number.isInteger(Math.log2(pieceBytes)))
    throw new UsageError('USAGE', `pieceBytes is ${pieceBytes}, and must be a power of two`)
}
