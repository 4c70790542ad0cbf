/**
 * A torrent's bytes in files below the output directory. What it promises:
 *
 * - only verified pieces are written, and nothing outside the output and state directories, whatever is there;
 * - a file under its final name is whole; until then it is NAME.part (unless `usePartFiles` is false);
 * - files that somebody else made are adopted when they match, and never changed unless `force`;
 * - the resume record never says more than what lies on disk (resume-file.ts, file-identity.ts).
 *
 * The parts: inspect-files and existing-pieces find out what is there, settle-files puts it in order, data-files does
 * all work on single files, file-table knows their state, piece-writer writes, stored-bytes reads.
 */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { FileStorageOptions } from './file-storage-options.ts'
import type { HashSource } from './hash-pieces.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { ResumeRecord } from './resume-file.ts'
import type { CheckProgress, Storage } from './storage.ts'
import type { VerifyOptions } from './verify-file.ts'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Bitfield } from '../common/bitfield.ts'
import { systemClock, sleep } from '../common/clock.ts'
import { messageOf, StorageError, systemCodeOf } from '../common/errors.ts'
import { allocateFiles } from './allocate-files.ts'
import { pieceIndices } from '../metainfo/geometry.ts'
import { DataFiles } from './data-files.ts'
import { dataMissing } from './data-missing.ts'
import { diskError } from './disk-errors.ts'
import { DiskWait } from './disk-wait.ts'
import { findExistingPieces } from './existing-pieces.ts'
import { FilePaths } from './file-paths.ts'
import { FileTable } from './file-table.ts'
import { inspectFiles } from './inspect-files.ts'
import type { Inspection } from './inspect-files.ts'
import { LockFile } from './lock-file.ts'
import { PartsFile } from './parts-file.ts'
import { PieceWriter } from './piece-writer.ts'
import { RecordKeeper } from './record-keeper.ts'
import { readBootId, ResumeFile } from './resume-file.ts'
import { assertWritable, makeRoot, SafeDirectories } from './safe-directories.ts'
import { assertSpace, missingBytes, planParts, settleParts, tidyParts } from './settle-files.ts'
import { StoredBytes } from './stored-bytes.ts'
import { settleWhole } from './settle-whole.ts'
import { confirmFiles } from './verify-file.ts'

/** Longer than a tick of file timestamps (at most 10 ms on Linux): files too fresh to be recorded no longer are. */
const TIMESTAMP_TICK_MS = 20

export class FileStorage implements Storage {
  readonly #options: FileStorageOptions
  readonly #bootId: string | undefined
  readonly #metainfo: Metainfo
  readonly #paths: FilePaths
  readonly #directories = new SafeDirectories()
  readonly #table: FileTable
  readonly #files: DataFiles
  readonly #resume: ResumeFile
  readonly #firstPlace: 'part' | 'final'
  readonly #parts: PartsFile
  readonly #bytes: StoredBytes
  readonly #keeper: RecordKeeper
  readonly #verifyOptions: VerifyOptions
  readonly #writer: PieceWriter
  /** Verified and written. */
  #have: Bitfield
  #missingBytes: number
  #lock: LockFile | undefined
  readonly #space: DiskWait
  /** The state directory may lie on another disk. */
  readonly #recordSpace: DiskWait
  #onNotice: (message: string) => void = () => undefined
  #phase: 'opening' | 'open' | 'closed' = 'opening'
  #opening: Promise<Bitfield> | undefined

