/**
 * Verified pieces -> the files they belong to. At once when nothing has to be waited for; a piece of very many files gives
 * other work its turn, a full disk may be waited for (disk-wait.ts), and files that have all their bytes are looked at,
 * synced if that was asked for, and get their final names.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { DataFiles } from './data-files.ts'
import type { DiskWait } from './disk-wait.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { PartsFile } from './parts-file.ts'
import type { ResumeFile } from './resume-file.ts'
import type { VerifyOptions } from './verify-file.ts'
import { StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { checkPiece, pieceStart } from '../metainfo/geometry.ts'
import { PieceBytes } from './cut-pieces.ts'
import { lengthOf } from './scatter.ts'
import { syncFiles, syncNames } from './sync-files.ts'
import { FILES_PER_TURN, otherWork, Turns } from './turns.ts'
import { isUntouched, verifyFile } from './verify-file.ts'

export interface PieceWriterOptions {
  readonly verifyOptions: VerifyOptions
  readonly paths: FilePaths
  readonly parts: PartsFile
  readonly resume: ResumeFile
  readonly space: DiskWait
  /** FileStorageOptions.syncs */
  readonly syncs: boolean
  /** The storage's: gets what was written. */
  readonly have: () => Bitfield
  /** Bytes of files that are no longer missing. */
  readonly onWritten: (bytes: number) => void
  /** @throws StorageError STORAGE_CLOSED */
  readonly assertOpen: () => void
}

/** Pieces that are being written, and the files that have all their bytes since. */
interface WritingPieces {
  readonly first: PieceIndex
  readonly pieces: readonly Buffer[]
  readonly finished: number[]
}

export class PieceWriter {
  readonly #options: PieceWriterOptions
  readonly #metainfo: Metainfo
  readonly #table: FileTable
  readonly #files: DataFiles

  constructor(options: PieceWriterOptions) {
    this.#options = options
    this.#metainfo = options.verifyOptions.metainfo
    this.#table = options.verifyOptions.table
    this.#files = options.verifyOptions.files
  }

  /** As Storage.writePieces. */
  write(first: PieceIndex, pieces: readonly Buffer[]): readonly number[] | Promise<readonly number[]> {
    return this.#begin({ first, pieces, finished: [] })
  }

  #begin(run: WritingPieces): readonly number[] | Promise<readonly number[]> {
    const writing = this.#steps(run)
    try {
      if (writing.next().done !== true) return this.#goOn(run, writing)
    } catch (error) {
      if (!this.#options.space.canWaitFor(error)) throw error
      return this.#whenRoom(run, error)
    }
    return run.finished.length === 0 ? run.finished : this.#finish(run)
  }

