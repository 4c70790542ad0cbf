/**
 * Verified pieces to files: hash and write, as the engine does for each piece, and the last look at all of them; in
 * memory if there is some.
 */
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
/** Of 22 KB, as in W2. */
const SMALL_FILES = 6_000
const FOLDERS = 100
const SMALL_PIECE_KIB = 256

interface Layout {
  readonly name: string
  readonly pieceBytes: number
  readonly hasManyFiles?: boolean
  /** Pieces that are handed over at a time. */
  readonly together?: number
}

const LAYOUTS: readonly Layout[] = [
  { name: 'one file, pieces of 16 KiB', pieceBytes: 16 * 1024 },
  { name: 'one file, pieces of 16 KiB, 16 at a time', pieceBytes: 16 * 1024, together: 16 },
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
    .map((end, i) => ({ length: end - ends[i]!, path: [`folder-${i % FOLDERS}`, `file-${i}`] }))
  const content = hasManyFiles === true ? { files } : { length: TOTAL_BYTES }
  const info = { ...content, name: 'bench', 'piece length': pieceBytes, pieces }
  return readTorrentFile(encodeRaw({ announce: 'http://127.0.0.1:1/announce', info }))
}

async function writeRate({ together = 1, ...layout }: Layout): Promise<number> {
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
    const run = Array<Buffer>(together).fill(bytes)
    for (let first = 0; first < metainfo.geometry.pieceCount; first += together) {
      const isRight = run.every((piece, index) => matches(piece, metainfo.pieceHashes, first + index))
      if (!isRight) throw new Error('a hash does not match')
      await storage.writePieces(first as PieceIndex, run)
    }
    await storage.confirm()
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
