/**
 * After the check, before the download: what is on disk is brought into the form that was promised (whole files under
 * their final names, others as NAME.part), and there is room for the rest.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { DataFiles } from './data-files.ts'
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { Inspection } from './inspect-files.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { PartsFile } from './parts-file.ts'
import type { ResumeRecord } from './resume-file.ts'
import { StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { pieceIndices } from '../metainfo/geometry.ts'
import { describeSpace, freeBytes } from './disk-errors.ts'
import { otherWork, Turns } from './turns.ts'

/**
 * Moves, cuts and makes files; nothing that already is as it should be is touched.
 * @param firstPlace the name of files that are not whole @throws StorageError
 */
export async function settleFiles(
  table: FileTable,
  files: DataFiles,
  { doubled, sizes }: Inspection,
  firstPlace: 'part' | 'final',
): Promise<void> {
  const turns = new Turns()
  for (const file of doubled) files.removeOther(file)
  for (const [file, entry] of table.wantedFiles()) {
    if (turns.isOver()) await otherWork()
    const place = table.place(file)
    if (place === 'adopted') continue
    const size = sizes.get(file) ?? 0
    const isMissing = place === 'absent' && entry.lengthBytes === 0
    const wanted = table.isWhole(file) ? 'final' : firstPlace
    if (place !== 'absent' && place !== wanted) files.move(file, wanted)
    if (isMissing || size > entry.lengthBytes) files.setLength(file)
  }
}

export interface PartsPlan {
  /** Pieces with bytes that have to go into files. */
  readonly toCopy: readonly PieceIndex[]
  readonly spans: readonly FileSpan[]
}

/** What the parts file has of files that are chosen now, and that may not be in them yet. */
export function planParts(
  { metainfo, table, parts }: { metainfo: Metainfo; table: FileTable; parts: PartsFile },
  { trusted }: Inspection,
  record: ResumeRecord | undefined,
): PartsPlan {
  const toCopy: PieceIndex[] = []
  const spans: FileSpan[] = []
  for (const piece of parts.pieces()) {
    const isRecorded = record?.pieces.has(piece) === true
    const missing = spansOf(metainfo, piece).filter(({ file }) => {
      const isThere = isRecorded && trusted.has(file)
      return !isThere && table.isWritten(file) && table.place(file) !== 'adopted'
    })
    if (missing.length > 0) toCopy.push(piece)
    for (const span of missing) spans.push(span)
  }
  return { toCopy, spans }
}

/** Carries the plan out; may be begun anew. */
export async function settleParts(table: FileTable, parts: PartsFile, { spans }: PartsPlan): Promise<void> {
  const turns = new Turns()
  for (const span of spans) {
    if (turns.isOver()) await otherWork()
    if (table.place(span.file) === 'absent' || !parts.holdsSameAs(span)) parts.copyTo(span)
  }
}

/** What is needed in the parts file no more leaves it. */
export function tidyParts(table: FileTable, parts: PartsFile): void {
  for (const piece of parts.pieces()) if (!table.isForParts(piece)) parts.forget(piece)
  parts.tidy()
}

/** Bytes of missing pieces that have to be written into files: padding is not. */
export function missingBytes(metainfo: Metainfo, table: FileTable, have: Bitfield): number {
  let bytes = 0
  for (const piece of pieceIndices(metainfo.geometry)) {
    if (have.has(piece) || !table.isWantedPiece(piece)) continue
    for (const { file, length } of spansOf(metainfo, piece)) if (table.isWritten(file)) bytes += length
  }
  return bytes
}

/** @throws StorageError DISK_FULL when what is missing cannot fit */
export function assertSpace(
  metainfo: Metainfo,
  { table, paths, have }: { table: FileTable; paths: FilePaths; have: Bitfield },
  { allocatedBytes }: Inspection,
): void {
  let neededBytes = missingBytes(metainfo, table, have)
  if (neededBytes === 0) return
  for (const [file, allocated] of allocatedBytes) {
    if (!table.isWanted(file)) continue
    // Wrong pieces lie on disk already: writing them again needs no room.
    neededBytes -= Math.max(0, allocated - verifiedBytes(metainfo, table, have, file))
  }
  const free = freeBytes(paths.root)
  if (free === undefined || neededBytes <= free) return
  const space = describeSpace({ neededBytes, directory: paths.root })
  throw new StorageError('DISK_FULL', `cannot write ${paths.shownRoot}: disk full${space}`)
}

function verifiedBytes(metainfo: Metainfo, table: FileTable, have: Bitfield, file: number): number {
  if (table.isWhole(file)) return Infinity
  let bytes = 0
  for (const piece of table.piecesOf(file)) {
    if (!have.has(piece)) continue
    for (const span of spansOf(metainfo, piece)) if (span.file === file) bytes += span.length
  }
  return bytes
}

function spansOf({ files, geometry }: Metainfo, piece: number): ReturnType<typeof fileSpans> {
  const start = piece * geometry.pieceBytes
  return fileSpans(files, start, Math.min(geometry.pieceBytes, geometry.totalBytes - start))
}
