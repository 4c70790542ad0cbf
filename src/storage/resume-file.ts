/**
 * What a stopped download leaves for its next run: which pieces were verified, which files are ours, and how each
 * looked when its pieces were on disk. The reader decides what still holds; a record that is damaged in any way counts
 * for nothing, because its checksum does not fit.
 *
 * ```
 * {"version":1,"infoHash":...,"root":...,"bootId":...,"pieces":"base64","files":["p8:1:2:3:4","f",""],"sha256":"hex"}
 *                                       before `sha256` perhaps "parts": the identity of the parts file (parts-file.ts)
 * {"final":[17,18],"sha256":"hex"}      appended before these files get their final names; the next whole record has
 *                                       that inside
 * ```
 *
 * Records are replaced as a whole (write beside, rename) and not flushed: after a crash of the machine the boot id
 * differs, and everything is hashed.
 */
import type { FileIdentity } from './file-identity.ts'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { Bitfield } from '../common/bitfield.ts'
import { messageOf, systemCodeOf } from '../common/errors.ts'
import { diskError } from './disk-errors.ts'
import { isIdentity } from './file-identity.ts'
import { makeTree } from './safe-directories.ts'

/**
 * - `part`: we write it under its part name
 * - `final`: we write it, or wrote it, under its final name
 * - `adopted`: it was there before us, under its final name; never ours to change
 * - `none`: nothing of ours
 */
export type RecordedPlace = 'none' | 'part' | 'final' | 'adopted'

export interface RecordedFile {
  readonly place: RecordedPlace
  /** How it looked when every piece of `pieces` was in it; undefined: has to be hashed. */
  readonly identity: FileIdentity | undefined
}

export interface ResumeRecord {
  /** Undefined where the system has none: then nothing is ever taken on trust. */
  readonly bootId: string | undefined
  /** Verified and written when the record was made. */
  readonly pieces: Bitfield
  /** One for each file of the torrent. */
  readonly files: readonly RecordedFile[]
  /** How the parts file looked when every piece of `pieces` that it has was in it; undefined: has to be hashed. */
  readonly parts: FileIdentity | undefined
}

export interface ResumeFileOptions {
  readonly stateDirectory: string
  readonly infoHash: Buffer
  /** The absolute output directory: the same torrent in two places has two records. */
  readonly root: string
  readonly pieceCount: number
  readonly fileCount: number
}

const VERSION = 1
const MARK = ',"sha256":"'
const PLACE_LETTERS = { none: '', part: 'p', final: 'f', adopted: 'a' } as const
const PLACES: Readonly<Record<string, RecordedPlace>> = { p: 'part', f: 'final', a: 'adopted' }

export class ResumeFile {
  readonly #options: ResumeFileOptions
  readonly #path: string
  #savedText = ''

