/**
 * For `--fsync`: bytes and names reach the disk before it is said that they are there. Without it the system writes them
 * within half a minute, and only a crash of the machine in that time can lose them; the next run notices and hashes.
 */
import type { DataFiles } from './data-files.ts'
import type { Directory, FilePaths } from './file-paths.ts'
import type { FileTable } from './file-table.ts'
import { dirname } from 'node:path'
import { systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'

/**
 * The bytes of these files. After a failure the system may have forgotten what it could not write, and say the next time
 * that all is well: so it is not tried again, and the next run hashes the file. @throws StorageError
 */
export async function syncFiles(
  files: DataFiles,
  table: FileTable,
  indices: readonly number[],
): Promise<void> {
  for (const file of indices) {
    try {
      await files.sync(file)
    } catch (error) {
      table.setSuspect(file, true)
      throw error
    }
  }
}

/** The names of these files, and of the directories that they lie in, the output directory included. */
export async function syncNames(
  files: DataFiles,
  paths: FilePaths,
  indices: readonly number[],
): Promise<void> {
  const directories = new Set<Directory>()
  for (const file of indices) {
    for (let at: Directory | undefined = paths.directoryOf(file); at !== undefined; at = at.parent)
      directories.add(at)
  }
  for (const { path, shownPath } of directories) await syncDirectory(files, path, shownPath)
  if (directories.size > 0) await syncDirectory(files, dirname(paths.root), dirname(paths.shownRoot))
}

async function syncDirectory(files: DataFiles, path: string, shownPath: string): Promise<void> {
  try {
    await files.syncDirectory(path)
  } catch (error) {
    // A parent that may not be read, or a file system that has no such thing for directories.
    if (['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP'].includes(systemCodeOf(error) ?? '')) return
    throw diskError(error, { verb: 'write', path: shownPath })
  }
}
