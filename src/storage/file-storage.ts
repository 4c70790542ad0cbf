/**
 * A torrent's bytes in files below the output directory. What it promises:
 *
 * - only verified pieces are written, and nothing outside the output and state directories, whatever is there;
 * - a file under its final name is whole; until then it is NAME.part (unless `usePartFiles` is false);
 * - files that somebody else made are adopted when they match, and never changed unless `force`;
 * - the resume record never says more than what lies on disk (resume-file.ts, file-identity.ts).
 *
 * The parts: inspect-files and existing-pieces find out what is there, settle-files puts it in order, data-files does
 * all work on single files, file-table knows their state.
 */
import type { LogSink } from '../common/log.ts'
import type { FileSpan } from '../metainfo/file-layout.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { ResumeRecord } from './resume-file.ts'
import type { CheckProgress, Storage } from './storage.ts'
import type { VerifyOptions } from './verify-file.ts'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Bitfield } from '../common/bitfield.ts'
import { systemClock, sleep } from '../common/clock.ts'
import { messageOf, StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { DataFiles } from './data-files.ts'
import { diskError } from './disk-errors.ts'
import { findExistingPieces } from './existing-pieces.ts'
import { FilePaths } from './file-paths.ts'
import { FileTable } from './file-table.ts'
import { inspectFiles } from './inspect-files.ts'
import { LockFile } from './lock-file.ts'
import { RecordKeeper } from './record-keeper.ts'
import { firstBytes, lengthOf, withoutFirst } from './scatter.ts'
import { readBootId, ResumeFile } from './resume-file.ts'
import { assertWritable, makeRoot } from './safe-directories.ts'
import { assertSpace, missingBytes, settleFiles } from './settle-files.ts'
import { otherWork, Turns } from './turns.ts'
import { confirmFiles, verifyIfTouched } from './verify-file.ts'

export interface FileStorageOptions {
  readonly metainfo: Metainfo
  /** Absolute. Made if it is missing. */
  readonly outputDirectory: string
  /** The same as the user wrote it, for messages. */
  readonly shownDirectory?: string
  /** Absolute; resume records and locks lie here. */
  readonly stateDirectory: string
  /** NAME.part until a file is whole. */
  readonly usePartFiles: boolean
  /** Files that somebody else made and that do not match are replaced. */
  readonly force: boolean
  readonly log: LogSink
  /** Names the boot that the system is in; undefined: nothing is taken on trust. */
  readonly bootId?: () => string | undefined
}

/** Longer than a tick of file timestamps (at most 10 ms on Linux): files too fresh to be recorded no longer are. */
const TIMESTAMP_TICK_MS = 20

export class FileStorage implements Storage {
  readonly #options: FileStorageOptions
  readonly #bootId: string | undefined
  readonly #metainfo: Metainfo
  readonly #paths: FilePaths
  readonly #table: FileTable
  readonly #files: DataFiles
  readonly #resume: ResumeFile
  readonly #firstPlace: 'part' | 'final'
  readonly #keeper: RecordKeeper
  readonly #verifyOptions: VerifyOptions
  /** Verified and written. */
  #have: Bitfield
  #missingBytes: number
  #lock: LockFile | undefined
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
    this.#paths = new FilePaths(metainfo.files, outputDirectory, options.shownDirectory ?? outputDirectory)
    this.#table = new FileTable(metainfo)
    this.#files = new DataFiles({
      paths: this.#paths,
      table: this.#table,
      firstPlace: this.#firstPlace,
      neededBytes: () => this.#missingBytes,
    })
    this.#resume = new ResumeFile({
      stateDirectory,
      infoHash: metainfo.infoHash,
      root: outputDirectory,
      pieceCount: metainfo.geometry.pieceCount,
      fileCount: metainfo.files.length,
    })
    this.#keeper = new RecordKeeper({
      table: this.#table,
      files: this.#files,
      resume: this.#resume,
      fileCount: metainfo.files.length,
      bootId: this.#bootId,
      firstPlace: this.#firstPlace,
    })
    const read = async (start: number, into: Buffer): Promise<void> => this.#read(start, [into])
    this.#verifyOptions = { metainfo, table: this.#table, files: this.#files, read }
  }

  /**
   * @returns the caller's to keep
   * @throws StorageError LOCKED, FILE_IN_THE_WAY, DISK_FULL, DISK_NOT_WRITABLE, DISK_NOT_A_DIRECTORY,
   * DISK_PATH_UNSAFE, DISK_NAME_TOO_LONG, DISK_IO, FILE_CHANGED; STORAGE_CLOSED from the others after `close`
   */
  async open(progress: CheckProgress): Promise<Bitfield> {
    const opening = this.#openLocked(progress)
    this.#opening = opening
    return opening
  }

  async writePiece(piece: PieceIndex, bytes: Buffer): Promise<readonly number[]> {
    this.#assertOpen()
    if (this.#have.has(piece)) return []
    const start = pieceStart(this.#metainfo.geometry, piece)
    const spans = fileSpans(this.#metainfo.files, start, pieceLength(this.#metainfo.geometry, piece))
    const realSpans: FileSpan[] = []
    const turns = new Turns()
    let at = 0
    for (const span of spans) {
      if (turns.isOver()) await this.#otherWork()
      if (this.#table.isReal(span.file)) {
        this.#writeSpan(piece, span, bytes.subarray(at, at + span.length))
        realSpans.push(span)
      }
      at += span.length
    }
    this.#have.set(piece)
    const whole: number[] = []
    for (const { file, length } of realSpans) {
      this.#missingBytes -= length
      if (this.#table.pieceArrived(file)) whole.push(file)
    }
    for (const file of whole) {
      if (turns.isOver()) await this.#otherWork()
      await this.#finishFile(file)
    }
    return whole
  }

  async read(start: number, ...into: Buffer[]): Promise<void> {
    this.#assertOpen()
    await this.#read(start, into)
  }

  async confirm(): Promise<void> {
    this.#assertOpen()
    await confirmFiles(this.#verifyOptions)
  }

  async save(): Promise<void> {
    this.#assertOpen()
    this.#saveNow() // synchronous: it has to be one moment's state
    return Promise.resolve()
  }

  async close(): Promise<void> {
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

  #acquireLock(): LockFile {
    const { outputDirectory, stateDirectory } = this.#options
    makeRoot(outputDirectory, this.#paths.shownRoot)
    let root
    try {
      root = realpathSync(outputDirectory)
    } catch (error) {
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
    const { signal } = progress
    const record = this.#loadRecord(progress)
    const { force } = this.#options
    const table = this.#table
    const paths = this.#paths
    const inspection = await inspectFiles({ paths, table, record, bootId: this.#bootId, force, signal })
    for (const notice of inspection.notices) progress.onNotice(notice)
    this.#have = await findExistingPieces({ ...this.#verifyOptions, paths, inspection, record }, progress)
    this.#files.closeAll() // opened for reading before it was known which of them will be written
    for (const [file] of table.realFiles()) table.countMissing(file, (piece) => this.#have.has(piece))
    if (!this.#have.isFull) assertWritable(paths.root, paths.shownRoot)
    assertSpace(this.#metainfo, { table, paths, have: this.#have }, inspection)
    this.#missingBytes = missingBytes(this.#metainfo, table, this.#have)
    this.#saveNow() // before the first change on disk, so that what we make is known to be ours
    await settleFiles(table, this.#files, inspection, this.#firstPlace)
    const wasHashed = inspection.trusted.size < inspection.sizes.size
    if (wasHashed && this.#have.isFull) await confirmFiles(this.#verifyOptions) // nobody may ask for it later
    this.#files.holdReserve()
    for (const [file] of table.realFiles()) if (table.isWhole(file)) progress.onFileWhole(file)
    return copyOf(this.#have)
  }

  #loadRecord(progress: CheckProgress): ResumeRecord | undefined {
    const record = this.#resume.load()
    if (typeof record !== 'string') return record
    progress.onNotice(record)
    return undefined
  }

  async #read(start: number, into: readonly Buffer[]): Promise<void> {
    if (this.#phase === 'closed') throw isClosed() // files that are being hashed must not be opened anew
    let left = into
    for (const { file, offset, length } of fileSpans(this.#metainfo.files, start, lengthOf(into))) {
      const parts = firstBytes(left, length)
      if (this.#table.isReal(file)) await this.#files.read(file, offset, parts)
      else for (const part of parts) part.fill(0)
      left = withoutFirst(left, length)
    }
  }

  #writeSpan(piece: PieceIndex, { file, offset }: FileSpan, bytes: Buffer): void {
    if (this.#table.place(file) !== 'adopted') {
      this.#files.write(file, offset, bytes)
    } else if (!this.#files.holds(file, offset, bytes)) {
      const message = `${this.#files.shown(file)} is in the way: a different file, piece ${piece} does not match`
      throw new StorageError('FILE_IN_THE_WAY', `${message} (--force replaces what does not)`)
    }
  }

  /** Its last piece was written. */
  async #finishFile(file: number): Promise<void> {
    if (this.#table.place(file) === 'adopted') return
    const { size } = this.#files.look(file)
    if (size !== BigInt(this.#table.lengthOf(file))) {
      this.#table.giveUp(file)
      throw this.#files.changed(file, `has become ${size} bytes long`)
    }
    await verifyIfTouched(this.#verifyOptions, file)
    this.#assertOpen()
    if (this.#table.place(file) === 'part') {
      this.#files.withSpareDescriptor(() => {
        this.#resume.appendFinal(file)
      })
      this.#files.move(file, 'final')
    }
  }

  /** For the pauses of a long piece: `close` may have come meanwhile. */
  async #otherWork(): Promise<void> {
    await otherWork()
    this.#assertOpen()
  }

  #saveNow(): void {
    this.#files.withSpareDescriptor(() => {
      this.#keeper.save(this.#have)
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

  #assertOpen(): void {
    if (this.#phase !== 'open') throw isClosed()
  }
}

function isClosed(): StorageError {
  return new StorageError('STORAGE_CLOSED', 'the storage is closed')
}

function copyOf(bits: Bitfield): Bitfield {
  const copy = new Bitfield(bits.length)
  for (const index of bits.indices()) copy.set(index)
  return copy
}
