/** `--checksum-file FILE`: reads lists of checksums, each once for as many torrents as are compared with it in a row. */
import { closeSync, createReadStream, fstatSync } from 'node:fs'
import { InputError } from '../common/errors.ts'
import { parseChecksums } from './checksum-list.ts'
import type { ChecksumList } from './checksum-plan.ts'
import { openFifo, openWithoutWaiting, readFailure } from './source.ts'

export const MAX_CHECKSUM_FILE_BYTES = 64 * 1024 * 1024
/** Parsed lists that are kept. */
const MAX_KEPT = 8

export class ChecksumFiles {
  readonly #lists = new Map<string, Promise<ChecksumList>>()

  /** @throws InputError CHECKSUM_FILE_UNREADABLE, CHECKSUM_FILE_INVALID, CHECKSUM_FILE_TOO_LARGE */
  async read(path: string): Promise<ChecksumList> {
    let list = this.#lists.get(path)
    if (list === undefined) {
      list = readList(path)
      this.#lists.set(path, list)
      const [oldest] = this.#lists.keys()
      if (this.#lists.size > MAX_KEPT && oldest !== undefined) this.#lists.delete(oldest)
    }
    return list
  }
}

async function readList(path: string): Promise<ChecksumList> {
  const chunks: Buffer[] = []
  let total = 0
  try {
    for await (const chunk of await openFile(path)) {
      total += (chunk as Buffer).length
      if (total > MAX_CHECKSUM_FILE_BYTES) throw tooLarge(path)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw unreadable(path, readFailure(error), error)
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks)) // drops a byte order mark
  return { label: path, checksums: parseChecksums(text, path) }
}

async function openFile(path: string): Promise<AsyncIterable<unknown>> {
  let fd: number | undefined
  try {
    fd = openWithoutWaiting(path)
    const stat = fstatSync(fd)
    if (stat.isDirectory()) throw unreadable(path, 'it is a directory')
    if (!stat.isFile() && !stat.isFIFO()) throw unreadable(path, 'it is no file')
    const taken = fd
    fd = undefined
    return stat.isFIFO() ? await openFifo(taken) : createReadStream(path, { fd: taken })
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function unreadable(path: string, why: string, cause?: unknown): InputError {
  return new InputError('CHECKSUM_FILE_UNREADABLE', `cannot read the checksum file ${path}: ${why}`, {
    cause,
  })
}

function tooLarge(path: string): InputError {
  const message = `the checksum file ${path} is larger than 64 MiB: not a list of checksums`
  return new InputError('CHECKSUM_FILE_TOO_LARGE', message)
}
