/** Renaming that never replaces anything. */
import { linkSync, lstatSync, renameSync, unlinkSync } from 'node:fs'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { isSameFile } from './file-identity.ts'

/**
 * Moves a file within its directory. By link and unlink, because rename replaces what is there, and a look beforehand
 * leaves a gap; killed in between, both names are the same file, and moving it again puts that right. File systems
 * without hard links (FAT, some network ones) get the look and the rename.
 * @throws StorageError FILE_IN_THE_WAY when `to` is there and is another file; system errors as they come
 */
export function moveFile(from: string, to: string, shownTo: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'EEXIST' && !NO_HARD_LINKS.has(code ?? '')) throw error
    if (!areSameFile(from, to)) {
      if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) throw inTheWay(shownTo, { cause: error })
      renameSync(from, to)
      return
    }
  }
  unlinkSync(from)
}

const NO_HARD_LINKS: ReadonlySet<string> = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EMLINK'])

function areSameFile(one: string, other: string): boolean {
  const a = lstatSync(one, { bigint: true, throwIfNoEntry: false })
  const b = lstatSync(other, { bigint: true, throwIfNoEntry: false })
  return a !== undefined && b !== undefined && isSameFile(a, b)
}

function inTheWay(shownPath: string, options: ErrorOptions): StorageError {
  return new StorageError(
    'FILE_IN_THE_WAY',
    `${shownPath} is in the way: it appeared while we were writing`,
    options,
  )
}
