/**
 * After the check, before the download: what is on disk is brought into the form that was promised (whole files under
 * their final names, others as NAME.part), and there is room for the rest.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { DataFiles } from './data-files.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { Inspection } from './inspect-files.ts'
import { StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
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
  for (const [file, entry] of table.realFiles()) {
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

/** Bytes of missing pieces that have to be written: padding is not. */
export function missingBytes(metainfo: Metainfo, table: FileTable, have: Bitfield): number {
  let bytes = 0
  for (const [, { lengthBytes }] of table.realFiles()) bytes += lengthBytes
  for (const piece of have.indices()) {
    for (const { file, length } of spansOf(metainfo, piece)) if (table.isReal(file)) bytes -= length
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
