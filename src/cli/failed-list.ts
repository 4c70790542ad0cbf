/**
 * `--failed-to`: the sources that failed or were not finished, as a list that `-i` reads, options included. Written
 * beside the file as they come, and put in its place at the end: also when that is the list they came from.
 */
import { StorageError } from '../common/errors.ts'
import { ReplacingFile } from '../storage/replacing-file.ts'
import type { ListFile } from './list-file.ts'
import type { QueuedSource } from './source-queue.ts'
import type { JobResult } from './view.ts'

export interface SavedList {
  /** As typed. */
  readonly path: string
  /** Sources in it. */
  readonly count: number
  /** Sentences for the user. */
  readonly notices: readonly string[]
  /** Why there is no list. */
  readonly error: StorageError | undefined
  /** Was it left as it was, because it is a list that was not read to its end? */
  readonly isKept: boolean
}

export class FailedList {
  readonly #shown: string
  readonly #file: ReplacingFile
  #count = 0

  /** @throws StorageError DISK_..., FILE_NOT_REGULAR when it cannot be written there */
  constructor(path: string) {
    this.#shown = path
    this.#file = ReplacingFile.open(path)
  }

  /** Takes what is not done. A duplicate is done with its first. */
  add({ source, optionLines, isSource }: QueuedSource, { outcome, duplicateOf }: JobResult): void {
    if (outcome === 'complete' || duplicateOf !== undefined) return
    const line = isSource ? lineFor(source) : undefined
    if (line === undefined) {
      this.#file.write(`# cannot be given in a list: ${JSON.stringify(source)}\n`)
      return
    }
    this.#count++
    this.#file.write([line, ...optionLines.map((option) => `  ${option}`), ''].join('\n'))
  }

  /** Puts it in its place. @param unread lists that were not read to their end */
  save(unread: readonly ListFile[]): SavedList {
    const path = this.#shown
    const notices = unread.map(
      ({ label }) => `${label} was not read to its end: what was left of it is not in ${path}`,
    )
    const isKept = unread.some((list) => list.path === this.#file.path)
    if (isKept) {
      this.#file.discard()
      const notice = `${path} was not read to its end, so it stays as it is`
      return { path, count: 0, notices: [notice], error: undefined, isKept }
    }
    let error: StorageError | undefined
    try {
      this.#file.commit()
    } catch (reason) {
      if (!(reason instanceof StorageError)) throw reason
      error = reason
    }
    return { path, count: this.#count, notices, error, isKept }
  }

  /** Leaves everything as it was, unless it was saved. */
  discard(): void {
    this.#file.discard()
  }
}

/** @returns undefined when no line of a list can say it */
function lineFor(source: string): string | undefined {
  if (source === '' || source === '-' || source.includes('\n') || source !== source.trimEnd())
    return undefined
  // A path that would be taken for a comment or an option.
  return /^[#\s]/.test(source) ? `./${source}` : source
}
