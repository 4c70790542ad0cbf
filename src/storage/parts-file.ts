/**
 * Pieces that were fetched for a chosen file and also hold bytes of files that were not chosen: those files are not
 * made, so the whole piece waits here, in one file a torrent, until the others are chosen or nothing is left to choose.
 * It lies beside the resume record, and is one more of the data files: the record's rules decide whether it is trusted.
 *
 * ```
 * 0            12                32
 * "tdl-parts-1\n" | info-hash (20) | slot 0 | slot 1 | ...
 * slot:  u32, big-endian: 0 is free, else the piece + 1 | the piece's bytes, in room for a full piece
 * ```
 *
 * A slot is a claim, not a fact: whoever reads it hashes the piece, unless the record vouches for the file. Whole pieces,
 * not only the bytes that have no other place: so they can be hashed whatever became of the files beside them.
 */
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { DataFiles } from './data-files.ts'
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { FileTable } from './file-table.ts'
import { StorageError } from '../common/errors.ts'
import { checkPiece, cutAtPieces, pieceStart } from '../metainfo/geometry.ts'
import { otherWork, Turns } from './turns.ts'

const MAGIC = Buffer.from('tdl-parts-1\n', 'latin1')
const HEADER_BYTES = MAGIC.length + 20
const INDEX_BYTES = 4
const COPY_BYTES = 1 << 20

export interface PartsFileOptions {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly files: DataFiles
}

export class PartsFile {
  readonly #metainfo: Metainfo
  readonly #table: FileTable
  readonly #files: DataFiles
  readonly #header: Buffer
  readonly #slots = new Map<number, number>()
  /** No piece is known in them; what lies there may say otherwise. */
  readonly #free = new Set<number>()
  /** Slots that the file has room for. */
  #slotCount = 0

  constructor({ metainfo, table, files }: PartsFileOptions) {
    this.#metainfo = metainfo
    this.#table = table
    this.#files = files
    this.#header = Buffer.concat([MAGIC, metainfo.infoHash])
  }

