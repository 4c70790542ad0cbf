/**
 * Which torrents a tracker serves: info-hashes, and .torrent files whose info-hash counts; in a file one a line, which is
 * read again when it changes.
 */
import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { InputError, messageOf, systemCodeOf } from '../common/errors.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { readSource } from './source.ts'

const INFO_HASH = /^[0-9a-f]{40}$/i
/** A million hashes have 41 MB. */
const MAX_FILE_BYTES = 64 * 2 ** 20
/** Nothing here is taken from standard input. */
const NO_INPUT = Readable.from([])

export interface AllowListOptions {
  /** Info-hashes in hex and paths of .torrent files. */
  readonly entries: readonly string[]
  /** Path of a list, entries and `#` comments; paths in it begin at its directory. */
  readonly file: string | undefined
}

export class AllowList {
  readonly #file: string | undefined
  readonly #given: ReadonlySet<string>
  #listed: ReadonlySet<string> = new Set()
  /** Of the file when it was last read. */
  #version = ''

  private constructor(given: ReadonlySet<string>, file: string | undefined) {
    this.#given = given
    this.#file = file
  }

  /** @throws InputError ALLOW_LIST_INVALID for what cannot be read or is no torrent */
  static async open({ entries, file }: AllowListOptions): Promise<AllowList> {
    const given = await Promise.all(entries.map(async (entry) => hashOf(entry, '')))
    const list = new AllowList(new Set(given), file)
    await list.refresh()
    return list
  }

  get size(): number {
    return new Set([...this.#given, ...this.#listed]).size
  }

  /** @param infoHash 20 characters, one a byte */
  has(infoHash: string): boolean {
    return this.#given.has(infoHash) || this.#listed.has(infoHash)
  }

  /** Reads the file if it has changed. What was read before stays when that fails. @returns has it changed? @throws InputError ALLOW_LIST_INVALID */
  async refresh(): Promise<boolean> {
    if (this.#file === undefined) return false
    const version = await versionOf(this.#file)
    if (version === this.#version) return false
    // Before it is read: what is wrong in it is told once.
    this.#version = version
    this.#listed = await readList(this.#file)
    return true
  }
}

async function versionOf(file: string): Promise<string> {
  try {
    const { ino, mtimeMs, size } = await stat(file)
    if (size > MAX_FILE_BYTES) throw invalid(file, `has more than ${MAX_FILE_BYTES / 2 ** 20} MiB`)
    return `${ino} ${mtimeMs} ${size}`
  } catch (error) {
    if (error instanceof InputError) throw error
    throw invalid(file, `cannot be read (${systemCodeOf(error) ?? messageOf(error)})`, error)
  }
}

async function readList(file: string): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>()
  const text = (await readSource(resolve(file), NO_INPUT)).toString('utf8')
  for (const [index, line] of text.split('\n').entries()) {
    const entry = line.trim()
    if (entry !== '' && !entry.startsWith('#'))
      hashes.add(await hashOf(entry, `${file}, line ${index + 1}: `, dirname(file)))
  }
  return hashes
}

/** @returns 20 characters @param place for errors: where it stands */
async function hashOf(entry: string, place: string, directory = '.'): Promise<string> {
  if (INFO_HASH.test(entry)) return Buffer.from(entry, 'hex').toString('latin1')
  try {
    const bytes = await readSource(resolve(directory, entry), NO_INPUT)
    return readTorrentFile(bytes).infoHash.toString('latin1')
  } catch (error) {
    throw invalid(
      `${place}${entry}`,
      `no info-hash of 40 hex digits, and no .torrent: ${messageOf(error)}`,
      error,
    )
  }
}

function invalid(label: string, why: string, cause?: unknown): InputError {
  return new InputError('ALLOW_LIST_INVALID', `${label}: ${why}`, { cause })
}
