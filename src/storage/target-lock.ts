/** The lock of the path that a torrent lies at: taken by one that writes, only looked at by those who read. */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { KnownError } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'
import { LockFile } from './lock-file.ts'

export interface LockTarget {
  /** Absolute path; it must be there. */
  readonly outputDirectory: string
  readonly stateDirectory: string
  /** The output directory, for messages. */
  readonly shownRoot: string
  /** Of the torrent. */
  readonly name: string
}

export class TargetLock {
  #lock: LockFile | undefined
  #findWriter: (() => KnownError | undefined) | undefined

  /** @param onlyReads then others may, too, and `isWritten` tells whether somebody came to write @throws StorageError LOCKED, DISK_... */
  take({ outputDirectory, stateDirectory, shownRoot, name }: LockTarget, onlyReads: boolean): void {
    const target = join(realPath(outputDirectory, shownRoot), name)
    const shownTarget = join(shownRoot, name)
    if (!onlyReads) {
      this.#lock = LockFile.acquire(stateDirectory, target, shownTarget)
      return
    }
    this.#findWriter = () => LockFile.findWriter(stateDirectory, target, shownTarget)
    const locked = this.#findWriter()
    if (locked !== undefined) throw locked
  }

  /** Does somebody else write there, while we read? */
  get isWritten(): boolean {
    return this.#findWriter?.() !== undefined
  }

  /** Never throws. */
  release(): void {
    this.#lock?.release()
    this.#lock = undefined
  }
}

function realPath(path: string, shownPath: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    throw diskError(error, { verb: 'open', path: shownPath })
  }
}
