/**
 * System errors -> StorageErrors that say what could not be done, to which file, and why. The one place where errno
 * values are read.
 */
import { statfsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname } from 'node:path'
import { StorageError, messageOf, systemCodeOf } from '../common/errors.ts'

/** Stands after "cannot". */
export type DiskVerb = 'create' | 'open' | 'read' | 'write' | 'move' | 'inspect'

export interface DiskAttempt {
  readonly verb: DiskVerb
  /** As the user shall see it. */
  readonly path: string
  /** For DISK_FULL: bytes that are still to be written, and a directory on the file system that is full. */
  readonly space?: { readonly neededBytes: number; readonly directory: string } | undefined
}

const CODES: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  ENOSPC: ['DISK_FULL', 'disk full'],
  EDQUOT: ['DISK_FULL', 'disk quota used up'],
  EACCES: ['DISK_NOT_WRITABLE', 'permission denied'],
  EPERM: ['DISK_NOT_WRITABLE', 'operation not permitted'],
  EROFS: ['DISK_NOT_WRITABLE', 'read-only file system'],
  ENAMETOOLONG: ['DISK_NAME_TOO_LONG', 'name too long for this file system'],
  ENOTDIR: ['DISK_NOT_A_DIRECTORY', 'a part of the path is not a directory'],
  EFBIG: ['DISK_IO', 'file too large for this file system'],
  EMFILE: ['DISK_IO', 'too many open files in this process'],
  ENFILE: ['DISK_IO', 'too many open files on this machine'],
  EIO: ['DISK_IO', 'input/output error'],
}

/** A StorageError for whatever the file system threw; one that already is a StorageError stays as it is. */
export function diskError(error: unknown, attempt: DiskAttempt): StorageError {
  if (error instanceof StorageError) return error
  const [code, reason] = CODES[symbolOf(error)] ?? (['DISK_IO', messageOf(error)] as const)
  const detail = code === 'DISK_FULL' ? describeSpace(attempt.space) : ''
  return new StorageError(code, `cannot ${attempt.verb} ${attempt.path}: ${reason}${detail}`, {
    cause: error,
  })
}

/** Node has no name for EDQUOT and calls it UNKNOWN. */
function symbolOf(error: unknown): string {
  const code = systemCodeOf(error) ?? ''
  if (code !== 'UNKNOWN' || typeof error !== 'object' || error === null || !('errno' in error)) return code
  return error.errno === -constants.errno.EDQUOT ? 'EDQUOT' : code
}

/**
 * Bytes that we may still write on the file system of this directory, or undefined where that cannot be told. One that
 * is not made yet (a survey makes nothing) will lie where its parent does.
 */
export function freeBytes(directory: string): number | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(directory)
    return blocks === 0 ? undefined : bavail * bsize // some virtual file systems report zeros
  } catch (error) {
    const parent = dirname(directory)
    if (systemCodeOf(error) === 'ENOENT' && parent !== directory) return freeBytes(parent)
    return undefined // only used to warn early and to explain: the write itself tells the truth
  }
}

/** ` (needs 4.1 GiB, 1.2 GiB free)` */
export function describeSpace(space: DiskAttempt['space']): string {
  if (space === undefined) return ''
  const free = freeBytes(space.directory)
  const freeText = free === undefined ? '' : `, ${formatBytes(free)} free`
  return ` (needs ${formatBytes(space.neededBytes)}${freeText})`
}

const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

function formatBytes(bytes: number): string {
  let value = bytes
  let unit = -1
  while (value >= 1023.95 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return unit < 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${UNITS[unit] ?? ''}`
}