  /** Pieces that it claims to hold, ascending. */
  pieces(): PieceIndex[] {
    return [...this.#slots.keys()].sort((a, b) => a - b) as PieceIndex[]
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0
  }

  has(piece: number): boolean {
    return this.#slots.has(piece)
  }

  /**
   * Reads which pieces are said to be where. A file that is not one of ours, or another torrent's, holds none.
   * @param fileBytes its size @throws StorageError DISK_IO...
   */
  async load(fileBytes: number): Promise<void> {
    const header = Buffer.alloc(HEADER_BYTES)
    if (!this.#files.readNow(this.#table.partsFile, 0, header) || !header.equals(this.#header)) return
    // Not more of them than pieces: what is behind is nothing of ours.
    const most = Math.ceil((fileBytes - HEADER_BYTES) / this.#slotBytes)
    this.#slotCount = Math.min(most, this.#metainfo.geometry.pieceCount)
    const turns = new Turns()
    for (let slot = 0; slot < this.#slotCount; slot++) {
      if (turns.isOver()) await otherWork()
      const piece = this.#readIndex(slot)
      if (piece === undefined || this.#slots.has(piece)) this.#free.add(slot)
      else this.#slots.set(piece, slot)
    }
  }

  /** Keeps a verified piece. @throws StorageError DISK_FULL... */
  put(piece: PieceIndex, bytes: Buffer): void {
    if (this.#slots.has(piece)) return
    if (this.#slotCount === 0) this.#begin()
    const [reused] = this.#free
    const slot = reused ?? this.#slotCount
    const index = Buffer.alloc(INDEX_BYTES)
    index.writeUInt32BE(piece + 1)
    this.#files.write(this.#table.partsFile, this.#startOf(slot), [index, bytes])
    this.#free.delete(slot)
    this.#slotCount = Math.max(this.#slotCount, slot + 1)
    this.#slots.set(piece, slot)
  }

  /** Fills `into` with the torrent's bytes from `start`, all of one piece. @throws StorageError DISK_SHORT */
  async read(start: number, into: readonly Buffer[]): Promise<void> {
    await this.#files.read(this.#table.partsFile, this.#placeOf(start), into)
  }

  /** Bytes of any of its pieces, for a file that nothing is known of yet: zeros where it ends before that. */
  async readTorn(start: number, into: Buffer): Promise<void> {
    let at = 0
    for (const portion of cutAtPieces(this.#metainfo.geometry, start, into.length)) {
      const bytes = into.subarray(at, at + portion.length)
      const place = this.#placeOf(portion.start)
      if (!this.#files.readNow(this.#table.partsFile, place, bytes)) bytes.fill(0)
      at += portion.length
    }
    return Promise.resolve()
  }

  /** Do these bytes of a piece that it has lie in the file, too? */
  holdsSameAs({ file, offset, length }: FileSpan): boolean {
    for (const part of this.#copies(file, offset, length)) {
      if (!this.#files.holds(file, part.offset, part.bytes)) return false
    }
    return true
  }

  /** Writes these bytes of a piece that it has into the file where they belong. @throws StorageError DISK_FULL... */
  copyTo({ file, offset, length }: FileSpan): void {
    for (const part of this.#copies(file, offset, length)) this.#files.write(file, part.offset, [part.bytes])
  }

  /** The piece is not needed here any more, or was not what it should be. On disk it stays until `tidy`. */
  forget(piece: number): void {
    const slot = this.#slots.get(piece)
    if (slot === undefined) return
    this.#slots.delete(piece)
    this.#free.add(slot)
  }

  /** Brings the file in line with what is known of it: nothing that was forgotten is found again. */
  tidy(): void {
    if (this.#table.place(this.#table.partsFile) === 'absent') return
    if (this.#slots.size === 0) {
      this.#files.remove(this.#table.partsFile)
      this.#free.clear()
      this.#slotCount = 0
      return
    }
    const before = this.#slotCount
    while (this.#free.delete(this.#slotCount - 1)) this.#slotCount--
    if (this.#slotCount < before) this.#files.setLength(this.#table.partsFile, this.#startOf(this.#slotCount))
    for (const slot of this.#free) {
      if (this.#readIndex(slot) === undefined) continue
      this.#files.write(this.#table.partsFile, this.#startOf(slot), [Buffer.alloc(INDEX_BYTES)])
    }
  }

  /** Whatever lies under its name is not one of ours. */
  #begin(): void {
    this.#files.remove(this.#table.partsFile)
    this.#files.write(this.#table.partsFile, 0, [this.#header])
  }

  /** The bytes of a span of one piece, in portions that are overwritten by the next. */
  *#copies(file: number, offset: number, length: number): Generator<{ offset: number; bytes: Buffer }> {
    const fileStart = this.#metainfo.files[file]?.start ?? 0
    const buffer = Buffer.allocUnsafe(Math.min(length, COPY_BYTES))
    for (let at = offset; at < offset + length; at += buffer.length) {
      const bytes = buffer.subarray(0, offset + length - at)
      const place = this.#placeOf(fileStart + at)
      if (!this.#files.readNow(this.#table.partsFile, place, bytes)) throw this.#ended(place)
      yield { offset: at, bytes }
    }
  }

  #ended(place: number): StorageError {
    const shown = this.#files.shown(this.#table.partsFile)
    return new StorageError('DISK_SHORT', `cannot read ${shown}: it ends before byte ${place}`)
  }

  #readIndex(slot: number): PieceIndex | undefined {
    const index = Buffer.alloc(INDEX_BYTES)
    if (!this.#files.readNow(this.#table.partsFile, this.#startOf(slot), index)) return undefined
    return checkPiece(this.#metainfo.geometry, index.readUInt32BE(0) - 1)
  }

  /** Where in the file this byte of the torrent lies. */
  #placeOf(start: number): number {
    const { geometry } = this.#metainfo
    const piece = checkPiece(geometry, Math.floor(start / geometry.pieceBytes))
    const slot = piece === undefined ? undefined : this.#slots.get(piece)
    if (piece === undefined || slot === undefined) {
      throw new StorageError('DISK_SHORT', `no bytes at ${start}: they belong to a file that was not chosen`)
    }
    return this.#startOf(slot) + INDEX_BYTES + start - pieceStart(geometry, piece)
  }

  #startOf(slot: number): number {
    return HEADER_BYTES + slot * this.#slotBytes
  }

  get #slotBytes(): number {
    return INDEX_BYTES + this.#metainfo.geometry.pieceBytes
  }
}
