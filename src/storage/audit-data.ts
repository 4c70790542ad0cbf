/**
 * What lies on disk against the torrent: every piece that is wholly there is hashed, whatever was recorded of it.
 * Nothing is changed. Where a file cannot be read the others are checked all the same.
 *
 * A piece that reaches into files that are not there, or were not chosen, may wait outside (parts-file.ts). Then it is
 * good when it is right there and the chosen files that are there have the same bytes.
 */
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { FoundFile, StoredFilesOptions } from './stored-files.ts'
import type { PieceState } from './audit.ts'
import { Bitfield } from '../common/bitfield.ts'
import { StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { pieceIndices, pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { Audit, PIECE_STATES } from './audit.ts'
import { recheck } from './recheck.ts'
import { StoredFiles } from './stored-files.ts'
import { otherWork, Turns } from './turns.ts'

export interface AuditOptions extends StoredFilesOptions {
  /** Now and then while hashing. */
  readonly onProgress: (checkedBytes: number, totalBytes: number) => void
  readonly signal: AbortSignal
}

/** @throws StorageError when the output directory is none, or not to be looked into; the signal's reason */
export async function auditData(options: AuditOptions): Promise<Audit> {
  const run = new AuditRun(options)
  try {
    return await run.finish()
  } finally {
    run.close()
  }
}

class AuditRun {
  readonly #options: AuditOptions
  readonly #stored: StoredFiles
  /** All but those that are absent. */
  readonly #found = new Map<number, FoundFile>()
  readonly #pieces: Uint8Array
  /** Some of their bytes could not be read. */
  readonly #unreadable: Bitfield
  readonly #errors = new Map<number, StorageError>()

  constructor(options: AuditOptions) {
    const { pieceCount } = options.metainfo.geometry
    this.#options = options
    this.#stored = new StoredFiles(options)
    this.#pieces = new Uint8Array(pieceCount)
    this.#unreadable = new Bitfield(pieceCount)
  }

  async finish(): Promise<Audit> {
    const isRootThere = this.#stored.isRootThere()
    await this.#findFiles()
    await this.#findParts()
    await this.#hash(this.#sortPieces())
    await this.#confirm()
    const [found, pieces, errors] = [this.#found, this.#pieces, this.#errors]
    const { table, paths } = this.#stored
    const { metainfo } = this.#options
    return new Audit({ metainfo, table, paths, found, pieces, errors, isRootThere })
  }

  close(): void {
    this.#stored.close()
  }

  async #findFiles(): Promise<void> {
    const turns = new Turns()
    for (const [file] of this.#stored.table.realFiles()) {
      const found = this.#stored.find(file)
      if (found.place !== 'absent') this.#found.set(file, found)
      await this.#takeTurns(turns)
    }
  }

  /** Those that are not right are forgotten. What cannot be read there is as good as not there. */
  async #findParts(): Promise<void> {
    const { metainfo, log, hashPool, signal } = this.#options
    const { parts } = this.#stored
    try {
      await this.#stored.findParts()
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      log('warn', 'storage', error.message)
      return
    }
    await recheck({
      ...{ metainfo, log, pool: hashPool, signal, pieces: parts.pieces() },
      read: async (start, into) => parts.readTorn(start, into),
      onPiece(piece, isRight) {
        if (!isRight) parts.forget(piece)
      },
    })
  }

  /** Settles what needs no hashing. @returns those that are wholly there */
  #sortPieces(): PieceIndex[] {
    const { metainfo } = this.#options
    const { table, parts } = this.#stored
    const toHash: PieceIndex[] = []
    for (const piece of pieceIndices(metainfo.geometry)) {
      if (!table.isWantedPiece(piece)) continue
      const spans = this.#realSpans(
        pieceStart(metainfo.geometry, piece),
        pieceLength(metainfo.geometry, piece),
      )
      const isThere = spans.every((span) => this.#holds(span))
      const isPlain = isThere && spans.every(({ file }) => table.isWanted(file))
      if (!isPlain && parts.has(piece)) this.#set(piece, this.#compareWithParts(spans))
      else if (isThere) toHash.push(piece)
      else this.#set(piece, this.#touchesFault(spans) ? 'unreadable' : 'missing')
    }
    return toHash
  }

  async #hash(pieces: readonly PieceIndex[]): Promise<void> {
    const { metainfo, onProgress, signal } = this.#options
    const { source } = this.#stored
    await recheck({
      ...source,
      ...{ metainfo, pieces, onProgress, signal },
      read: async (start, into) => {
        try {
          await source.read(start, into)
        } catch (error) {
          if (!(error instanceof StorageError)) throw error
          await this.#readEach(start, into)
        }
      },
      onPiece: (piece, isRight) => {
        this.#set(piece, this.#verdict(piece, isRight))
      },
    })
  }

  /** File by file, to see which one cannot be read; zeros stand for its bytes. */
  async #readEach(start: number, into: Buffer): Promise<void> {
    let at = 0
    for (const span of fileSpans(this.#options.metainfo.files, start, into.length)) {
      const bytes = into.subarray(at, at + span.length)
      try {
        await this.#stored.source.read(start + at, bytes)
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        this.#setError(span.file, error)
        this.#setUnreadable(start + at, span.length)
        bytes.fill(0)
      }
      at += span.length
    }
  }

  /** Hashing takes time: is every file still what was hashed? */
  async #confirm(): Promise<void> {
    const { files, table } = this.#stored
    const turns = new Turns()
    for (const [file] of table.wantedFiles()) {
      await this.#takeTurns(turns)
      if (table.place(file) === 'absent' || this.#errors.has(file)) continue
      try {
        if (!files.isAsKnown(file)) this.#setError(file, files.changed(file, 'changed'))
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        this.#setError(file, error)
      }
    }
  }

  #verdict(piece: PieceIndex, isRight: boolean): PieceState {
    if (this.#unreadable.has(piece)) return 'unreadable'
    if (isRight) return 'good'
    const { geometry } = this.#options.metainfo
    const spans = this.#realSpans(pieceStart(geometry, piece), pieceLength(geometry, piece))
    // Of one that reaches into an unfinished file nobody can say which file's bytes are wrong.
    return spans.some(({ file }) => this.#stored.table.place(file) === 'part') ? 'missing' : 'bad'
  }

  /** The piece is right where it waits: are the same bytes in the chosen files that are there? */
  #compareWithParts(spans: readonly FileSpan[]): PieceState {
    const { table, parts } = this.#stored
    let state: PieceState = 'good'
    for (const span of spans) {
      const { file } = span
      if (!table.isWanted(file) || table.place(file) === 'absent') continue
      try {
        if (parts.holdsSameAs(span)) continue
      } catch (error) {
        if (!(error instanceof StorageError)) throw error
        this.#setError(file, error)
        return 'unreadable'
      }
      if (table.place(file) === 'adopted') return 'bad'
      state = 'missing'
    }
    return state
  }

  #holds({ file, offset, length }: FileSpan): boolean {
    const found = this.#found.get(file)
    return found !== undefined && 'sizeBytes' in found && found.sizeBytes >= offset + length
  }

  #touchesFault(spans: readonly FileSpan[]): boolean {
    return spans.some(({ file }) => {
      const found = this.#found.get(file)
      return found?.place === 'fault' && found.fault.kind === 'unreadable'
    })
  }

  #realSpans(start: number, length: number): FileSpan[] {
    const spans = fileSpans(this.#options.metainfo.files, start, length)
    return spans.filter(({ file }) => this.#stored.table.isReal(file))
  }

  #set(piece: PieceIndex, state: PieceState): void {
    this.#pieces[piece] = PIECE_STATES.indexOf(state)
  }

  #setUnreadable(start: number, length: number): void {
    const { pieceBytes } = this.#options.metainfo.geometry
    const last = Math.floor((start + length - 1) / pieceBytes)
    for (let piece = Math.floor(start / pieceBytes); piece <= last; piece++) this.#unreadable.set(piece)
  }

  /** The first one tells most. */
  #setError(file: number, error: StorageError): void {
    if (!this.#errors.has(file)) this.#errors.set(file, error)
  }

  async #takeTurns(turns: Turns): Promise<void> {
    if (!turns.isOver()) return
    await otherWork()
    this.#options.signal.throwIfAborted()
  }
}
