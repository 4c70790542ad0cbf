/**
 * For `--file-allocation full`: writes zeros wherever a file has no verified bytes yet, before the download begins, so
 * that the room is ours. (Node has no fallocate. File systems that compress or copy on write promise nothing for zeros.)
 * What lies there counts for nothing: the record names pieces, and zeros are no piece's bytes.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { DataFiles } from './data-files.ts'
import type { FileTable } from './file-table.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { CheckProgress } from './storage.ts'

/** - `none`: files grow as pieces come; `sparse`: they have their length from the start; `full`: and their room */
export type FileAllocation = 'none' | 'sparse' | 'full'

export interface AllocateOptions {
  readonly metainfo: Metainfo
  readonly table: FileTable
  readonly files: DataFiles
  readonly have: Bitfield
  /** Runs a write, again if need be. */
  readonly attempt: (write: () => Promise<void>) => Promise<void>
}

interface Stretch {
  readonly file: number
  readonly offset: number
  readonly length: number
}

const STEP_BYTES = 4 << 20

/** Room for all that is missing. @throws StorageError DISK_FULL...; the signal's reason */
export async function allocateFiles(options: AllocateOptions, progress: CheckProgress): Promise<void> {
  const stretches = missingStretches(options)
  const totalBytes = stretches.reduce((sum, { length }) => sum + length, 0)
  const zeros = Buffer.alloc(stretches.length > 0 ? STEP_BYTES : 0)
  let doneBytes = 0
  for (const { file, offset, length } of stretches) {
    for (let at = 0; at < length; at += STEP_BYTES) {
      const bytes = Math.min(STEP_BYTES, length - at)
      await options.attempt(async () => options.files.fill(file, offset + at, zeros.subarray(0, bytes)))
      progress.signal.throwIfAborted()
      doneBytes += bytes
      progress.onChecked(doneBytes, totalBytes)
    }
  }
}

/** What of files that are ours and not whole no verified piece covers, unless the file has its blocks already. */
function missingStretches({ metainfo, table, files, have }: AllocateOptions): Stretch[] {
  const stretches: Stretch[] = []
  for (const [file, { start, lengthBytes }] of table.wantedFiles()) {
    if (table.place(file) === 'adopted' || table.isWhole(file)) continue
    if (files.allocatedBytes(file) >= lengthBytes) continue
    for (const piece of table.piecesOf(file)) {
      if (have.has(piece)) continue
      const { pieceBytes } = metainfo.geometry
      const from = Math.max(piece * pieceBytes, start)
      const length = Math.min((piece + 1) * pieceBytes, start + lengthBytes) - from
      const offset = from - start
      const last = stretches.at(-1)
      if (last?.file === file && last.offset + last.length === offset)
        stretches[stretches.length - 1] = { ...last, length: last.length + length }
      else stretches.push({ file, offset, length })
    }
  }
  return stretches
}
