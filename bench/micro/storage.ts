/** Verified pieces to files: hash and write, as the engine does for each piece, in memory if there is some. */
import { mkdtempSync, rmSync, existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import type { PieceIndex } from '../../src/metainfo/geometry.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import { matches, sha1 } from '../../src/storage/hasher.ts'
import { encodeRaw } from '../../test/support/bencode-raw.ts'
import { gibPerSecond } from './micro-bench.ts'
import type { MicroBench, MicroFigure } from './micro-bench.ts'

const TOTAL_BYTES = 128 * 2 ** 20
const SMALL_FILES = 2_000
const SMALL_PIECE_KIB = 256

interface Layout {
  readonly name: string
  readonly pieceBytes: number
  readonly hasManyFiles?: boolean
}

const LAYOUTS: readonly Layout[] = [
  { name: 'one file, pieces of 16 KiB', pieceBytes: 16 * 1024 },
  { name: 'one file, pieces of 256 KiB', pieceBytes: 256 * 1024 },
  { name: 'one file, pieces of 4 MiB', pieceBytes: 4096 * 1024 },
  {
    name: `${SMALL_FILES} files, pieces of ${SMALL_PIECE_KIB} KiB`,
    pieceBytes: SMALL_PIECE_KIB * 1024,
    hasManyFiles: true,
  },
]

function metainfoOf({ pieceBytes, hasManyFiles }: Layout, piece: Buffer): Metainfo {
  const pieces = Buffer.concat(Array.from({ length: TOTAL_BYTES / pieceBytes }, () => sha1(piece)))
  const ends = Array.from({ length: SMALL_FILES + 1 }, (_, i) => Math.floor((i * TOTAL_BYTES) / SMALL_FILES))
  const files = ends
    .slice(1)
    .map((end, i) => ({ length: end - ends[i]!, path: [`folder-${i % 20}`, `file-${i}`] }))
  const content = hasManyFiles === true ? { files } : { length: TOTAL_BYTES }
  const info = { ...content, name: 'bench', 'piece length': pieceBytes, pieces }
  return readTorrentFile(encodeRaw({ announce: 'http://127.0.0.1:1/announce', info }))
}

async function writeRate(layout: Layout): Promise<number> {
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'torrent-dl-micro-'))
  const bytes = Buffer.alloc(layout.pieceBytes, 7)
  const metainfo = metainfoOf(layout, bytes)
  const storage = new FileStorage({
    ...{ metainfo, outputDirectory: join(directory, 'out'), stateDirectory: join(directory, 'state') },
    ...{ usePartFiles: true, force: false, log: () => undefined },
  })
  const ignore = (): void => undefined
  try {
    const { signal } = new AbortController()
    await storage.open({ onChecked: ignore, onFileWhole: ignore, onNotice: ignore, signal })
    const beganAtMs = performance.now()
    for (let piece = 0; piece < TOTAL_BYTES / layout.pieceBytes; piece++) {
      if (!matches(bytes, metainfo.pieceHashes, piece)) throw new Error('a hash does not match')
      await storage.writePieces(piece as PieceIndex, [bytes])
    }
    return gibPerSecond(TOTAL_BYTES, beganAtMs)
  } finally {
    await storage.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

export const micro: MicroBench = {
  name: 'storage: hash and write',
  unit: 'GiB/s',
  better: 'high',
  async measure() {
    const figures: MicroFigure[] = []
    for (const layout of LAYOUTS) figures.push({ name: layout.name, value: await writeRate(layout) })
    return figures
  },
}
