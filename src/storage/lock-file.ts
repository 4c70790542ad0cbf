/**
 * One writer for each target path, on this machine, even after a kill -9.
 *
 * Node has no flock, and a stale lock file that is deleted and made again lets two starters in: the second deletes
 * the lock that the first has just made. So a lock file is never reused. Those of one target are numbered, the highest
 * number counts, and whoever finds it given up or left behind makes the next one (a hard link: all or nothing, with its
 * content). The highest is never deleted, only emptied on release; lower ones are cleared away by their successor. A
 * starter so slow that its number had been used and cleared away meanwhile sees a higher one afterwards, and gives way.
 *
 * The one file outside cli that asks node:process: for our pid, and whether another pid lives. Both are facts of the
 * machine, as /proc is, and nothing that a caller could choose.
 */
import type { KnownError } from '../common/errors.ts'
import { createHash, randomBytes } from 'node:crypto'
import { linkSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kill, pid as ownPid } from 'node:process'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'
import { makeTree } from './safe-directories.ts'

interface Holder {
  readonly pid: number
  /** Tells a process from a later one with the same pid; '' where the system does not say. */
  readonly startedAt: string
}

/** Others may be faster this many times before we call it an error. */
const MAX_ATTEMPTS = 100

export class LockFile {
  readonly #directory: string
  readonly #number: number

  private constructor(directory: string, number: number) {
    this.#directory = directory
    this.#number = number
  }

  /**
   * @param target absolute path that is written to @param shownTarget the same for messages
   * @throws StorageError LOCKED when a living process (this one too) holds it; DISK_... when no lock can be made
   */
  static acquire(stateDirectory: string, target: string, shownTarget: string): LockFile {
    const key = createHash('sha1').update(target).digest('hex')
    const directory = join(stateDirectory, 'locks', key)
    try {
      makeTree(directory, 0o700)
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
        const number = tryAcquire(directory, shownTarget)
        if (number !== undefined) return new LockFile(directory, number)
      }
    } catch (error) {
      throw diskError(error, { verb: 'create', path: directory })
    }
    throw new StorageError(
      'LOCKED',
      `${shownTarget}: ${MAX_ATTEMPTS} other processes wanted it at the same moment`,
    )
  }

  /** Never throws: what is left behind counts as given up when this process has ended. */
  release(): void {
    try {
      truncateSync(join(this.#directory, String(this.#number)))
    } catch {
      // as said above
    }
  }
}

/** @returns our number, or undefined when others changed something meanwhile: look again */
function tryAcquire(directory: string, shownTarget: string): number | undefined {
  const highest = highestNumber(directory)
  if (highest > 0) {
    const holder = readHolder(join(directory, String(highest)))
    if (holder !== undefined && isRunning(holder)) throw lockedBy(holder, shownTarget)
  }
  const number = highest + 1
  if (!create(directory, number)) return undefined
  if (highestNumber(directory) > number) {
    rmSync(join(directory, String(number)), { force: true })
    return undefined
  }
  for (const lower of numbers(directory))
    if (lower < number) rmSync(join(directory, String(lower)), { force: true })
  return number
}

/** @returns false when the number was taken meanwhile */
function create(directory: string, number: number): boolean {
  const holder: Holder = { pid: ownPid, startedAt: startOf(ownPid)?.startedAt ?? '' }
  const temporary = join(directory, `new-${randomBytes(8).toString('hex')}`)
  try {
    writeFileSync(temporary, JSON.stringify(holder), { flag: 'wx', mode: 0o600 })
    linkSync(temporary, join(directory, String(number)))
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw error
  } finally {
    rmSync(temporary, { force: true })
  }
}

function numbers(directory: string): number[] {
  return readdirSync(directory)
    .filter((name) => /^[1-9]\d{0,14}$/.test(name))
    .map(Number)
}

function highestNumber(directory: string): number {
  return Math.max(0, ...numbers(directory))
}

/** Undefined: given up, gone, or nothing we can read (then nobody who lives wrote it: see `create`). */
function readHolder(path: string): Holder | undefined {
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Partial<Record<keyof Holder, unknown>> | null
    if (typeof value?.pid !== 'number' || !Number.isInteger(value.pid) || value.pid < 1) return undefined
    return typeof value.startedAt === 'string' ? { pid: value.pid, startedAt: value.startedAt } : undefined
  } catch {
    return undefined // as said above
  }
}

function isRunning({ pid, startedAt }: Holder): boolean {
  if (startedAt !== '') {
    const start = startOf(pid)
    return start !== undefined && !start.isDead && start.startedAt === startedAt
  }
  try {
    return kill(pid, 0)
  } catch (error) {
    return systemCodeOf(error) === 'EPERM' // it lives, but is somebody else's
  }
}

/** From /proc/PID/stat (proc(5)): field 3 is the state, field 22 the start time in ticks since boot. */
function startOf(pid: number): { readonly startedAt: string; readonly isDead: boolean } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ') // field 2 may hold spaces and brackets
    const [state = ''] = fields
    return { startedAt: fields[19] ?? '', isDead: state === 'Z' || state === 'X' }
  } catch {
    return undefined // no such process, or no /proc
  }
}

function lockedBy({ pid }: Holder, shownTarget: string): KnownError {
  const message =
    pid === ownPid
      ? `another torrent of this run is being written to ${shownTarget}: give one of them another directory`
      : `${shownTarget} is in use by process ${pid} already: it downloads or shares it`
  return new StorageError('LOCKED', message)
}