  constructor(options: FileStorageOptions) {
    const { metainfo, outputDirectory, stateDirectory } = options
    this.#options = options
    this.#bootId = (options.bootId ?? readBootId)()
    this.#metainfo = metainfo
    this.#firstPlace = options.usePartFiles ? 'part' : 'final'
    this.#have = new Bitfield(metainfo.geometry.pieceCount)
    this.#missingBytes = metainfo.geometry.totalBytes
    const onNotice = (message: string): void => {
      this.#onNotice(message)
    }
    this.#space = new DiskWait(options, onNotice)
    this.#recordSpace = new DiskWait(options, onNotice)
    this.#resume = new ResumeFile({
      stateDirectory,
      infoHash: metainfo.infoHash,
      root: outputDirectory,
      pieceCount: metainfo.geometry.pieceCount,
      fileCount: metainfo.files.length,
    })
    const { shownDirectory = outputDirectory } = options
    this.#paths = new FilePaths(metainfo.files, outputDirectory, shownDirectory, this.#resume.partsPath)
    this.#table = new FileTable(metainfo, options.wantedFiles)
    this.#files = new DataFiles({
      paths: this.#paths,
      directories: this.#directories,
      table: this.#table,
      firstPlace: this.#firstPlace,
      neededBytes: () => this.#missingBytes,
      isReadOnly: options.isReadOnly ?? false,
      allocation: options.allocation ?? 'none',
      write: options.write,
      sync: options.sync,
    })
    this.#parts = new PartsFile({ metainfo, table: this.#table, files: this.#files })
    this.#keeper = new RecordKeeper({
      table: this.#table,
      files: this.#files,
      resume: this.#resume,
      fileCount: metainfo.files.length,
      bootId: this.#bootId,
      firstPlace: this.#firstPlace,
    })
    this.#bytes = new StoredBytes({ metainfo, table: this.#table, files: this.#files, parts: this.#parts })
    const source: HashSource = {
      read: async (start, into) => {
        this.#assertNotClosed()
        await this.#bytes.read(start, [into])
      },
      withDescriptors: async (start, length, use) => {
        this.#assertNotClosed()
        return this.#bytes.withDescriptors(start, length, use)
      },
      log: options.log,
      pool: options.hashPool,
    }
    this.#verifyOptions = { metainfo, table: this.#table, files: this.#files, source }
    this.#writer = this.#makeWriter()
  }

  /**
   * @returns the caller's to keep
   * @throws StorageError LOCKED, FILE_IN_THE_WAY, DISK_FULL, DISK_NOT_WRITABLE, DISK_NOT_A_DIRECTORY,
   * DISK_PATH_UNSAFE, DISK_NAME_TOO_LONG, DISK_IO, FILE_CHANGED, DATA_MISSING; STORAGE_CLOSED from the others after `close`
   */
  async open(progress: CheckProgress): Promise<Bitfield> {
    const opening = this.#openLocked(progress)
    this.#opening = opening
    return opening
  }

  /**
   * What `open` would find, without a lock, a record or any other change on disk; instead of `open`.
   * @throws StorageError as `open` does, as far as it can be told
   */
  async survey(progress: CheckProgress): Promise<Bitfield> {
    try {
      this.#assertSpace((await this.#look(progress)).inspection)
      return this.#have.copy()
    } finally {
      this.#phase = 'closed'
      this.#release()
    }
  }

  writePieces(first: PieceIndex, pieces: readonly Buffer[]): readonly number[] | Promise<readonly number[]> {
    this.#assertOpen()
    return this.#writer.write(first, pieces)
  }

  async read(start: number, ...into: Buffer[]): Promise<void> {
    this.#assertOpen()
    await this.#bytes.read(start, into)
  }

  async confirm(): Promise<void> {
    this.#assertOpen()
    await confirmFiles(this.#verifyOptions)
  }

  async save(): Promise<void> {
    this.#assertOpen()
    try {
      this.#saveNow() // synchronous: it has to be one moment's state
      this.#recordSpace.onWritten()
    } catch (error) {
      // The next save comes by itself, and the one before still holds.
      if (!this.#recordSpace.canWaitFor(error)) throw error
      this.#recordSpace.onFull(error)
    }
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#endWaits()
    await this.#opening?.catch(() => undefined) // whoever called `open` hears of it
    if (this.#phase !== 'open') return
    this.#phase = 'closed'
    try {
      this.#saveNow()
      if (this.#keeper.isWaiting) {
        await sleep(systemClock, TIMESTAMP_TICK_MS)
        this.#saveNow()
      }
    } catch (error) {
      this.#options.log('error', 'storage', messageOf(error))
    }
    this.#release()
  }

  #endWaits(): void {
    this.#space.end()
    this.#recordSpace.end()
  }

  #makeWriter(): PieceWriter {
    return new PieceWriter({
      ...{ verifyOptions: this.#verifyOptions, paths: this.#paths, parts: this.#parts, resume: this.#resume },
      ...{ space: this.#space, syncs: this.#options.syncs ?? false },
      have: () => this.#have,
      onWritten: (bytes) => {
        this.#missingBytes -= bytes
      },
      assertOpen: () => {
        this.#assertOpen()
      },
    })
  }

  #acquireLock(): LockFile {
    const { outputDirectory, stateDirectory } = this.#options
    if (this.#options.isReadOnly !== true) makeRoot(outputDirectory, this.#paths.shownRoot)
    let root
    try {
      root = realpathSync(outputDirectory)
    } catch (error) {
      if (this.#options.isReadOnly === true && systemCodeOf(error) === 'ENOENT') throw this.#dataMissing()
      throw diskError(error, { verb: 'open', path: this.#paths.shownRoot })
    }
    const { name } = this.#metainfo
    return LockFile.acquire(stateDirectory, join(root, name), join(this.#paths.shownRoot, name))
  }

  async #openLocked(progress: CheckProgress): Promise<Bitfield> {
    progress.signal.throwIfAborted()
    this.#lock = this.#acquireLock()
    try {
      const have = await this.#open(progress)
      this.#phase = 'open'
      return have
    } catch (error) {
      this.#release()
      throw error
    }
  }

  async #open(progress: CheckProgress): Promise<Bitfield> {
    const table = this.#table
    const paths = this.#paths
    const { inspection, record } = await this.#look(progress)
    if (this.#options.isReadOnly === true) return this.#openAsItIs(inspection, progress)
    const isComplete = !this.#isMissingAny()
    if (!isComplete) assertWritable(paths.root, paths.shownRoot)
    await this.#space.retry(() => {
      this.#assertSpace(inspection)
    })
    this.#missingBytes = missingBytes(this.#metainfo, table, this.#have)
    const plan = planParts({ metainfo: this.#metainfo, table, parts: this.#parts }, inspection, record)
    for (const piece of plan.toCopy) this.#have.clear(piece) // the record must not say that files have them already
    // Before the first change on disk, so that what we make is known to be ours.
    await this.#saveWhenRoom()
    const copied = new Set(plan.spans.map(({ file }) => file))
    this.#countMissing(copied) // they are written to: a whole file would be opened for reading only
    await this.#space.retry(async () => settleParts(table, this.#parts, plan))
    for (const piece of plan.toCopy) this.#have.set(piece)
    this.#countMissing(copied)
    // Killed before that, they are found in the parts file: the record vouches for files that lack them.
    if (plan.toCopy.length > 0) await this.#saveWhenRoom()
    await this.#space.retry(() => {
      tidyParts(table, this.#parts)
    })
    const whole = [...table.wantedFiles()].map(([file]) => file).filter((file) => table.isWhole(file))
    const syncs = this.#options.syncs ?? false
    await settleWhole(this.#verifyOptions, { paths, inspection, firstPlace: this.#firstPlace, syncs }, whole)
    if (this.#options.allocation === 'full' && !isComplete) await this.#allocate(progress)
    const wasHashed = inspection.trusted.size < inspection.sizes.size
    if (wasHashed && isComplete) await confirmFiles(this.#verifyOptions) // nobody may ask for it later
    this.#files.holdReserve()
    for (const file of whole) progress.onFileWhole(file)
    return this.#have.copy()
  }

  /** All of it lies in files, under whatever name, or it is an error. */
  async #openAsItIs(inspection: Inspection, progress: CheckProgress): Promise<Bitfield> {
    const { metainfo } = this.#options
    const plan = planParts({ metainfo, table: this.#table, parts: this.#parts }, inspection, undefined)
    for (const piece of plan.toCopy) this.#have.clear(piece)
    if (this.#isMissingAny()) throw this.#dataMissing()
    this.#saveNow()
    if (inspection.trusted.size < inspection.sizes.size) await confirmFiles(this.#verifyOptions)
    this.#files.holdReserve()
    for (const [file] of this.#table.wantedFiles()) progress.onFileWhole(file)
    return this.#have.copy()
  }

  #dataMissing(): StorageError {
    return dataMissing({ metainfo: this.#metainfo, table: this.#table, paths: this.#paths, have: this.#have })
  }

  #countMissing(files: Iterable<number>): void {
    for (const file of files) this.#table.countMissing(file, (piece) => this.#have.has(piece))
  }

  #isMissingAny(): boolean {
    for (const piece of pieceIndices(this.#metainfo.geometry)) {
      if (!this.#have.has(piece) && this.#table.isWantedPiece(piece)) return true
    }
    return false
  }

  /** Finds out what is there; changes nothing. */
  async #look(
    progress: CheckProgress,
  ): Promise<{ inspection: Inspection; record: ResumeRecord | undefined }> {
    const { signal } = progress
    this.#onNotice = (message) => {
      progress.onNotice(message)
    }
    signal.addEventListener('abort', () => {
      this.#endWaits()
    })
    const record = this.#loadRecord(progress)
    const { force, hashesAll = false, isReadOnly = false } = this.#options
    const table = this.#table
    const paths = this.#paths
    const parts = this.#parts
    const inspection = await inspectFiles({
      ...{ paths, directories: this.#directories, table },
      ...{ record, bootId: this.#bootId, force, hashesAll, isReadOnly, signal },
    })
    for (const notice of inspection.notices) progress.onNotice(notice)
    this.#have = await findExistingPieces(
      { ...this.#verifyOptions, paths, inspection, record, parts, isReadOnly },
      progress,
    )
    this.#files.closeAll() // opened for reading before it was known which of them will be written
    for (const [file] of table.realFiles()) table.countMissing(file, (piece) => this.#have.has(piece))
    return { inspection, record }
  }

  #assertSpace(inspection: Inspection): void {
    const have = this.#have
    assertSpace(this.#metainfo, { table: this.#table, paths: this.#paths, have }, inspection)
  }

  async #allocate(progress: CheckProgress): Promise<void> {
    const attempt = async (write: () => Promise<void>): Promise<void> => this.#space.retry(write)
    const { table, files } = this.#verifyOptions
    await allocateFiles({ metainfo: this.#metainfo, table, files, have: this.#have, attempt }, progress)
  }

  #loadRecord(progress: CheckProgress): ResumeRecord | undefined {
    const record = this.#resume.load()
    if (typeof record !== 'string') return record
    progress.onNotice(record)
    return undefined
  }

  #saveNow(): void {
    this.#files.withSpareDescriptor(() => {
      this.#keeper.save(this.#have)
    })
  }

  async #saveWhenRoom(): Promise<void> {
    await this.#recordSpace.retry(() => {
      this.#saveNow()
    })
  }

  #release(): void {
    try {
      this.#files.closeAll()
    } catch (error) {
      this.#options.log('error', 'storage', messageOf(error))
    }
    this.#lock?.release()
    this.#lock = undefined
  }

  /** Files that are being hashed must not be opened anew. */
  #assertNotClosed(): void {
    if (this.#phase === 'closed') throw isClosed()
  }

  #assertOpen(): void {
    if (this.#phase !== 'open') throw isClosed()
  }
}

function isClosed(): StorageError {
  return new StorageError('STORAGE_CLOSED', 'the storage is closed')
}
