/**
 * Torrents of any size over data made here: the same bytes for the same name, written as a stream, hashed on the way.
 * Nothing of src/ takes part, so that a fault there cannot hide in what the tests expect.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { encodeRaw, raw } from '../../support/bencode-raw.ts'

export interface TorrentPlan {
  /** Folder for the .torrent files and, below `data/`, the payload. */
  readonly directory: string
  readonly name: string
  /** One file of the torrent's name, or many below it. */
  readonly content: number | readonly PlannedFile[]
  readonly pieceLength: number
  /** Announce URLs by kind; either may be missing. */
  readonly trackers: { readonly udp?: string; readonly http?: string }
}

export interface PlannedFile {
  readonly path: readonly string[]
  readonly lengthBytes: number
}

export interface BigTorrent {
  readonly name: string
  /** 40 hex digits */
  readonly infoHash: string
  readonly totalBytes: number
  readonly pieceLength: number
  /** Where the payload lies: what a seeder calls its download folder. */
  readonly dataDirectory: string
  /** Relative to dataDirectory. */
  readonly files: readonly string[]
  /** Announces by UDP (by HTTP where there is no UDP URL). */
  readonly torrentFile: string
  /** The same torrent announced by HTTP. */
  readonly httpTorrentFile: string
  /** 20 bytes a piece. */
  readonly pieceHashes: Buffer
}

const CHUNK_BYTES = 1 << 20

export function makeBigTorrent(plan: TorrentPlan): BigTorrent {
  const { content, name } = plan
  const planned = typeof content === 'number' ? [{ path: [], lengthBytes: content }] : content
  const files = planned.map((file) => join(name, ...file.path))
  const dataDirectory = join(plan.directory, 'data')
  const hasher = new PieceHasher(plan.pieceLength)
  const source = randomStream(name)
  planned.forEach((file, index) => {
    writeData(join(dataDirectory, files[index]!), file.lengthBytes, source, hasher)
  })
  const pieceHashes = hasher.finish()
  const info = encodeRaw({
    ...(typeof content === 'number'
      ? { length: content }
      : { files: content.map((file) => ({ length: file.lengthBytes, path: file.path })) }),
    name,
    'piece length': plan.pieceLength,
    pieces: pieceHashes,
  })
  return {
    name,
    ...writeTorrentFiles(plan, info),
    totalBytes: planned.reduce((sum, file) => sum + file.lengthBytes, 0),
    pieceLength: plan.pieceLength,
    dataDirectory,
    files,
    pieceHashes,
  }
}

export type TorrentFiles = Pick<BigTorrent, 'infoHash' | 'torrentFile' | 'httpTorrentFile'>

/** @param info the encoded dictionary, which goes in as it is hashed */
export function writeTorrentFiles(
  { directory, name, trackers: { udp, http } }: Pick<TorrentPlan, 'directory' | 'name' | 'trackers'>,
  info: Buffer,
): TorrentFiles {
  const torrentFile = join(directory, `${name}.torrent`)
  const httpTorrentFile = join(directory, `${name}.http.torrent`)
  writeFileSync(torrentFile, encodeRaw({ announce: udp ?? http, info: raw(info) }))
  writeFileSync(httpTorrentFile, encodeRaw({ announce: http ?? udp, info: raw(info) }))
  return { infoHash: createHash('sha1').update(info).digest('hex'), torrentFile, httpTorrentFile }
}

/** The first file below `directory` that is not, byte for byte, the torrent's; undefined when all are. */
export function firstDifference(torrent: BigTorrent, directory: string): string | undefined {
  for (const file of torrent.files) {
    const result = spawnSync('cmp', [join(torrent.dataDirectory, file), join(directory, file)], {
      encoding: 'utf8',
    })
    if (result.status !== 0) return `${file}: ${result.stdout}${result.stderr}`
  }
  return undefined
}

type ByteSource = (length: number) => Buffer

/** Bytes that no file system and no client can shorten, as fast as AES goes. */
function randomStream(name: string): ByteSource {
  const key = createHash('sha256').update(name).digest()
  const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const zeros = Buffer.alloc(CHUNK_BYTES)
  return (length) => cipher.update(zeros.subarray(0, length))
}

function writeData(path: string, lengthBytes: number, source: ByteSource, hasher: PieceHasher): void {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, 'w')
  for (let left = lengthBytes; left > 0; left -= CHUNK_BYTES) {
    const chunk = source(Math.min(left, CHUNK_BYTES))
    writeSync(fd, chunk)
    hasher.update(chunk)
  }
  closeSync(fd)
}

class PieceHasher {
  readonly #pieceLength: number
  readonly #digests: Buffer[] = []
  #hash = createHash('sha1')
  #filled = 0

  constructor(pieceLength: number) {
    this.#pieceLength = pieceLength
  }

  update(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length;) {
      const length = Math.min(chunk.length - offset, this.#pieceLength - this.#filled)
      this.#hash.update(chunk.subarray(offset, offset + length))
      this.#filled += length
      offset += length
      if (this.#filled === this.#pieceLength) this.#endPiece()
    }
  }

  finish(): Buffer {
    if (this.#filled > 0) this.#endPiece()
    return Buffer.concat(this.#digests)
  }

  #endPiece(): void {
    this.#digests.push(this.#hash.digest())
    this.#hash = createHash('sha1')
    this.#filled = 0
  }
}
