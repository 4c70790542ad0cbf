/**
 * `--failed-to`: the sources that failed or were not finished, as a list that `-i` reads, options included. Written
 * beside the file as they come, and put in its place at the end: also when that is the list they came from.
 */
import { ReplacingFile } from '../storage/replacing-file.ts'
import type { QueuedSource } from './source-queue.ts'
import type { JobResult } from './view.ts'

export class FailedList {
  readonly #file: ReplacingFile
  #count = 0

  /** @throws StorageError DISK_..., FILE_NOT_REGULAR when it cannot be written there */
  constructor(path: string) {
    this.#file = ReplacingFile.open(path)
  }

  /** How many sources stand in it. */
  get count(): number {
    return this.#count
  }

  /** Where it lies, symbolic links followed. */
  get path(): string {
    return this.#file.path
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

  /** @throws StorageError DISK_... */
  commit(): void {
    this.#file.commit()
  }

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
