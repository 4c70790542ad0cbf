/** Why a torrent cannot be made of what lies there. Every message names the path and what to do. */
import type { BigIntStats } from 'node:fs'
import { InputError, StorageError, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'

/** Plain words for what a look or an opening meets; anything else is an error of the disk. */
const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'a part of the path is not a directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
}

/** @param error what the system said */
export function unreadable(path: string, error: unknown): InputError | StorageError {
  const why = UNREADABLE[systemCodeOf(error) ?? '']
  if (why === undefined) return diskError(error, { verb: 'read', path })
  return new InputError('INPUT_UNREADABLE', `cannot read ${path}: ${why}`, { cause: error })
}

export function notAFile(path: string, stat: BigIntStats): InputError {
  const kind = stat.isFIFO() ? 'a FIFO' : stat.isSocket() ? 'a socket' : 'a device'
  return new InputError(
    'INPUT_NOT_A_FILE',
    `${path} is ${kind}, which no torrent can hold: --exclude leaves it out`,
  )
}

/** @param why stands after the link's path */
export function badLink(path: string, why: string, cause?: unknown): InputError {
  return new InputError('INPUT_LINK', `${path} is a symbolic link ${why}`, { cause })
}

export function notUtf8(path: string, name: Buffer): InputError {
  const bytes = name
    .toString('latin1')
    .replace(/[^ -~]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
  return new InputError(
    'INPUT_NAME',
    `${path}: the name is not valid UTF-8, as a torrent's names must be (${bytes}): rename it, or --exclude leaves it out`,
  )
}

export function tooMany(root: string, count: number, what: string): InputError {
  return new InputError(
    'TORRENT_TOO_MANY_FILES',
    `${root} has more than ${count} ${what}: make several torrents of it`,
  )
}

/** @param how `changed`, `was removed` */
export function changedMeanwhile(path: string, how: string): StorageError {
  return new StorageError('FILE_CHANGED', `${path} ${how} while we were working on it; run it again`)
}
