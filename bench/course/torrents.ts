/** Torrents to be measured with: what the seeder maps, and whether a download is the same. */
import {
  createReadStream,
  createWriteStream,
  openSync,
  closeSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { encodeRaw } from '../../test/support/bencode-raw.ts'
import { makeBigTorrent, writeTorrentFiles } from '../../test/interop/support/big-torrent.ts'
import type { BigTorrent, TorrentPlan } from '../../test/interop/support/big-torrent.ts'

export interface BenchTorrent extends BigTorrent {
  /** The whole payload in one file; a shorter file is meant to be repeated. */
  readonly payloadFile: string
}

/** @param plan several files are also written one behind the other, for the seeder */
export async function makeTorrent(plan: TorrentPlan): Promise<BenchTorrent> {
  const torrent = makeBigTorrent(plan)
  const paths = torrent.files.map((file) => join(torrent.dataDirectory, file))
  if (typeof plan.content === 'number') return { ...torrent, payloadFile: paths[0]! }
  const payloadFile = join(plan.directory, `${plan.name}.payload`)
  for (const path of paths)
    await pipeline(createReadStream(path), createWriteStream(payloadFile, { flags: 'a' }))
  return { ...torrent, payloadFile }
}

export interface RepeatedPlan extends Omit<TorrentPlan, 'content'> {
  /** What is made, in whole pieces. */
  readonly unitBytes: number
  readonly repeats: number
}

/** A torrent larger than what is kept of it: one random unit again and again. */
export function makeRepeatedTorrent(plan: RepeatedPlan): BenchTorrent {
  const unit = makeBigTorrent({ ...plan, content: plan.unitBytes })
  const totalBytes = plan.unitBytes * plan.repeats
  const pieceHashes = Buffer.concat(Array.from({ length: plan.repeats }, () => unit.pieceHashes))
  return {
    ...unit,
    ...writeTorrentFiles(plan, singleFileInfo(plan, totalBytes, pieceHashes)),
    totalBytes,
    pieceHashes,
    payloadFile: join(unit.dataDirectory, unit.files[0]!),
  }
}

export interface MetadataPlan extends Omit<TorrentPlan, 'content'> {
  readonly totalBytes: number
}

/** The metadata of a torrent of any size, whose hashes fit nothing; of its payload there is one piece of zeros. */
export function makeMetadataOnly(plan: MetadataPlan): BenchTorrent {
  const { directory, name, totalBytes, pieceLength } = plan
  const pieceHashes = randomBytes(20 * Math.ceil(totalBytes / pieceLength))
  const payloadFile = join(directory, name)
  writeFileSync(payloadFile, '')
  truncateSync(payloadFile, pieceLength)
  return {
    ...writeTorrentFiles(plan, singleFileInfo(plan, totalBytes, pieceHashes)),
    ...{ name, totalBytes, pieceLength, pieceHashes, payloadFile },
    dataDirectory: directory,
    files: [name],
  }
}

function singleFileInfo(
  { name, pieceLength }: Pick<TorrentPlan, 'name' | 'pieceLength'>,
  totalBytes: number,
  pieceHashes: Buffer,
): Buffer {
  return encodeRaw({ length: totalBytes, name, 'piece length': pieceLength, pieces: pieceHashes })
}

const COMPARE_BYTES = 1 << 20

/** Where a download first differs from the payload, byte for byte; undefined: nowhere. */
export function outputDifference(torrent: BenchTorrent, directory: string): string | undefined {
  const payload = openSync(torrent.payloadFile, 'r')
  const payloadBytes = statSync(torrent.payloadFile).size
  let position = 0
  try {
    for (const file of torrent.files) {
      const length = statSync(join(directory, file)).size
      const same = hasSameBytes(join(directory, file), payload, { position, length, payloadBytes })
      if (!same) return `${file} is not what was sent`
      position += length
    }
  } catch (error) {
    return String(error)
  } finally {
    closeSync(payload)
  }
  return position === torrent.totalBytes ? undefined : `${position} bytes of ${torrent.totalBytes}`
}

interface Stretch {
  /** Of the file's first byte in the torrent. */
  readonly position: number
  readonly length: number
  readonly payloadBytes: number
}

const [ours, theirs] = [Buffer.alloc(COMPARE_BYTES), Buffer.alloc(COMPARE_BYTES)]

function hasSameBytes(path: string, payload: number, { position, length, payloadBytes }: Stretch): boolean {
  const file = openSync(path, 'r')
  try {
    for (let at = 0; at < length;) {
      const place = (position + at) % payloadBytes
      const count = Math.min(COMPARE_BYTES, length - at, payloadBytes - place)
      if (readSync(file, ours, 0, count, at) !== count) return false
      if (readSync(payload, theirs, 0, count, place) !== count) return false
      if (ours.compare(theirs, 0, count, 0, count) !== 0) return false
      at += count
    }
    return true
  } finally {
    closeSync(file)
  }
}
