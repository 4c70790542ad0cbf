/** What a new torrent holds -> the bytes of its .torrent (BEP 3, 12, 19, 27, 47). Pure; the reverse of torrent-file.ts. */
import type { BencodeValue } from '../bencode/codec.ts'
import { encode } from '../bencode/codec.ts'
import type { FileEntry } from './metainfo.ts'

/** What stands outside of `info`, and changes no info-hash, but for `isPrivate` and `source`. */
export interface TorrentFields {
  /** BEP 12 tiers. */
  readonly trackers?: readonly (readonly string[])[] | undefined
  /** BEP 19. */
  readonly webSeeds?: readonly string[] | undefined
  /** BEP 27; in `info`. */
  readonly isPrivate?: boolean | undefined
  /** Names who published it; in `info`, so that the same files get another info-hash. */
  readonly source?: string | undefined
  readonly comment?: string | undefined
  readonly createdAtSeconds?: number | undefined
}

export interface NewTorrent extends TorrentFields {
  readonly name: string
  readonly isSingleFile: boolean
  /** In torrent order; paths begin with the torrent's name. */
  readonly files: readonly FileEntry[]
  readonly pieceBytes: number
  /** 20 bytes a piece. */
  readonly pieceHashes: Buffer
}

/** The same torrent gives the same bytes: nothing is added that was not given. */
export function encodeTorrent(torrent: NewTorrent): Buffer {
  const trackers = torrent.trackers ?? []
  const isOneTracker = trackers.flat().length <= 1
  return encode({
    announce: trackers[0]?.[0],
    'announce-list': isOneTracker ? undefined : trackers,
    comment: torrent.comment,
    'creation date': torrent.createdAtSeconds,
    info: infoOf(torrent),
    'url-list': urlList(torrent.webSeeds ?? []),
  })
}

function infoOf(torrent: NewTorrent): BencodeValue {
  const { files, name, pieceBytes, pieceHashes, isSingleFile } = torrent
  const only = isSingleFile ? files[0] : undefined
  return {
    attr: only === undefined ? undefined : attributesOf(only),
    files: only === undefined ? files.map(encodeFile) : undefined,
    length: only?.lengthBytes,
    name,
    'piece length': pieceBytes,
    pieces: pieceHashes,
    private: torrent.isPrivate === true ? 1 : undefined,
    source: torrent.source,
  }
}

function encodeFile(file: FileEntry): BencodeValue {
  return { attr: attributesOf(file), length: file.lengthBytes, path: file.path.slice(1) }
}

/** BEP 47. */
function attributesOf({ isExecutable }: FileEntry): string | undefined {
  return isExecutable ? 'x' : undefined
}

/** BEP 19 allows one as a string, which older clients expect. */
function urlList(webSeeds: readonly string[]): BencodeValue | undefined {
  return webSeeds.length > 1 ? webSeeds : webSeeds[0]
}
