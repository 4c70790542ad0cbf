/** A torrent's bytes in memory: for tests and simulations. */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { CheckProgress, Storage } from './storage.ts'
import { Bitfield } from '../common/bitfield.ts'
import { StorageError } from '../common/errors.ts'
import { piecesOfFile } from '../metainfo/file-layout.ts'
import { checkPiece, pieceIndices, pieceStart } from '../metainfo/geometry.ts'
import { recheck } from './recheck.ts'

export interface MemoryStorageOptions {
  readonly metainfo: Metainfo
  /** What is there already: the whole torrent's bytes, right or not. Taken over, not copied. */
  readonly data?: Buffer
}

export class MemoryStorage implements Storage {
  readonly #metainfo: Metainfo
  readonly #data: Buffer
  readonly #have: Bitfield
  readonly #hasInitialData: boolean

  constructor({ metainfo, data }: MemoryStorageOptions) {
    this.#metainfo = metainfo
    this.#data = data ?? Buffer.alloc(metainfo.geometry.totalBytes)
    this.#hasInitialData = data !== undefined
    this.#have = new Bitfield(metainfo.geometry.pieceCount)
  }

  async open(progress: CheckProgress): Promise<Bitfield> {
    progress.signal.throwIfAborted()
    const metainfo = this.#metainfo
    await recheck({
      metainfo,
      pieces: this.#hasInitialData ? [...pieceIndices(metainfo.geometry)] : [],
      read: async (start, into) => {
        this.#data.copy(into, 0, start)
        return Promise.resolve()
      },
      onPiece: (piece, isRight) => {
        if (isRight) this.#have.set(piece)
      },
      onProgress: (checkedBytes, totalBytes) => {
        progress.onChecked(checkedBytes, totalBytes)
      },
      signal: progress.signal,
    })
    for (const file of this.#wholeFiles()) progress.onFileWhole(file)
    const copy = new Bitfield(this.#have.length)
    for (const piece of this.#have.indices()) copy.set(piece)
    return copy
  }

  writePieces(first: PieceIndex, pieces: readonly Buffer[]): readonly number[] {
    const wholeBefore = new Set(this.#wholeFiles())
    let at = pieceStart(this.#metainfo.geometry, first)
    for (const [index, bytes] of pieces.entries()) {
      at += bytes.copy(this.#data, at)
      this.#have.set(first + index)
    }
    return [...this.#wholeFiles()].filter((file) => !wholeBefore.has(file))
  }

  async read(start: number, ...into: Buffer[]): Promise<void> {
    const { pieceBytes } = this.#metainfo.geometry
    const end = start + into.reduce((sum, { length }) => sum + length, 0)
    for (let at = start - (start % pieceBytes); at < end; at += pieceBytes) {
      const piece = checkPiece(this.#metainfo.geometry, at / pieceBytes)
      if (piece === undefined || !this.#have.has(piece)) {
        return Promise.reject(
          new StorageError('DISK_SHORT', `cannot read memory: no piece ${at / pieceBytes}`),
        )
      }
    }
    let from = start
    for (const part of into) from += this.#data.copy(part, 0, from)
    return Promise.resolve()
  }

  async confirm(): Promise<void> {
    return Promise.resolve()
  }

  async save(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    return Promise.resolve()
  }

  *#wholeFiles(): Generator<number> {
    for (const [index, file] of this.#metainfo.files.entries()) {
      if (file.isPadding || file.isSymlink) continue
      const range = piecesOfFile(this.#metainfo.geometry, file)
      const missing = this.#have.firstMissing(range?.first ?? 0)
      if (range === undefined || missing === undefined || missing > range.last) yield index
    }
  }
}
