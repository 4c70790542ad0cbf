/** Files that were found whole get their final names, and with `--fsync` reach the disk under them. */
import type { DataFiles } from './data-files.ts'
import type { FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import type { Inspection } from './inspect-files.ts'
import { settleFiles } from './settle-files.ts'
import { syncFiles, syncNames } from './sync-files.ts'

export interface SettleOptions {
  readonly paths: FilePaths
  readonly inspection: Inspection
  readonly firstPlace: 'part' | 'final'
  readonly syncs: boolean
}

/** @param whole those that are whole @throws StorageError */
export async function settleWhole(
  { table, files }: { readonly table: FileTable; readonly files: DataFiles },
  { paths, inspection, firstPlace, syncs }: SettleOptions,
  whole: readonly number[],
): Promise<void> {
  // Empty files that are not there yet have no bytes.
  const present = whole.filter((file) => table.place(file) !== 'absent')
  if (syncs) await syncFiles(files, table, present)
  await settleFiles(table, files, inspection, firstPlace)
  if (syncs) await syncNames(files, paths, whole)
}
