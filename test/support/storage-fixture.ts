/** Temporary directories and the small things that storage tests need. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Bitfield } from '../../src/common/bitfield.ts'
import { silentLog } from '../../src/common/log.ts'
import type { PieceIndex } from '../../src/metainfo/geometry.ts'
import { pieceIndices, pieceLength, pieceStart } from '../../src/metainfo/geometry.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { FileStorage } from '../../src/storage/file-storage.ts'
import type { FileStorageOptions } from '../../src/storage/file-storage-options.ts'
import type { CheckProgress, Storage } from '../../src/storage/storage.ts'
import type { MadeTorrent } from './make-torrent.ts'

/** A new directory, removed after the test. */
export async function temporaryDirectory(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'torrent-dl-test-'))
  context.after(async () => rm(path, { recursive: true, force: true }))
  return path
}

/** What a storage told about its check. */
export class CheckRecorder implements CheckProgress {
  readonly wholeFiles: number[] = []
  readonly notices: string[] = []
  /** Bytes hashed. */
  checkedBytes = 0
  readonly signal: AbortSignal

  constructor(signal: AbortSignal = new AbortController().signal) {
    this.signal = signal
  }

  onChecked(checkedBytes: number): void {
    this.checkedBytes = checkedBytes
  }

  onFileWhole(file: number): void {
    this.wholeFiles.push(file)
  }

  onNotice(message: string): void {
    this.notices.push(message)
  }
}

/** One download's place on disk: output and state directory below `root`. */
export class StorageSite {
  readonly output: string
  readonly state: string
  readonly torrent: MadeTorrent

  constructor(root: string, torrent: MadeTorrent) {
    this.output = join(root, 'out')
    this.state = join(root, 'state')
    this.torrent = torrent
  }

  storage(options: Partial<FileStorageOptions> = {}): FileStorage {
    return new FileStorage({
      metainfo: this.torrent.metainfo,
      outputDirectory: this.output,
      shownDirectory: 'out',
      stateDirectory: this.state,
      usePartFiles: true,
      force: false,
      log: silentLog,
      bootId: () => 'this boot',
      ...options,
    })
  }

  /** Opens a storage, lets `use` work with it, and closes it. */
  async run(
    use: (opened: { storage: FileStorage; have: Bitfield; check: CheckRecorder }) => Promise<void> | void,
    options: Partial<FileStorageOptions> = {},
  ): Promise<void> {
    const storage = this.storage(options)
    const check = new CheckRecorder()
    const have = await storage.open(check)
    try {
      await use({ storage, have, check })
    } finally {
      await storage.close()
    }
  }

  path(...elements: string[]): string {
    return join(this.output, ...elements)
  }

  /** Every file below the output directory, sorted, with its bytes. */
  async tree(): Promise<Map<string, Buffer>> {
    const entries = await readdir(this.output, { recursive: true, withFileTypes: true })
    const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const tree = new Map<string, Buffer>()
    for (const path of paths.sort()) tree.set(path.slice(this.output.length + 1), await readFile(path))
    return tree
  }

  async names(): Promise<string[]> {
    return [...(await this.tree()).keys()]
  }
}

export function pieceBytesOf({ metainfo, data }: MadeTorrent, piece: PieceIndex): Buffer {
  const start = pieceStart(metainfo.geometry, piece)
  return data.subarray(start, start + pieceLength(metainfo.geometry, piece))
}

/** Writes these pieces; all by default. @returns the files that became whole, in order */
export async function writePieces(
  storage: Storage,
  torrent: MadeTorrent,
  pieces?: number[],
): Promise<number[]> {
  const whole: number[] = []
  for (const piece of piecesOf(torrent.metainfo, pieces)) {
    whole.push(...(await storage.writePieces(piece, [Buffer.from(pieceBytesOf(torrent, piece))])))
  }
  return whole
}

export function piecesOf(metainfo: Metainfo, pieces?: number[]): PieceIndex[] {
  const all = [...pieceIndices(metainfo.geometry)]
  return pieces === undefined ? all : pieces.map((piece) => all[piece]!)
}

export function countTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index)
}
