/**
 * Directories below the output directory, one by one: nothing is reached through a symlink, whoever made it. They can
 * change while we run, so what was seen counts only until the present stretch of synchronous work ends: for a look at
 * each directory of a piece's files (a few microseconds before they are opened), not for a look at each file's.
 */
import type { Directory } from './file-paths.ts'
import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'

export class SafeDirectories {
  /** Is it there? Only those looked at since the last `await` of anybody. */
  readonly #seen = new Map<Directory, boolean>()

  /**
   * Is this a directory, reached through directories? The output directory may itself be or lie behind a symlink: the
   * user chose it. @returns false when one is missing @throws StorageError DISK_PATH_UNSAFE, DISK_NOT_A_DIRECTORY
   */
  check(directory: Directory): boolean {
    if (directory.parent === undefined) return true
    let isThere = this.#seen.get(directory)
    if (isThere === undefined) {
      isThere = this.check(directory.parent) && isDirectory(directory)
      this.#remember(directory, isThere)
    }
    return isThere
  }

  /** Makes those that are missing. @throws StorageError as `check`; DISK_NOT_WRITABLE... */
  make(directory: Directory): void {
    const { parent, path, shownPath } = directory
    if (parent === undefined || this.check(directory)) return
    this.make(parent)
    try {
      mkdirSync(path)
    } catch (error) {
      // Somebody else may just have made it.
      const isMade = systemCodeOf(error) === 'EEXIST' && isDirectory(directory)
      if (!isMade) throw diskError(error, { verb: 'create', path: shownPath })
    }
    this.#remember(directory, true)
  }

  #remember(directory: Directory, isThere: boolean): void {
    if (this.#seen.size === 0) {
      queueMicrotask(() => {
        this.#seen.clear()
      })
    }
    this.#seen.set(directory, isThere)
  }
}

/** The output directory itself, with its parents. @throws StorageError DISK_NOT_A_DIRECTORY, DISK_NOT_WRITABLE... */
export function makeRoot(path: string, shownPath: string): void {
  try {
    makeTree(path, 0o777)
    if (statSync(path).isDirectory()) return
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'ELOOP') {
      throw diskError(error, { verb: 'create', path: shownPath })
    }
  }
  throw new StorageError('DISK_NOT_A_DIRECTORY', `cannot use ${shownPath}: it is not a directory`)
}

/**
 * Makes a directory and its parents, symlinks followed. Not mkdir's own `recursive`: on a read-only file system that
 * reports ENOENT (Node 20). @throws system errors as they come; EEXIST when something else has that name
 */
export function makeTree(path: string, mode: number): void {
  try {
    makeOrFind(path, mode)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT' || dirname(path) === path) throw error
    makeTree(dirname(path), mode)
    makeOrFind(path, mode)
  }
}

function makeOrFind(path: string, mode: number): void {
  try {
    mkdirSync(path, mode)
  } catch (error) {
    // Not EEXIST alone: on a read-only file system EROFS comes before it. Another process may have been faster, too.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error
  }
}

/** Can files be made in it? @throws StorageError DISK_NOT_WRITABLE */
export function assertWritable(path: string, shownPath: string): void {
  try {
    accessSync(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw diskError(error, { verb: 'write', path: shownPath })
  }
}

function isDirectory({ path, shownPath }: Directory): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return false
  if (stat.isSymbolicLink()) {
    throw new StorageError(
      'DISK_PATH_UNSAFE',
      `cannot use ${shownPath}: it is a symbolic link, which could lead elsewhere`,
    )
  }
  if (!stat.isDirectory()) {
    throw new StorageError('DISK_NOT_A_DIRECTORY', `cannot use ${shownPath}: it is not a directory`)
  }
  return true
}
