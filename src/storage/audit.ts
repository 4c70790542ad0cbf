/** What a look at a torrent's data found: the state of each piece and of each file. Pure; audit-data.ts makes it. */
import type { StorageError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { FoundFile } from './stored-files.ts'
import { piecesOfFile } from '../metainfo/file-layout.ts'

/**
 * - `unasked`: holds no byte of a chosen file
 * - `good`, `bad`: its bytes are there, and are right or wrong
 * - `missing`: not all of its bytes are there, or they are in an unfinished file and not right yet
 * - `unreadable`: its bytes are there, but the system does not give them
 */
export const PIECE_STATES = ['unasked', 'good', 'bad', 'missing', 'unreadable'] as const
export type PieceState = (typeof PIECE_STATES)[number]

/**
 * - `good`: every byte is right
 * - `bad`: its size is right, its bytes are not
 * - `wrong-size`
 * - `not-a-file`: something else has its name, or the name of one of its directories
 * - `unreadable`: the system does not give (some of) its bytes, or it was changed meanwhile
 * - `missing`
 * - `unfinished`: only its .part file is there
 * - `unchecked`: nothing wrong was found, but some of its pieces reach into files that are not there, or cannot be read
 */
export type FileState =
  'good' | 'bad' | 'wrong-size' | 'not-a-file' | 'unreadable' | 'missing' | 'unfinished' | 'unchecked'

export type PieceCounts = Record<Exclude<PieceState, 'unasked'>, number>

/** Pieces, or bytes of a file; both ends belong to it. */
export interface Range {
  readonly first: number
  readonly last: number
}

export interface FileReport {
  /** Index into the torrent's files. */
  readonly file: number
  readonly state: FileState
  /** On disk, under its final name or, unfinished, its part name. */
  readonly sizeBytes: number | undefined
  readonly pieces: PieceCounts
  /** Why it is not a file, or cannot be read. */
  readonly error: StorageError | undefined
}

export interface AuditParts {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly paths: FilePaths
  /** Files that are not in it are absent. */
  readonly found: ReadonlyMap<number, FoundFile>
  /** An index into PIECE_STATES for each piece. */
  readonly pieces: Uint8Array
  /** Found while reading. */
  readonly errors: ReadonlyMap<number, StorageError>
  readonly isRootThere: boolean
}

export class Audit {
  /** Is there an output directory at all? */
  readonly isRootThere: boolean
  readonly #parts: AuditParts

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.isRootThere = parts.isRootThere
  }

  /** Those that are asked for. */
  get pieces(): PieceCounts {
    return this.#count(0, this.#parts.pieces.length - 1)
  }

  /** Of each chosen file, in order. Made one by one: a torrent may have a million. */
  *files(): Generator<FileReport> {
    for (const [file] of this.#parts.table.wantedFiles()) yield this.#report(file)
  }

  /** Where a file lies, or would, as the user wrote the output directory. */
  shown(file: number, form: 'final' | 'part' = 'final'): string {
    return this.#parts.paths.shown(file, form)
  }

  /** Absolute paths of the unfinished files. */
  *partPaths(): Generator<string> {
    for (const [file, { place }] of this.#parts.found)
      if (place === 'part') yield this.#parts.paths.partPath(file)
  }

  /** Runs of bad pieces of a file. */
  badPieces(file: number): Range[] {
    const range = this.#piecesOf(file)
    const runs: Range[] = []
    let first: number | undefined
    for (let piece = range.first; piece <= range.last + 1; piece++) {
      const isBad = piece <= range.last && this.#state(piece) === 'bad'
      if (isBad) first ??= piece
      else if (first !== undefined) {
        runs.push({ first, last: piece - 1 })
        first = undefined
      }
    }
    return runs
  }

  /** The same as bytes of the file. */
  badBytes(file: number): Range[] {
    const { files, geometry } = this.#parts.metainfo
    const { start = 0, lengthBytes = 0 } = files[file] ?? {}
    return this.badPieces(file).map(({ first, last }) => ({
      first: Math.max(0, first * geometry.pieceBytes - start),
      last: Math.min(lengthBytes, (last + 1) * geometry.pieceBytes - start) - 1,
    }))
  }

  #report(file: number): FileReport {
    const { found, errors, table } = this.#parts
    const what = found.get(file) ?? { place: 'absent' }
    const { first, last } = this.#piecesOf(file)
    const pieces = this.#count(first, last)
    const error = what.place === 'fault' ? what.fault.error : errors.get(file)
    const sizeBytes = 'sizeBytes' in what ? what.sizeBytes : undefined
    const isWrongSize = sizeBytes !== table.lengthOf(file)
    return { file, state: stateOf(what, pieces, { isWrongSize, error }), sizeBytes, pieces, error }
  }

  #count(first: number, last: number): PieceCounts {
    const counts = { unasked: 0, good: 0, bad: 0, missing: 0, unreadable: 0 }
    for (let piece = first; piece <= last; piece++) counts[this.#state(piece)]++
    const { good, bad, missing, unreadable } = counts
    return { good, bad, missing, unreadable }
  }

  #state(piece: number): PieceState {
    return PIECE_STATES[this.#parts.pieces[piece] ?? 0] ?? 'unasked'
  }

  #piecesOf(file: number): Range {
    const { files, geometry } = this.#parts.metainfo
    const entry = files[file]
    return (entry && piecesOfFile(geometry, entry)) ?? { first: 0, last: -1 }
  }
}

function stateOf(
  found: FoundFile,
  pieces: PieceCounts,
  { isWrongSize, error }: { readonly isWrongSize: boolean; readonly error: StorageError | undefined },
): FileState {
  if (found.place === 'fault') return found.fault.kind
  if (found.place === 'absent') return 'missing'
  if (error !== undefined) return 'unreadable'
  if (found.place === 'part') return 'unfinished'
  if (isWrongSize) return 'wrong-size'
  if (pieces.bad > 0) return 'bad'
  return pieces.missing + pieces.unreadable > 0 ? 'unchecked' : 'good'
}
