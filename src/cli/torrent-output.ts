/** Where a new .torrent goes: a file that appears when it is whole, a device or FIFO, or standard output. */
import type { BigIntStats } from 'node:fs'
import { accessSync, constants, fstatSync, lstatSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StorageError, systemCodeOf } from '../common/errors.ts'
import { cleanElement } from '../metainfo/safe-name.ts'
import { diskError } from '../storage/disk-errors.ts'
import type { FileId } from '../storage/file-tree.ts'
import { ReplacingFile } from '../storage/replacing-file.ts'

export class TorrentOutput {
  /** As the user shall see it. */
  readonly path: string
  readonly #replaces: boolean
  readonly #present: BigIntStats | undefined

  /**
   * Looks before the work begins whether it can be written there.
   * @param path undefined: NAME.torrent; a directory: NAME.torrent in it @param replaces what is there
   * @throws StorageError FILE_IN_THE_WAY, DISK_...
   */
  constructor(path: string | undefined, name: string, replaces: boolean) {
    const ownName = cleanElement(`${name}.torrent`)
    const isDirectory = path !== undefined && (path.endsWith('/') || look(path)?.isDirectory() === true)
    this.path = path === undefined ? ownName : isDirectory ? join(path, ownName) : path
    this.#replaces = replaces
    this.#present = look(this.path)
    this.#assertFree()
    this.#assertWritable()
  }

  /** What is there already: it is no part of what the torrent is made of. */
  get ownFiles(): readonly FileId[] {
    return this.#present?.isFile() === true ? [this.#present] : []
  }

  /** @throws StorageError DISK_..., FILE_IN_THE_WAY when it appeared meanwhile; then nothing is left of it */
  write(bytes: Buffer): void {
    if (this.#isStream()) {
      attempt('write', this.path, () => {
        writeFileSync(this.path, bytes)
      })
      return
    }
    const file = ReplacingFile.open(this.path)
    file.writeBytes(bytes)
    file.commit(this.#replaces)
  }

  /** `/dev/null`, `>(gzip)`: written to, never replaced. */
  #isStream(): boolean {
    return this.#present?.isCharacterDevice() === true || this.#present?.isFIFO() === true
  }

  #assertFree(): void {
    if (this.#present?.isDirectory() === true)
      throw new StorageError('FILE_IN_THE_WAY', `${this.path} is in the way: it is a directory`)
    if (this.#replaces || this.#isStream()) return
    if (lstatSync(this.path, { throwIfNoEntry: false }) === undefined) return
    throw new StorageError(
      'FILE_IN_THE_WAY',
      `${this.path} is there already (--force replaces it, -o names another)`,
    )
  }

  #assertWritable(): void {
    if (this.#isStream()) return
    const directory = dirname(this.path)
    if (look(directory) === undefined)
      throw new StorageError('DISK_IO', `cannot create ${this.path}: no such directory`)
    attempt('create', this.path, () => {
      accessSync(directory, constants.W_OK | constants.X_OK)
    })
  }
}

/** Our standard output and error, where they are files: a shell may have put them into the tree. */
export function standardFiles(): readonly FileId[] {
  return [1, 2].flatMap((fd) => {
    try {
      const stat = fstatSync(fd, { bigint: true })
      return stat.isFile() ? [stat] : []
    } catch {
      return [] // closed
    }
  })
}

function look(path: string): BigIntStats | undefined {
  return attempt('create', path, () => {
    try {
      return statSync(path, { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined
      throw error
    }
  })
}

function attempt<T>(verb: 'create' | 'write', path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw diskError(error, { verb, path })
  }
}
