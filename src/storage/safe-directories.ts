/**
 * Directories below the output directory, one by one: nothing is reached through a symlink, whoever made it. They are
 * looked at again for each file that is opened (a few lstat calls), because they can change while we run.
 */
import { accessSync, constants, lstatSync, mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'

export interface DirectoryWalk {
  /** Absolute, exists; may itself be or lie behind a symlink: the user chose it. */
  readonly root: string
  /** The root as the user wrote it, for messages. */
  readonly shownRoot: string
  /** Below the root, outermost first. */
  readonly elements: readonly string[]
}

/** Makes those that are missing. @throws StorageError DISK_PATH_UNSAFE, DISK_NOT_A_DIRECTORY, DISK_NOT_WRITABLE... */
export function makeDirectories(walk: DirectoryWalk): void {
  eachDirectory(walk, (path, shownPath) => {
    try {
      mkdirSync(path)
      return true
    } catch (error) {
      if (systemCodeOf(error) === 'EEXIST') return checkDirectory(path, shownPath)
      throw diskError(error, { verb: 'create', path: shownPath })
    }
  })
}

/** @returns false when one is missing @throws StorageError DISK_PATH_UNSAFE, DISK_NOT_A_DIRECTORY */
export function checkDirectories(walk: DirectoryWalk): boolean {
  return eachDirectory(walk, checkDirectory)
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

function eachDirectory(walk: DirectoryWalk, visit: (path: string, shownPath: string) => boolean): boolean {
  let path = walk.root
  let shownPath = walk.shownRoot
  for (const element of walk.elements) {
    path = join(path, element)
    shownPath = join(shownPath, element)
    if (!visit(path, shownPath)) return false
  }
  return true
}

function checkDirectory(path: string, shownPath: string): boolean {
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
