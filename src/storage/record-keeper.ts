/**
 * Decides what the resume record says. Its rule: an identity goes into the record only if every piece that the record
 * names was in the file when it looked like that, and a later change of the file would show.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { DataFiles } from './data-files.ts'
import type { FileTable } from './file-table.ts'
import type { RecordedFile, ResumeFile } from './resume-file.ts'

const NOTHING: RecordedFile = { place: 'none', identity: undefined }

export interface RecordKeeperOptions {
  readonly table: FileTable
  readonly files: DataFiles
  readonly resume: ResumeFile
  readonly fileCount: number
  readonly bootId: string | undefined
  /** The name of files that are not whole. */
  readonly firstPlace: 'part' | 'final'
}

export class RecordKeeper {
  readonly #options: RecordKeeperOptions
  #savedChangeCount = -1

  constructor(options: RecordKeeperOptions) {
    this.#options = options
  }

  /** Would a later `save` have something to add, because files were too fresh to be recorded? */
  get isWaiting(): boolean {
    return this.#options.table.hasUnrecorded
  }

  /**
   * Looks at the files that no record has yet as they are, and replaces the record, if there is anything new.
   * @param have pieces verified and written
   * @throws StorageError FILE_CHANGED... when a file is not what it was, after a record was saved that knows so;
   * DISK_FULL... when the record cannot be written
   */
  save(have: Bitfield): void {
    const { table, resume, bootId } = this.#options
    if (table.changeCount === this.#savedChangeCount && !this.isWaiting) return
    let firstError: Error | undefined
    this.#savedChangeCount = -1
    resume.save((stampNs) => {
      firstError = this.#takeIdentities(stampNs)
      const parts = table.recordableIdentity(table.partsFile)
      return { bootId, pieces: have, files: this.#recordedFiles(), parts }
    })
    this.#savedChangeCount = table.changeCount
    if (firstError !== undefined) throw firstError
  }

  /** @returns what was wrong with the first file that is not what it was */
  #takeIdentities(stampNs: bigint): Error | undefined {
    let firstError: Error | undefined
    const { table } = this.#options
    for (const file of table.unrecordedFiles()) {
      try {
        this.#takeIdentity(file, stampNs)
      } catch (error) {
        // What was not chosen is its owner's to remove.
        if (!table.isWritten(file) && file !== table.partsFile) continue
        firstError ??= error as Error // one lost file must not keep the others out of the record
      }
    }
    return firstError
  }

  #takeIdentity(file: number, stampNs: bigint): void {
    const { table, files } = this.#options
    if (!table.isSeen(file)) {
      if (!files.isAsKnown(file)) {
        table.giveUp(file)
        return
      }
      table.setSeen(file)
    }
    if (!table.isRacy(file, stampNs)) table.setRecorded(file)
  }

  #recordedFiles(): RecordedFile[] {
    const { table, firstPlace, fileCount } = this.#options
    return Array.from({ length: fileCount }, (_, file): RecordedFile => {
      if (!table.isReal(file)) return NOTHING
      const identity = table.recordableIdentity(file)
      const place = table.place(file)
      // What was not chosen is not made, and what was there already is not ours.
      const isOurs = place !== 'absent' && (place !== 'adopted' || identity !== undefined)
      if (!table.isWanted(file) && !isOurs) return NOTHING
      if (place === 'adopted') return { place, identity }
      // While a file changes its name, both have to count as ours: that is what `final` says.
      const isFinal = place === 'final' || firstPlace === 'final' || table.isWhole(file)
      return { place: isFinal ? 'final' : 'part', identity }
    })
  }
}
