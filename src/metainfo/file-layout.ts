/** Torrent bytes onto files: a file is a run of the torrent's bytes, a piece may cross several. Pure arithmetic. */
import type { FileEntry } from './metainfo.ts'
import type { Geometry } from './geometry.ts'

export interface FileSpan {
  /** Index into the torrent's files. */
  readonly file: number
  /** Position in the file. */
  readonly offset: number
  readonly length: number
}

/**
 * The parts of files that a byte range of the torrent covers, in file order; their lengths sum to `length`.
 * Zero-length files give none. O(log files + spans).
 * @param start position in the torrent @param length bytes, > 0; the range lies inside the torrent
 */
export function fileSpans(files: readonly FileEntry[], start: number, length: number): FileSpan[] {
  const spans: FileSpan[] = []
  const end = start + length
  for (let index = firstFileAt(files, start); index < files.length; index++) {
    const file = files[index]
    if (file === undefined || file.start >= end) break
    const from = Math.max(start, file.start)
    const to = Math.min(end, file.start + file.lengthBytes)
    if (from < to) spans.push({ file: index, offset: from - file.start, length: to - from })
  }
  return spans
}

/** Pieces that hold bytes of this file: first and last index, or undefined for an empty file. */
export function piecesOfFile(
  { pieceBytes }: Geometry,
  file: FileEntry,
): { first: number; last: number } | undefined {
  if (file.lengthBytes === 0) return undefined
  return {
    first: Math.floor(file.start / pieceBytes),
    last: Math.floor((file.start + file.lengthBytes - 1) / pieceBytes),
  }
}

/** Index of the first file that ends after `start`. */
function firstFileAt(files: readonly FileEntry[], start: number): number {
  let low = 0
  let high = files.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const file = files[middle]
    if (file !== undefined && file.start + file.lengthBytes <= start) low = middle + 1
    else high = middle
  }
  return low
}
