/**
 * A torrent's files as they lie on disk, for those who only read: nothing is locked, made, moved or recorded, and no
 * link is followed. A file lies under its final name, or else under its part name.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { HashSource } from './hash-pieces.ts'
import type { HashPool } from './hash-pool.ts'
import type { BigIntStats } from 'node:fs'
import { accessSync, constants, lstatSync, statSync } from 'node:fs'
import { StorageError } from '../common/errors.ts'
import { DataFiles } from './data-files.ts'
import { diskError } from './disk-errors.ts'
import { FilePaths } from './file-paths.ts'
import { FileTable } from './file-table.ts'
import { PartsFile } from './parts-file.ts'
import { ResumeFile } from './resume-file.ts'
import { SafeDirectories } from './safe-directories.ts'
import { StoredBytes } from './stored-bytes.ts'

export interface StoredFilesOptions {
  readonly metainfo: Metainfo
  /** Absolute. */
  readonly outputDirectory: string
  /** The same as the user wrote it, for messages. */
  readonly shownDirectory: string
  /** Absolute; pieces that belong to no chosen file alone may wait here. */
  readonly stateDirectory: string
  /** Undefined: all. */
  readonly wantedFiles?: Bitfield | undefined
  readonly log: LogSink
  /** Undefined: the process's own. */
  readonly hashPool?: HashPool | undefined
}

/** Why a file cannot be compared: something else has its name, or it cannot be read. */
export interface FileFault {
  readonly kind: 'not-a-file' | 'unreadable'
  readonly error: StorageError
}

export type FoundFile =
  | { readonly place: 'final' | 'part'; readonly sizeBytes: number }
  | { readonly place: 'absent' }
  | { readonly place: 'fault'; readonly fault: FileFault }

const ABSENT: FoundFile = { place: 'absent' }

export class StoredFiles {
  readonly paths: FilePaths
  readonly table: FileTable
  readonly files: DataFiles
  /** Empty until `findParts`. */
  readonly parts: PartsFile
  /** Of files that were found. */
  readonly source: HashSource
  readonly #directories = new SafeDirectories()

  constructor(options: StoredFilesOptions) {
    const { metainfo, outputDirectory, shownDirectory, stateDirectory, wantedFiles, log, hashPool } = options
    const { files, geometry, infoHash } = metainfo
    const { pieceCount } = geometry
    const record = { stateDirectory, infoHash, root: outputDirectory, pieceCount, fileCount: files.length }
    this.paths = new FilePaths(files, outputDirectory, shownDirectory, new ResumeFile(record).partsPath)
    this.table = new FileTable(metainfo, wantedFiles)
    this.files = new DataFiles({
      ...{ paths: this.paths, directories: this.#directories, table: this.table },
      ...{ firstPlace: 'part', neededBytes: () => 0, allocation: 'none', isReadOnly: true },
    })
    this.parts = new PartsFile({ metainfo, table: this.table, files: this.files })
    const bytes = new StoredBytes({ metainfo, table: this.table, files: this.files, parts: this.parts })
    this.source = {
      read: async (start, into) => bytes.read(start, [into]),
      withDescriptors: async (start, length, use) => bytes.withDescriptors(start, length, use),
      log,
      pool: hashPool,
    }
  }

  /** Is there an output directory? @throws StorageError DISK_NOT_A_DIRECTORY, DISK_NOT_WRITABLE... */
  isRootThere(): boolean {
    const { root, shownRoot } = this.paths
    let stat
    try {
      stat = statSync(root, { throwIfNoEntry: false })
    } catch (error) {
      throw diskError(error, { verb: 'open', path: shownRoot })
    }
    if (stat?.isDirectory() === false)
      throw new StorageError('DISK_NOT_A_DIRECTORY', `cannot use ${shownRoot}: it is not a directory`)
    return stat !== undefined
  }

  /** Finds a file; from then on it can be read, and is known again. */
  find(file: number): FoundFile {
    try {
      if (!this.#directories.check(this.paths.directoryOf(file))) return ABSENT
      const found = this.#findAs(file, 'final')
      // An empty one is whole once it is there: it never has a part name.
      if (found !== ABSENT || this.table.lengthOf(file) === 0) return found
      return this.#findAs(file, 'part')
    } catch (error) {
      const fault = diskError(error, { verb: 'inspect', path: this.paths.shown(file, 'final') })
      const isInTheWay = fault.code === 'DISK_PATH_UNSAFE' || fault.code === 'DISK_NOT_A_DIRECTORY'
      return faultOf(isInTheWay ? 'not-a-file' : 'unreadable', fault)
    }
  }

  /** Finds the pieces that wait outside the torrent's files (parts-file.ts). @throws StorageError DISK_IO... */
  async findParts(): Promise<void> {
    const file = this.table.partsFile
    const stat = this.#lstat(file, 'final')
    if (stat?.isFile() !== true) return
    this.#setFound(file, 'final', stat)
    await this.parts.load(Number(stat.size))
  }

  close(): void {
    this.files.closeAll()
  }

  #findAs(file: number, form: 'final' | 'part'): FoundFile {
    const stat = this.#lstat(file, form)
    if (stat === undefined) return ABSENT
    const shown = this.paths.shown(file, form)
    if (!stat.isFile()) {
      if (form === 'part') return ABSENT
      const message = `${shown} is ${kindOf(stat)}, not a file`
      return faultOf('not-a-file', new StorageError('FILE_IN_THE_WAY', message))
    }
    try {
      accessSync(form === 'part' ? this.paths.partPath(file) : this.paths.finalPath(file), constants.R_OK)
    } catch (error) {
      return faultOf('unreadable', diskError(error, { verb: 'read', path: shown }))
    }
    this.#setFound(file, form, stat)
    return { place: form, sizeBytes: Number(stat.size) }
  }

  #lstat(file: number, form: 'final' | 'part'): BigIntStats | undefined {
    const path = form === 'part' ? this.paths.partPath(file) : this.paths.finalPath(file)
    try {
      return lstatSync(path, { bigint: true, throwIfNoEntry: false })
    } catch (error) {
      throw diskError(error, { verb: 'inspect', path: this.paths.shown(file, form) })
    }
  }

  #setFound(file: number, form: 'final' | 'part', stat: BigIntStats): void {
    this.table.setPlace(file, form === 'part' ? 'part' : 'adopted')
    this.table.setIdentity(file, stat, true)
  }
}

function faultOf(kind: FileFault['kind'], error: StorageError): FoundFile {
  return { place: 'fault', fault: { kind, error } }
}

function kindOf(stat: BigIntStats): string {
  if (stat.isSymbolicLink()) return 'a symbolic link'
  return stat.isDirectory() ? 'a directory' : 'a device, a socket or a pipe'
}
