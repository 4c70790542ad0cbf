/**
 * What we know of each file of one torrent. Typed arrays, because a torrent may have a million files; text only for
 * files that exist.
 */
import type { FileEntry, Metainfo } from '../metainfo/metainfo.ts'
import type { BigIntStats } from 'node:fs'
import type { Bitfield } from '../common/bitfield.ts'
import type { FileIdentity } from './file-identity.ts'
import { fileSpans, piecesOfFile } from '../metainfo/file-layout.ts'
import { wantedPieces } from '../metainfo/file-selection.ts'
import { Identities } from './file-identity.ts'

/**
 * - `absent`: not made yet
 * - `part`, `final`: ours, under that name
 * - `adopted`: under its final name, made by somebody else: compared, never written
 */
export type FilePlace = 'absent' | 'part' | 'final' | 'adopted'

const PLACES: readonly FilePlace[] = ['absent', 'part', 'final', 'adopted']

export class FileTable {
  /** The number that the parts file goes by (parts-file.ts): one more than the torrent's last file. */
  readonly partsFile: number
  readonly #files: readonly FileEntry[]
  readonly #metainfo: Metainfo
  readonly #places: Uint8Array
  readonly #missingPieces: Uint32Array
  /**
   * Which file on disk each is, and how it looked when its pieces were last known to be in it: after our latest write,
   * or when they were hashed. Of files that are not absent.
   */
  readonly #identities: Identities
  /** Their identity holds, but no record has it yet, or it was too fresh to be recorded. */
  readonly #unrecorded = new Set<number>()
  /** Those of them that were not looked at under their name since we changed them. */
  readonly #unseen = new Set<number>()
  /** Something other than us changed them since their pieces were hashed. */
  readonly #suspect = new Set<number>()

  /** Grows with everything that a resume record would say otherwise. */
  #changeCount = 0
  readonly #wantedFiles: Bitfield | undefined
  readonly #wantedPieces: Bitfield | undefined

  /** @param wantedFiles undefined: all */
  constructor(metainfo: Metainfo, wantedFiles?: Bitfield) {
    this.#metainfo = metainfo
    this.#files = metainfo.files
    this.#wantedFiles = wantedFiles
    this.#wantedPieces = wantedFiles === undefined ? undefined : wantedPieces(metainfo, wantedFiles)
    this.partsFile = metainfo.files.length
    this.#places = new Uint8Array(metainfo.files.length + 1)
    this.#missingPieces = new Uint32Array(metainfo.files.length + 1)
    this.#missingPieces[this.partsFile] = 1 // never whole: always to be written
    this.#identities = new Identities(metainfo.files.length + 1)
  }

  /** Were only some files chosen? */
  get isSelection(): boolean {
    return this.#wantedFiles !== undefined
  }

