/** What is missing of a torrent that shall be shared as it lies on disk. */
import type { Bitfield } from '../common/bitfield.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import { StorageError } from '../common/errors.ts'

/** More files are only counted. */
const MAX_NAMED = 3

export interface LookedAt {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly paths: FilePaths
  /** Pieces that are there and right. */
  readonly have: Bitfield
}

/** DATA_MISSING with the number of pieces, and the files that are not whole. O(pieces + files). */
export function dataMissing({ metainfo, table, paths, have }: LookedAt): StorageError {
  const { pieceCount } = metainfo.geometry
  const named: string[] = []
  let count = 0
  for (const [file] of table.wantedFiles()) {
    let missing = 0
    let pieces = 0
    for (const piece of table.piecesOf(file)) {
      pieces++
      if (!have.has(piece)) missing++
    }
    if (missing === 0) continue
    count++
    if (named.length >= MAX_NAMED) continue
    const isThere = table.place(file) !== 'absent'
    named.push(`${paths.shown(file, 'final')} (${isThere ? `${missing} of ${pieces}` : 'not there'})`)
  }
  const others = count > named.length ? ` and ${count - named.length} more files` : ''
  const what = `missing or wrong pieces: ${pieceCount - have.count} of ${pieceCount}`
  return new StorageError(
    'DATA_MISSING',
    `${metainfo.name}: ${what}, in ${named.join(', ')}${others}; torrent-dl --seed would fetch them`,
  )
}
