/** Chosen files -> the pieces that hold them. Pure arithmetic. */
import type { Metainfo } from './metainfo.ts'
import { Bitfield } from '../common/bitfield.ts'
import { piecesOfFile } from './file-layout.ts'
import { pieceIndices, pieceLength } from './geometry.ts'

/** One byte a file: 0 is not wanted, of the others higher ones come first. */
export type FilePriorities = Uint8Array

/** Every piece that holds a byte of one of these files. */
export function wantedPieces({ geometry, files }: Metainfo, wantedFiles: Bitfield): Bitfield {
  const wanted = new Bitfield(geometry.pieceCount)
  for (const file of wantedFiles.indices()) {
    const entry = files[file]
    const range = entry === undefined ? undefined : piecesOfFile(geometry, entry)
    if (range === undefined) continue
    for (let piece = range.first; piece <= range.last; piece++) wanted.set(piece)
  }
  return wanted
}

/** One byte a piece: the highest priority of the files that it holds bytes of. */
export function piecePriorities({ geometry, files }: Metainfo, ofFiles: FilePriorities): Uint8Array {
  const priorities = new Uint8Array(geometry.pieceCount)
  for (const [file, entry] of files.entries()) {
    const priority = ofFiles[file] ?? 0
    const range = priority === 0 ? undefined : piecesOfFile(geometry, entry)
    if (range === undefined) continue
    for (let piece = range.first; piece <= range.last; piece++) {
      if (priority > (priorities[piece] ?? 0)) priorities[piece] = priority
    }
  }
  return priorities
}

/** Bytes of all pieces with a priority above 0. */
export function bytesOfPieces({ geometry }: Metainfo, priorities: Uint8Array): number {
  let bytes = 0
  for (const piece of pieceIndices(geometry))
    if (priorities[piece] !== 0) bytes += pieceLength(geometry, piece)
  return bytes
}

/** The files with a priority above 0; undefined when those are all files that exist on disk. */
export function wantedFiles({ files }: Metainfo, priorities: FilePriorities): Bitfield | undefined {
  const wanted = new Bitfield(files.length)
  let isAll = true
  for (const [file, { isPadding, isSymlink }] of files.entries()) {
    if (isPadding || isSymlink) continue
    if ((priorities[file] ?? 0) > 0) wanted.set(file)
    else isAll = false
  }
  return isAll ? undefined : wanted
}
