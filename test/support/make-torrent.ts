/** Makes sound little torrents with their data, the same ones every time. */
import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { encodeRaw, type RawValue } from './bencode-raw.ts'

export interface TorrentFileSpec {
  /** Below the torrent's name, elements joined by `/`. */
  readonly path: string
  /** Bytes of pseudo-random data (zeros for padding); or give `data`. */
  readonly length?: number
  readonly data?: Buffer
  /** BEP 47: `p` padding, `x` executable. */
  readonly attr?: string
}

export interface TorrentSpec {
  /** Default `made`. */
  readonly name?: string
  /** One file whose path equals `name` makes a single-file torrent. Default: that, of 100,000 bytes. */
  readonly files?: readonly TorrentFileSpec[]
  /** Default 32 KiB: two blocks. */
  readonly pieceBytes?: number
  readonly trackers?: readonly (readonly string[])[]
  /** Other data for another seed; default 1. */
  readonly seed?: number
  readonly private?: boolean
  /** More fields of the top level, and of `info`; undefined removes one. */
  readonly extra?: Readonly<Record<string, RawValue | undefined>>
  readonly infoExtra?: Readonly<Record<string, RawValue | undefined>>
}

export interface MadeTorrent {
  /** The .torrent. */
  readonly bytes: Buffer
  /** All bytes of the torrent, padding included. */
  readonly data: Buffer
  readonly metainfo: Metainfo
  /** Writes every file that belongs on disk below `directory`, as a finished download would lie there. */
  writeTo(directory: string): Promise<void>
  /** Bytes of one file: a view of `data`. @param index into metainfo.files */
  fileData(index: number): Buffer
}

interface MadeFile {
  readonly path: string
  readonly data: Buffer
  readonly attr: string | undefined
}

export function makeTorrent(spec: TorrentSpec = {}): MadeTorrent {
  const name = spec.name ?? 'made'
  const random = pseudoRandom(spec.seed ?? 1)
  const specs = spec.files ?? [{ path: name, length: 100_000 }]
  const files = specs.map((file) => makeFile(file, random))
  const data = Buffer.concat(files.map((file) => file.data))
  const bytes = encodeTorrent({ ...spec, name }, files, data)
  const metainfo = readTorrentFile(bytes)
  const fileData = (index: number): Buffer => {
    const { start, lengthBytes } = metainfo.files[index]!
    return data.subarray(start, start + lengthBytes)
  }
  return {
    bytes,
    data,
    metainfo,
    fileData,
    writeTo: async (directory) => writeFiles(directory, metainfo, fileData),
  }
}

/** SHA-1 of each piece of `data`, one after another. */
export function hashPieces(data: Buffer, pieceBytes: number): Buffer {
  const hashes: Buffer[] = []
  for (let start = 0; start < data.length; start += pieceBytes) {
    hashes.push(
      createHash('sha1')
        .update(data.subarray(start, start + pieceBytes))
        .digest(),
    )
  }
  return Buffer.concat(hashes)
}

/** Bytes that look random and are the same for the same seed (xorshift32). */
export function pseudoRandom(seed: number): (length: number) => Buffer {
  let state = (seed * 2_654_435_761 + 0x9e3779b9) >>> 0 || 1
  return (length) => {
    const words = new Uint32Array(Math.ceil(length / 4))
    for (let index = 0; index < words.length; index++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      state >>>= 0
      words[index] = state
    }
    return Buffer.from(words.buffer).subarray(0, length)
  }
}

function makeFile(file: TorrentFileSpec, random: (length: number) => Buffer): MadeFile {
  const isPadding = file.attr?.includes('p') === true
  const length = file.length ?? 0
  return {
    path: file.path,
    data: file.data ?? (isPadding ? Buffer.alloc(length) : random(length)),
    attr: file.attr,
  }
}

function encodeTorrent(
  spec: TorrentSpec & { name: string },
  files: readonly MadeFile[],
  data: Buffer,
): Buffer {
  const pieceBytes = spec.pieceBytes ?? 32_768
  const only = files.length === 1 ? files[0] : undefined
  const isSingleFile = only?.path === spec.name
  const info = {
    name: spec.name,
    'piece length': pieceBytes,
    pieces: hashPieces(data, pieceBytes),
    private: spec.private === true ? 1 : undefined,
    length: isSingleFile ? data.length : undefined,
    files: isSingleFile ? undefined : files.map(encodeFile),
    ...spec.infoExtra,
  }
  return encodeRaw({ ...trackerFields(spec.trackers ?? []), info, ...spec.extra })
}

function encodeFile(file: MadeFile): RawValue {
  return { length: file.data.length, path: file.path.split('/'), attr: file.attr }
}

function trackerFields(tiers: readonly (readonly string[])[]): Record<string, RawValue | undefined> {
  const announce = tiers[0]?.[0]
  const isOne = tiers.length === 1 && tiers[0]?.length === 1
  return { announce, 'announce-list': tiers.length === 0 || isOne ? undefined : tiers }
}

async function writeFiles(
  directory: string,
  metainfo: Metainfo,
  fileData: (index: number) => Buffer,
): Promise<void> {
  for (const [index, file] of metainfo.files.entries()) {
    if (file.isPadding || file.isSymlink) continue
    const path = join(directory, ...file.path)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, fileData(index))
  }
}