  isWanted(file: number): boolean {
    return this.isReal(file) && (this.#wantedFiles === undefined || this.#wantedFiles.has(file))
  }

  /** Does it hold bytes of a wanted file? */
  isWantedPiece(piece: number): boolean {
    return this.#wantedPieces === undefined || this.#wantedPieces.has(piece)
  }

  /**
   * Do its bytes of a piece go into the file itself? Else, if it is real, the whole piece goes to the parts file. What an
   * earlier run began goes on; what lies under its final name may have been changed by its owner.
   */
  isWritten(file: number): boolean {
    return this.isWanted(file) || (this.isReal(file) && this.place(file) === 'part')
  }

  /** Has it bytes that go into no file? O(files of the piece). */
  isForParts(piece: number): boolean {
    if (this.#wantedFiles === undefined) return false
    const { geometry } = this.#metainfo
    const start = piece * geometry.pieceBytes
    const length = Math.min(geometry.pieceBytes, geometry.totalBytes - start)
    return fileSpans(this.#files, start, length).some(
      ({ file }) => this.isReal(file) && !this.isWritten(file),
    )
  }

  /** Equal at two moments: between them nothing came that a resume record should know. */
  get changeCount(): number {
    return this.#changeCount
  }

  /** Files that exist on disk or shall: no padding, no symlinks. In order. */
  *realFiles(): Generator<readonly [file: number, entry: FileEntry]> {
    for (const [file, entry] of this.#files.entries()) if (isReal(entry)) yield [file, entry]
  }

  /** Those of them that were chosen. */
  *wantedFiles(): Generator<readonly [file: number, entry: FileEntry]> {
    for (const [file, entry] of this.realFiles()) if (this.isWanted(file)) yield [file, entry]
  }

  isReal(file: number): boolean {
    const entry = this.#files[file]
    return entry !== undefined && isReal(entry)
  }

  lengthOf(file: number): number {
    return this.#files[file]?.lengthBytes ?? 0
  }

  /** It is made with these rights, as far as the user's mask lets it. The parts file is ours alone, as records are. */
  modeOf(file: number): number {
    if (file === this.partsFile) return 0o600
    return this.#files[file]?.isExecutable === true ? 0o777 : 0o666
  }

  place(file: number): FilePlace {
    return PLACES[this.#places[file] ?? 0] ?? 'absent'
  }

  setPlace(file: number, place: FilePlace): void {
    this.#places[file] = PLACES.indexOf(place)
  }

  /** Does this file on disk look as it did when its pieces were last known to be in it? */
  isAsKnown(file: number, stat: BigIntStats): boolean {
    return this.#identities.isSame(file, stat)
  }

  /** Is this the file on disk that we know, whatever became of it? */
  isSameInode(file: number, stat: BigIntStats): boolean {
    return this.#identities.isSameInode(file, stat)
  }

  /** Could a change of the file now, at `stampNs`, not show? */
  isRacy(file: number, stampNs: bigint): boolean {
    return this.#identities.isRacy(file, stampNs)
  }

  /** For the record; undefined: it must not vouch for the file's pieces. */
  recordableIdentity(file: number): FileIdentity | undefined {
    const isVouchedFor = !this.#unrecorded.has(file) && !this.#suspect.has(file)
    return isVouchedFor && this.place(file) !== 'absent' ? this.#identities.textOf(file) : undefined
  }

  /** This is how it looks with its verified pieces in it. @param isRecorded the resume record says so already */
  setIdentity(file: number, stat: BigIntStats, isRecorded = false): void {
    this.#identities.set(file, stat)
    if (isRecorded) return
    this.#changeCount++
    this.#unrecorded.add(file)
    this.#unseen.add(file)
  }

  /** Under its name it looks as its identity says. */
  setSeen(file: number): void {
    this.#unseen.delete(file)
  }

  /** Was it seen so since the identity was taken? */
  isSeen(file: number): boolean {
    return !this.#unseen.has(file)
  }

  /** Files whose identity has to be recorded. A copy. */
  unrecordedFiles(): number[] {
    return [...this.#unrecorded]
  }

  setRecorded(file: number): void {
    this.#unrecorded.delete(file)
  }

  get hasUnrecorded(): boolean {
    return this.#unrecorded.size > 0
  }

  isSuspect(file: number): boolean {
    return this.#suspect.has(file)
  }

  /** Not to be trusted in the next run; this run hashes it before it counts as whole. */
  setSuspect(file: number, isSuspect: boolean): void {
    this.#changeCount++
    if (isSuspect) this.#suspect.add(file)
    else this.#suspect.delete(file)
  }

  /** Nothing more is known of it than that it is not what it was. */
  giveUp(file: number): void {
    this.setSuspect(file, true)
    this.#unrecorded.delete(file)
  }

  /** It was removed. */
  setAbsent(file: number): void {
    this.setPlace(file, 'absent')
    this.giveUp(file)
    this.setSuspect(file, false)
  }

  /** Every one of its pieces is verified and written. */
  isWhole(file: number): boolean {
    return this.#missingPieces[file] === 0
  }

  /** Sets the count of missing pieces from scratch. O(pieces of the file). */
  countMissing(file: number, has: (piece: number) => boolean): void {
    this.#changeCount++
    let missing = 0
    for (const piece of this.piecesOf(file)) if (!has(piece)) missing++
    this.#missingPieces[file] = missing
  }

  /** Some of its missing pieces came. @returns true when those were the last */
  piecesArrived(file: number, count: number): boolean {
    this.#changeCount++
    const missing = (this.#missingPieces[file] ?? 0) - count
    this.#missingPieces[file] = missing
    return missing === 0
  }

  *piecesOf(file: number): Generator<number> {
    const entry = this.#files[file]
    const range = entry === undefined ? undefined : piecesOfFile(this.#metainfo.geometry, entry)
    if (range === undefined) return
    for (let piece = range.first; piece <= range.last; piece++) yield piece
  }
}

function isReal({ isPadding, isSymlink }: FileEntry): boolean {
  return !isPadding && !isSymlink
}
