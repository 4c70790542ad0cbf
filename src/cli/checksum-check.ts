/** Compares a torrent's files, as they lie on disk, with lists of checksums: after a download, and in `verify`. */
import { resolve } from 'node:path'
import type { Bitfield } from '../common/bitfield.ts'
import { StorageError, VerificationError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { FileDigests } from '../storage/file-digests.ts'
import { StoredFiles } from '../storage/stored-files.ts'
import type { ChecksumFiles } from './checksum-file.ts'
import { planChecksums } from './checksum-plan.ts'
import type { ChecksumOrder, ChecksumPlan } from './checksum-plan.ts'
import { formatCount, plural } from './format.ts'
import type { ChecksumResult } from './view.ts'

export { ChecksumFiles } from './checksum-file.ts'

/** More files are only counted in a message. */
const MAX_NAMED = 3

export interface ChecksumCheckParts {
  readonly metainfo: Metainfo
  /** As typed. */
  readonly outputDirectory: string
  /** Undefined: all. */
  readonly wantedFiles: Bitfield | undefined
  readonly plan: ChecksumPlan
  readonly log: LogSink
}

/** @param lists paths @throws InputError CHECKSUM_FILE_..., VerificationError CHECKSUM_UNRELATED */
export async function readChecksumPlan(
  metainfo: Metainfo,
  wantedFiles: Bitfield | undefined,
  { lists, files }: { readonly lists: readonly string[]; readonly files: ChecksumFiles },
): Promise<ChecksumPlan> {
  const read = []
  for (const list of lists) read.push(await files.read(list))
  return planChecksums(metainfo, wantedFiles, read)
}

export class ChecksumCheck {
  readonly #parts: ChecksumCheckParts
  readonly #wrong = new Map<number, ChecksumResult>()
  #digests: FileDigests<ChecksumOrder> | undefined
  #error: StorageError | undefined
  #comparedCount = 0

  constructor(parts: ChecksumCheckParts) {
    this.#parts = parts
  }

  /** How far it is. */
  get progress(): { readonly checkedBytes: number; readonly totalBytes: number } {
    return {
      checkedBytes: this.#digests?.hashedBytes ?? 0,
      totalBytes: this.#digests?.totalBytes ?? 0,
    }
  }

  /**
   * Hashes what is there under its final name. @param onResult of each file that could be read, in any order
   * @throws the signal's reason
   */
  async compare(onResult: (result: ChecksumResult) => void, signal: AbortSignal): Promise<void> {
    const { metainfo, outputDirectory, wantedFiles, plan, log } = this.#parts
    const stored = new StoredFiles({
      ...{ metainfo, wantedFiles, log },
      outputDirectory: resolve(outputDirectory),
      shownDirectory: outputDirectory,
      stateDirectory: '', // what waits outside is no file
    })
    const orders = plan.orders.filter(({ file }) => this.#isThere(stored, file))
    this.#digests = new FileDigests({
      ...{ metainfo, stored, orders, log, signal },
      onDigest: (order, answer) => {
        this.#comparedCount++
        if (answer instanceof StorageError) this.#error ??= answer
        else {
          const result = { ...order, actual: answer.toString('hex') }
          if (result.actual !== order.expected) this.#wrong.set(order.file, result)
          onResult(result)
        }
      },
    })
    try {
      await this.#digests.run()
    } finally {
      stored.close()
    }
  }

  /** The same, and every file has to be there, and right. @throws StorageError, VerificationError CHECKSUM_MISMATCH */
  async assertAll(onResult: (result: ChecksumResult) => void, signal: AbortSignal): Promise<void> {
    await this.compare(onResult, signal)
    if (this.#error !== undefined) throw this.#error
    if (this.#wrong.size > 0) throw this.#mismatch()
  }

  #isThere(stored: StoredFiles, file: number): boolean {
    const found = stored.find(file)
    if (found.place === 'fault') this.#error ??= found.fault.error
    return found.place === 'final' && found.sizeBytes === stored.table.lengthOf(file)
  }

  #mismatch(): VerificationError {
    const wrong = [...this.#wrong.values()]
    const [first] = wrong
    const names = wrong
      .slice(0, MAX_NAMED)
      .map(({ file }) => this.#parts.metainfo.files[file]?.path.join('/') ?? '')
    const more = wrong.length > MAX_NAMED ? ` and ${formatCount(wrong.length - MAX_NAMED)} more` : ''
    const list = first?.list ?? ''
    const how =
      wrong.length === 1 && first !== undefined
        ? `${names.join()} is not as ${list} says: its ${first.algorithm} is ${first.actual}, not ${first.expected}`
        : `${wrong.length} of ${plural(this.#comparedCount, 'file')} are not as the checksums say: ${names.join(', ')}${more}`
    const rest = 'it is what the torrent describes, all of it, and stays where it is'
    return new VerificationError('CHECKSUM_MISMATCH', `${how}; ${rest}`)
  }
}
