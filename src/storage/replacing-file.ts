/** A file that replaces another in one step, when it is whole: whoever reads sees the old one or the new one. */
import { randomBytes } from 'node:crypto'
import { closeSync, fchmodSync, openSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'
import { moveFile } from './move-file.ts'
import { writeFully } from './write-fully.ts'

const BUFFERED_CHARACTERS = 65_536

export class ReplacingFile {
  /** Where it will lie, symbolic links followed. */
  readonly path: string
  readonly #shown: string
  readonly #temporary: string
  readonly #fd: number
  #waiting = ''
  #writtenBytes = 0
  /** What a write met: `commit` tells. */
  #failure: StorageError | undefined
  #isDone = false

  private constructor(path: string, shown: string) {
    this.path = path
    this.#shown = shown
    this.#temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.new`)
    this.#fd = openSync(this.#temporary, 'wx', 0o666)
  }

  /** Begins beside `path`, which stays as it is until `commit`. @throws StorageError DISK_..., FILE_NOT_REGULAR */
  static open(path: string): ReplacingFile {
    try {
      const target = targetOf(path)
      const file = new ReplacingFile(target.path, path)
      if (target.mode !== undefined) fchmodSync(file.#fd, target.mode)
      return file
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT')
        throw new StorageError('DISK_IO', `cannot create ${path}: no such directory`, { cause: error })
      throw diskError(error, { verb: 'create', path })
    }
  }

  write(text: string): void {
    this.#waiting += text
    if (this.#waiting.length >= BUFFERED_CHARACTERS) this.#flush()
  }

  writeBytes(bytes: Buffer): void {
    this.#flush()
    this.#append(bytes)
  }

  /**
   * @param replaces false: a file that is there by now stays, and is in the way
   * @throws StorageError DISK_..., FILE_IN_THE_WAY; then the old file is untouched
   */
  commit(replaces = true): void {
    if (this.#isDone) return
    try {
      this.#flush()
      if (this.#failure !== undefined) throw this.#failure
      this.#end()
      if (replaces) renameSync(this.#temporary, this.path)
      else moveFile(this.#temporary, this.path, this.#shown)
    } catch (error) {
      this.discard()
      rmSync(this.#temporary, { force: true })
      throw diskError(error, { verb: 'write', path: this.#shown })
    }
  }

  /** Leaves everything as it was. Never throws. */
  discard(): void {
    if (this.#isDone) return
    this.#end()
    try {
      rmSync(this.#temporary, { force: true })
    } catch {
      // A stray file is all that is left of it.
    }
  }

  #flush(): void {
    const bytes = Buffer.from(this.#waiting)
    this.#waiting = ''
    this.#append(bytes)
  }

  #append(bytes: Buffer): void {
    try {
      writeFully(this.#fd, [bytes], this.#writtenBytes)
      this.#writtenBytes += bytes.length
    } catch (error) {
      this.#failure ??= diskError(error, { verb: 'write', path: this.#shown })
    }
  }

  #end(): void {
    this.#isDone = true
    closeSync(this.#fd)
  }
}

/** @returns mode: of the file that is there */
function targetOf(path: string): { readonly path: string; readonly mode: number | undefined } {
  try {
    const stat = statSync(path)
    // Renamed over, a device or a FIFO would be gone.
    if (!stat.isFile())
      throw new StorageError('FILE_NOT_REGULAR', `cannot write ${path}: it is not a regular file`)
    return { path: realpathSync(path), mode: stat.mode & 0o777 }
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error
    return { path, mode: undefined }
  }
}