  constructor(options: ResumeFileOptions) {
    this.#options = options
    const rootHash = createHash('sha1').update(options.root).digest('hex').slice(0, 16)
    this.#path = join(
      options.stateDirectory,
      'resume',
      `${options.infoHash.toString('hex')}-${rootHash}.json`,
    )
  }

  get path(): string {
    return this.#path
  }

  /** Where bytes wait that belong to files nobody asked for (parts-file.ts). */
  get partsPath(): string {
    return this.#path.replace(/json$/, 'parts')
  }

  /** The record, undefined when there is none, or one sentence that says why it is of no use. Never throws. */
  load(): ResumeRecord | undefined | string {
    let text
    try {
      text = readFileSync(this.#path, 'latin1') // bytes as they are: whatever was changed in them shows in the checksum
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return undefined
      return `the resume record ${this.#path} cannot be read (${messageOf(error)}): existing data is checked instead`
    }
    const record = this.#parse(text)
    if (record !== undefined) this.#savedText = text
    return (
      record ??
      `the resume record ${this.#path} is damaged or not for this torrent: existing data is checked instead`
    )
  }

  /**
   * Replaces the record, unless it says the same already. Synchronous, so that it is one moment's state.
   * @param look called with the timestamp of a file written just now (file-identity.ts, `isRacy`)
   * @throws StorageError DISK_FULL, DISK_NOT_WRITABLE, DISK_IO...
   */
  save(look: (stampNs: bigint) => ResumeRecord): void {
    const temporary = `${this.#path}.new`
    try {
      makeTree(dirname(this.#path), 0o700)
      rmSync(temporary, { force: true })
      const fd = openSync(temporary, 'wx', 0o600)
      try {
        const text = this.#format(look(fstatSync(fd, { bigint: true }).mtimeNs))
        if (text === this.#savedText) return
        writeFileSync(fd, text, 'latin1')
        renameSync(temporary, this.#path)
        this.#savedText = text
      } finally {
        closeSync(fd)
        rmSync(temporary, { force: true })
      }
    } catch (error) {
      throw diskError(error, { verb: 'write', path: this.#path })
    }
  }

  /** Notes that the final names of these files are ours from now on. @throws StorageError as `save` */
  appendFinal(files: readonly number[]): void {
    this.#savedText = ''
    try {
      appendFileSync(this.#path, seal(`{"final":${JSON.stringify(files)}`), {
        encoding: 'latin1',
        mode: 0o600,
      })
    } catch (error) {
      throw diskError(error, { verb: 'write', path: this.#path })
    }
  }

  #format(record: ResumeRecord): string {
    const { infoHash, root } = this.#options
    const body = JSON.stringify({
      version: VERSION,
      infoHash: infoHash.toString('hex'),
      root: Buffer.from(root).toString('base64'), // so that the text is ASCII
      bootId: record.bootId ?? '',
      pieces: record.pieces.toBytes().toString('base64'),
      files: record.files.map(({ place, identity }) => PLACE_LETTERS[place] + (identity ?? '')),
      parts: record.parts,
    })
    return seal(body.slice(0, -1))
  }

  #parse(text: string): ResumeRecord | undefined {
    const [first = '', ...appended] = text.split('\n')
    const body = unseal(first)
    if (body === undefined || !this.#isForUs(body)) return undefined
    const pieceBytes = Buffer.from(textOf(body['pieces']), 'base64')
    const pieces = Bitfield.fromBytes(pieceBytes, this.#options.pieceCount)
    const files = parseFiles(body['files'], this.#options.fileCount)
    if (pieces === undefined || files === undefined) return undefined
    for (const line of appended) {
      const finals = finalsOf(line, files.length)
      if (finals === undefined) break // torn or damaged: so may be what follows
      for (const file of finals) files[file] = { place: 'final', identity: undefined }
    }
    const bootId = textOf(body['bootId'])
    const parts = textOf(body['parts'])
    return {
      bootId: bootId === '' ? undefined : bootId,
      pieces,
      files,
      parts: isIdentity(parts) ? parts : undefined,
    }
  }

  #isForUs(body: Record<string, unknown>): boolean {
    const { infoHash, root } = this.#options
    return (
      body['version'] === VERSION &&
      body['infoHash'] === infoHash.toString('hex') &&
      body['root'] === Buffer.from(root).toString('base64')
    )
  }
}

/** The boot that this system is in, or undefined where it does not say. */
export function readBootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return undefined // not Linux: nothing is taken on trust there
  }
}

function parseFiles(value: unknown, count: number): RecordedFile[] | undefined {
  if (!Array.isArray(value) || value.length !== count) return undefined
  const files: RecordedFile[] = []
  for (const text of value as unknown[]) {
    if (typeof text !== 'string') return undefined
    const place = text === '' ? 'none' : PLACES[text.charAt(0)]
    const identity = text.slice(1)
    if (place === undefined || (identity !== '' && !isIdentity(identity))) return undefined
    files.push({ place, identity: identity === '' ? undefined : identity })
  }
  return files
}

/** The files of an appended line. */
function finalsOf(line: string, fileCount: number): readonly number[] | undefined {
  const finals = unseal(line)?.['final']
  if (!Array.isArray(finals)) return undefined
  const isFile = (file: unknown): boolean =>
    Number.isInteger(file) && (file as number) >= 0 && (file as number) < fileCount
  return finals.every(isFile) ? (finals as number[]) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** @param open a JSON object without its closing brace @returns one line with its checksum inside */
function seal(open: string): string {
  return `${open}${MARK}${sha256(open)}"}\n`
}

/** The object of a sealed line (without line feed), or undefined when one bit of it is not as it was. */
function unseal(line: string): Record<string, unknown> | undefined {
  const end = line.length - MARK.length - 64 - 2
  if (end < 1) return undefined
  const open = line.slice(0, end)
  if (line.slice(end) !== `${MARK}${sha256(open)}"}`) return undefined
  return JSON.parse(`${open}}`) as Record<string, unknown> // sealed, so it is what we once wrote
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'latin1').digest('hex')
}