  /** Yields when other work should have its turn. May be begun anew when it failed. */
  *#steps({ first, pieces, finished }: WritingPieces): Generator<undefined, void> {
    const turns = new Turns()
    const have = this.#options.have()
    for (let from = 0; from < pieces.length;) {
      let to = from
      while (to < pieces.length && !have.has(first + to)) to++
      if (to > from) yield* this.#writeRun(first + from, pieces.slice(from, to), { turns, finished })
      from = to + 1
    }
  }

  /** Neighbouring pieces that are missing. @param into its list gets the files that have all their bytes now */
  *#writeRun(
    first: number,
    pieces: readonly Buffer[],
    into: { readonly turns: Turns; readonly finished: number[] },
  ): Generator<undefined, void> {
    const { files, geometry } = this.#metainfo
    const bytes = new PieceBytes(pieces)
    const have = this.#options.have()
    const realSpans: FileSpan[] = []
    if (this.#table.isSelection) this.#keepForParts(first, pieces)
    for (const span of fileSpans(files, first * geometry.pieceBytes, lengthOf(pieces))) {
      if (into.turns.isOver()) yield
      const buffers = bytes.take(span.length)
      if (!this.#table.isWritten(span.file)) continue
      this.#writeSpan(span, buffers)
      realSpans.push(span)
    }
    for (let index = 0; index < pieces.length; index++) have.set(first + index)
    for (const span of realSpans) {
      this.#options.onWritten(span.length)
      const hasAll = this.#table.piecesArrived(span.file, this.#pieceCountOf(span))
      if (hasAll && this.#table.isWanted(span.file)) into.finished.push(span.file)
    }
  }

  /** Writing that gave other work its turn. */
  async #goOn(run: WritingPieces, writing: Generator<undefined, void>): Promise<readonly number[]> {
    try {
      do await this.#otherWork()
      while (writing.next().done !== true)
    } catch (error) {
      if (!this.#options.space.canWaitFor(error)) throw error
      return this.#whenRoom(run, error)
    }
    return this.#finish(run)
  }

  /** Once more from the start, when there may be room again. @param error of the full disk */
  async #whenRoom(run: WritingPieces, error: StorageError): Promise<readonly number[]> {
    const { space } = this.#options
    await space.wait(error)
    this.#options.assertOpen()
    const finished = await this.#begin(run)
    space.onWritten()
    return finished
  }

  /** The pieces are written: files that have all their bytes now are looked at and named. */
  async #finish({ finished }: WritingPieces): Promise<readonly number[]> {
    for (let at = 0; at < finished.length; at += FILES_PER_TURN) {
      if (at > 0) await this.#otherWork()
      await this.#finishFiles(finished.slice(at, at + FILES_PER_TURN))
    }
    return finished
  }

  /** Before the files: killed between the two, the piece is found there and goes on into them. */
  #keepForParts(first: number, pieces: readonly Buffer[]): void {
    const { files, geometry } = this.#metainfo
    for (const [index, bytes] of pieces.entries()) {
      const piece = checkPiece(geometry, first + index)
      if (piece === undefined || !this.#table.isForParts(piece)) continue
      this.#options.parts.put(piece, bytes)
      for (const { file } of fileSpans(files, pieceStart(geometry, piece), bytes.length)) {
        const isThere = this.#table.isReal(file) && this.#table.place(file) !== 'absent'
        // The record must not say that this file has the piece.
        if (isThere && !this.#table.isWritten(file)) this.#table.setSuspect(file, true)
      }
    }
  }

  #writeSpan({ file, offset }: FileSpan, buffers: readonly Buffer[]): void {
    if (this.#table.place(file) !== 'adopted') {
      this.#files.write(file, offset, buffers)
      return
    }
    let at = offset
    for (const buffer of buffers) {
      if (!this.#files.holds(file, at, buffer)) {
        const piece = this.#pieceAt(file, at)
        const message = `${this.#files.shown(file)} is in the way: a different file, piece ${piece} does not match`
        throw new StorageError('FILE_IN_THE_WAY', `${message} (--force replaces what does not)`)
      }
      at += buffer.length
    }
  }

  #pieceCountOf({ file, offset, length }: FileSpan): number {
    return this.#pieceAt(file, offset + length - 1) - this.#pieceAt(file, offset) + 1
  }

  /** The piece that this byte of the file lies in. */
  #pieceAt(file: number, offset: number): number {
    const { files, geometry } = this.#metainfo
    return Math.floor(((files[file]?.start ?? 0) + offset) / geometry.pieceBytes)
  }

  /** Their last pieces were written. */
  async #finishFiles(files: readonly number[]): Promise<void> {
    const ours = files.filter((file) => this.#table.place(file) !== 'adopted')
    for (const file of ours) {
      if (isUntouched(this.#options.verifyOptions, file)) continue
      await verifyFile(this.#options.verifyOptions, file)
      this.#options.assertOpen()
    }
    const { syncs, space, paths } = this.#options
    if (syncs) {
      await syncFiles(this.#files, this.#table, ours)
      this.#options.assertOpen()
    }
    await space.retry(() => {
      this.#nameFiles(ours)
    })
    if (syncs) await syncNames(this.#files, paths, ours)
  }

  /** Gives them their final names. May be begun anew when it failed. */
  #nameFiles(files: readonly number[]): void {
    const parts = files.filter((file) => this.#table.place(file) === 'part')
    if (parts.length === 0) return
    this.#files.withSpareDescriptor(() => {
      this.#options.resume.appendFinal(parts)
    })
    for (const file of parts) this.#files.move(file, 'final')
  }

  /** For the pauses of a long piece: `close` may have come meanwhile. */
  async #otherWork(): Promise<void> {
    await otherWork()
    this.#options.assertOpen()
  }
}
