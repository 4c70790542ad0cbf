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
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { RecordedFile, ResumeRecord } from './resume-file.ts'
import type { CheckProgress, Storage } from './storage.ts'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { Bitfield } from '../common/bitfield.ts'
import { systemClock, sleep } from '../common/clock.ts'
import { messageOf, StorageError } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import { checkPiece, pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { DataFiles } from './data-files.ts'
import { diskError } from './disk-errors.ts'
import { findExistingPieces } from './existing-pieces.ts'
import { identityOf, isRacy } from './file-identity.ts'
import { FilePaths } from './file-paths.ts'
import { FileTable } from './file-table.ts'
import { inspectFiles } from './inspect-files.ts'
import { LockFile } from './lock-file.ts'
import { recheck } from './recheck.ts'
import { readBootId, ResumeFile } from './resume-file.ts'
import { makeRoot } from './safe-directories.ts'
import { assertSpace, missingBytes, pieceBytesOnDisk, settleFiles } from './settle-files.ts'

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

/** Longer than the tick of file timestamps (at most 10 ms on Linux): see `isRacy`. */
const TIMESTAMP_TICK_MS = 20

export class FileStorage implements Storage {
  readonly #options: FileStorageOptions
  readonly #metainfo: Metainfo
  readonly #paths: FilePaths
  readonly #table: FileTable
  readonly #files: DataFiles
  readonly #resume: ResumeFile
  readonly #firstPlace: 'part' | 'final'
  readonly #bootId: string | undefined
  /** Verified and written. */
  #have: Bitfield
  #missingBytes: number
  #isRecordStale = false
  #lock: LockFile | undefined

  constructor(options: FileStorageOptions) {
    const { metainfo, outputDirectory, stateDirectory } = options
    this.#options = options
    this.#metainfo = metainfo
    this.#firstPlace = options.usePartFiles ? 'part' : 'final'
    this.#bootId = (options.bootId ?? readBootId)()
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
  }

  /**
   * @returns the caller's to keep
   * @throws StorageError LOCKED, FILE_IN_THE_WAY, DISK_FULL, DISK_NOT_WRITABLE, DISK_NOT_A_DIRECTORY,
   * DISK_PATH_UNSAFE, DISK_NAME_TOO_LONG, DISK_IO, FILE_CHANGED; then nothing was changed but for directories
   */
  async open(progress: CheckProgress): Promise<Bitfield> {
    progress.signal.throwIfAborted()
    this.#lock = this.#acquireLock()
    try {
      return await this.#open(progress)
    } catch (error) {
      this.#release()
      throw error
    }
  }

  async writePiece(piece: PieceIndex, bytes: Buffer): Promise<readonly number[]> {
    this.#assertOpen()
    if (this.#have.has(piece)) return []
    const start = pieceStart(this.#metainfo.geometry, piece)
    const spans = fileSpans(this.#metainfo.files, start, pieceLength(this.#metainfo.geometry, piece))
    let at = 0
    for (const { file, offset, length } of spans) {
      if (this.#table.isReal(file)) this.#writeSpan(piece, file, offset, bytes.subarray(at, at + length))
      at += length
    }
    this.#have.set(piece)
    this.#isRecordStale = true
    this.#missingBytes -= pieceBytesOnDisk(this.#metainfo, this.#table, piece)
    const whole = spans.map(({ file }) => file).filter((file) => this.#table.isReal(file) && this.#table.pieceArrived(file))
    for (const file of whole) await this.#finishFile(file)
    return whole
  }

  async read(start: number, into: Buffer): Promise<void> {
    this.#assertOpen()
    let at = 0
    for (const { file, offset, length } of fileSpans(this.#metainfo.files, start, into.length)) {
      const part = into.subarray(at, at + length)
      if (this.#table.isReal(file)) await this.#files.read(file, offset, part)
      else part.fill(0)
      at += length
    }
  }

  async confirm(): Promise<void> {
    this.#assertOpen()
    for (const [file] of this.#table.realFiles()) {
      if (!this.#table.isWhole(file)) continue
      const stat = this.#lookOrGiveUp(file)
      if (identityOf(stat) !== this.#table.identity(file) || this.#table.isSuspect(file)) await this.#verify(file)
    }
  }

  async save(): Promise<void> {
    this.#assertOpen()
    return Promise.resolve(this.#saveNow()) // at once, not later: it must be one moment's state
  }

  async close(): Promise<void> {
    if (this.#lock === undefined) return
    try {
      this.#saveNow()
      if (this.#table.unsettledFiles().length > 0) {
        await sleep(systemClock, TIMESTAMP_TICK_MS) // what was too fresh to be recorded no longer is
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

  async #open(progress: CheckProgress): Promise<Bitfield> {
    const { signal } = progress
    const record = this.#loadRecord(progress)
    const { force } = this.#options
    const table = this.#table
    const paths = this.#paths
    const inspection = await inspectFiles({ paths, table, record, bootId: this.#bootId, force, signal })
    for (const notice of inspection.notices) progress.onNotice(notice)
    const read = async (start: number, into: Buffer): Promise<void> => this.read(start, into)
    const options = { metainfo: this.#metainfo, table, paths, inspection, record, read }
    this.#have = await findExistingPieces(options, progress)
    this.#files.closeAll() // opened for reading before it was known which of them will be written
    for (const [file] of table.realFiles()) table.countMissing(file, (piece) => this.#have.has(piece))
    assertSpace(this.#metainfo, { table, paths, have: this.#have }, inspection)
    this.#missingBytes = missingBytes(this.#metainfo, table, this.#have)
    this.#isRecordStale = true
    this.#saveNow() // before the first change on disk, so that what we make is known to be ours
    settleFiles(table, this.#files, inspection, this.#firstPlace)
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

  #writeSpan(piece: PieceIndex, file: number, offset: number, bytes: Buffer): void {
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
    if (this.#table.isSuspect(file)) await this.#verify(file)
    const { size } = this.#lookOrGiveUp(file)
    if (size !== BigInt(this.#table.lengthOf(file))) {
      this.#table.giveUp(file)
      throw this.#files.changed(file, `has become ${size} bytes long`)
    }
    if (this.#table.place(file) === 'part') {
      this.#resume.appendFinal(file)
      this.#files.move(file, 'final')
    }
    this.#table.setIdentity(file, this.#lookOrGiveUp(file))
  }

  /** Hashes every piece of a whole file again. @throws StorageError FILE_CHANGED */
  async #verify(file: number): Promise<void> {
    const stat = this.#lookOrGiveUp(file)
    let isRight = stat.size === BigInt(this.#table.lengthOf(file))
    this.#table.setSuspect(file, true)
    this.#isRecordStale = true
    if (isRight) {
      await recheck({
        metainfo: this.#metainfo,
        pieces: [...this.#table.piecesOf(file)].flatMap((piece) => checkPiece(this.#metainfo.geometry, piece) ?? []),
        read: async (start, into) => this.read(start, into),
        onPiece(_piece, isPieceRight) {
          isRight &&= isPieceRight
        },
      })
    }
    if (!isRight) {
      this.#table.giveUp(file)
      throw this.#files.changed(file, 'changed')
    }
    this.#table.setSuspect(file, false)
    this.#table.setIdentity(file, stat)
  }

  #lookOrGiveUp(file: number): ReturnType<DataFiles['lookAtOurs']> {
    try {
      return this.#files.lookAtOurs(file)
    } catch (error) {
      this.#table.giveUp(file)
      this.#isRecordStale = true
      throw error
    }
  }

  /** @throws StorageError FILE_CHANGED after the record was saved without the files that are not what they were */
  #saveNow(): void {
    if (!this.#isRecordStale && this.#table.unsettledFiles().length === 0) return
    const changes: unknown[] = []
    this.#resume.save((stampNs) => {
      for (const file of this.#table.unsettledFiles()) {
        try {
          this.#takeIdentity(file, stampNs)
        } catch (error) {
          changes.push(error)
        }
      }
      return { bootId: this.#bootId, pieces: this.#have, files: this.#recordedFiles() }
    })
    this.#isRecordStale = false
    const [first] = changes
    if (first !== undefined) throw diskError(first, { verb: 'inspect', path: this.#paths.shownRoot })
  }

  #takeIdentity(file: number, stampNs: bigint): void {
    const stat = this.#lookOrGiveUp(file)
    if (this.#table.isWritten(file)) this.#table.setIdentity(file, stat)
    else if (this.#table.identity(file) !== identityOf(stat)) this.#table.giveUp(file)
    if (!isRacy(stat, stampNs)) this.#table.setRecorded(file)
  }

  #recordedFiles(): RecordedFile[] {
    return this.#metainfo.files.map((_, file) => {
      if (!this.#table.isReal(file)) return { place: 'none', identity: undefined }
      const identity = this.#table.isVouchedFor(file) ? this.#table.identity(file) : undefined
      const place = this.#table.place(file)
      if (place === 'adopted') return { place, identity }
      // While a file changes its name, both have to count as ours; the final name says so.
      const isFinal = place === 'final' || this.#firstPlace === 'final' || this.#table.isWhole(file)
      return { place: isFinal ? 'final' : 'part', identity }
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
    if (this.#lock === undefined) throw new StorageError('STORAGE_CLOSED', 'the storage is closed')
  }
}

function copyOf(bits: Bitfield): Bitfield {
  const copy = new Bitfield(bits.length)
  for (const index of bits.indices()) copy.set(index)
  return copy
}
