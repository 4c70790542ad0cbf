/**
 * The files of a torrent that was made of them a moment ago: only read, wherever links lead. They are taken on trust,
 * nothing is locked and nothing recorded, so that several sessions can give the same files.
 */
import { closeSync, constants, fstatSync, openSync, readv } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { CheckProgress, Storage } from './storage.ts'
import { Bitfield } from '../common/bitfield.ts'
import { BugError, StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { pieceIndices } from '../metainfo/geometry.ts'
import { diskError } from './disk-errors.ts'
import { OpenFiles } from './open-files.ts'
import { firstBytes, lengthOf, withoutFirst } from './scatter.ts'

const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants
const readAsync = promisify(readv)

export class ReadableFiles implements Storage {
  readonly #metainfo: Metainfo
  readonly #directory: string
  readonly #files: OpenFiles

  /** @param directory where the torrent's name is */
  constructor(metainfo: Metainfo, directory: string) {
    this.#metainfo = metainfo
    this.#directory = directory
    this.#files = new OpenFiles((file) => this.#openFile(file))
  }

  /** Every piece. @throws StorageError FILE_CHANGED, DISK_... when a file is gone or has another size */
  async open({ onFileWhole, signal }: CheckProgress): Promise<Bitfield> {
    for (const [file, { isPadding, isSymlink }] of this.#metainfo.files.entries()) {
      signal.throwIfAborted()
      if (isPadding || isSymlink) continue
      this.#files.get(file)
      onFileWhole(file)
    }
    const have = new Bitfield(this.#metainfo.geometry.pieceCount)
    for (const piece of pieceIndices(this.#metainfo.geometry)) have.set(piece)
    return Promise.resolve(have)
  }

  async read(start: number, ...into: Buffer[]): Promise<void> {
    let left: readonly Buffer[] = into
    for (const { file, offset, length } of fileSpans(this.#metainfo.files, start, lengthOf(into))) {
      const parts = firstBytes(left, length)
      if (this.#metainfo.files[file]?.isPadding === true) for (const part of parts) part.fill(0)
      else await this.#readFile(file, offset, parts)
      left = withoutFirst(left, length)
    }
  }

  writePieces(): never {
    throw new BugError('BUG_STORAGE', 'a write to files that are only read')
  }

  async confirm(): Promise<void> {
    return Promise.resolve()
  }

  async save(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#files.closeAll()
    return Promise.resolve()
  }

  async #readFile(file: number, offset: number, into: readonly Buffer[]): Promise<void> {
    try {
      await this.#files.withFile(file, async (fd) => {
        let at = offset
        let left = into
        while (left.length > 0) {
          const { bytesRead } = await readAsync(fd, left, at)
          if (bytesRead === 0) throw changed(this.#pathOf(file))
          at += bytesRead
          left = withoutFirst(left, bytesRead)
        }
      })
    } catch (error) {
      throw diskError(error, { verb: 'read', path: this.#pathOf(file) })
    }
  }

  #openFile(file: number): number {
    const path = this.#pathOf(file)
    let fd: number | undefined
    try {
      fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
      const stat = fstatSync(fd)
      if (!stat.isFile() || stat.size !== this.#metainfo.files[file]?.lengthBytes) throw changed(path)
      return fd
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      throw diskError(error, { verb: 'open', path })
    }
  }

  #pathOf(file: number): string {
    return join(this.#directory, ...(this.#metainfo.files[file]?.path ?? []))
  }
}

function changed(path: string): StorageError {
  return new StorageError('FILE_CHANGED', `${path} is not what the torrent was made of any more`)
}
