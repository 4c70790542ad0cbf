/** The files of an `info` dictionary, single (`length`) or many (`files`), with BEP 47 attributes, onto planned paths. */
import { isUtf8 } from 'node:buffer'
import { InputError } from '../common/errors.ts'
import type { BencodeView } from '../bencode/view.ts'
import type { FileEntry } from './metainfo.ts'
import type { Notices } from './notices.ts'
import type { PathPlanner } from './safe-path.ts'

type Fields = ReadonlyMap<string, BencodeView>

export const MAX_FILES = 1_000_000
const BITCOMET_PADDING = Buffer.from('_____padding_file_')

export interface FileList {
  /** Their lengths tile [0, totalBytes). */
  readonly files: readonly FileEntry[]
  /** At most 2^53 - 1. */
  readonly totalBytes: number
}

/** @throws InputError TORRENT_... */
export function readFiles(
  fields: Fields,
  pieceBytes: number,
  planner: PathPlanner,
  notices: Notices,
): FileList {
  const length = fields.get('length')
  const list = fields.get('files')
  if (length !== undefined && list !== undefined) {
    throw new InputError(
      'TORRENT_LENGTH_AND_FILES',
      `info has both length (${length.describe()}) and files (${list.describe()}): one or many files?`,
    )
  }
  if (list === undefined) return readSingleFile(fields, planner)
  return new FileListReader(pieceBytes, planner, notices).read(list)
}

function readSingleFile(fields: Fields, planner: PathPlanner): FileList {
  const view = fields.get('length')
  if (view === undefined) {
    throw new InputError('TORRENT_LENGTH_MISSING', 'info.length is missing, and so is info.files')
  }
  const lengthBytes = readLength(view, 'info.length')
  const isExecutable = attributesOf(fields).includes('x')
  const path = [planner.name]
  return {
    files: [{ path, lengthBytes, start: 0, isPadding: false, isExecutable, isSymlink: false }],
    totalBytes: lengthBytes,
  }
}

/** Reads a `files` list; holds the running position in the torrent. */
class FileListReader {
  readonly #pieceBytes: number
  readonly #planner: PathPlanner
  readonly #notices: Notices
  readonly #files: FileEntry[] = []
  #start = 0

  constructor(pieceBytes: number, planner: PathPlanner, notices: Notices) {
    this.#pieceBytes = pieceBytes
    this.#planner = planner
    this.#notices = notices
  }

  read(list: BencodeView): FileList {
    if (list.kind !== 'list') {
      throw new InputError('TORRENT_FILES_TYPE', `info.files is ${list.describe()} (must be a list)`)
    }
    for (const entry of list.items()) {
      if (this.#files.length === MAX_FILES) {
        throw new InputError('TORRENT_TOO_MANY_FILES', `info.files has more than ${MAX_FILES} files`)
      }
      const file = this.#readFile(entry, `info.files[${this.#files.length}]`)
      this.#files.push(file)
      this.#advance(file.lengthBytes)
    }
    if (this.#files.length === 0) {
      throw new InputError('TORRENT_FILES_EMPTY', 'info.files is an empty list (must name a file)')
    }
    return { files: this.#files, totalBytes: this.#start }
  }

  #readFile(entry: BencodeView, field: string): FileEntry {
    const fields = entry.fields()
    if (fields === undefined) {
      throw new InputError('TORRENT_FILES_TYPE', `${field} is ${entry.describe()} (must be a dictionary)`)
    }
    const attributes = attributesOf(fields)
    if (attributes.includes('l')) return this.#readSymlink(fields, field)
    const view = fields.get('length')
    if (view === undefined) throw new InputError('TORRENT_LENGTH_MISSING', `${field}.length is missing`)
    const lengthBytes = readLength(view, `${field}.length`)
    const isPadding = attributes.includes('p') || this.#isBitCometPadding(fields, lengthBytes)
    if (isPadding) this.#assertPadding(lengthBytes, field)
    return {
      path: isPadding ? this.#paddingPath() : this.#planner.place(readPath(fields, field), `${field}.path`),
      lengthBytes,
      start: this.#start,
      isPadding,
      isExecutable: attributes.includes('x'),
      isSymlink: false,
    }
  }

  /**
   * BEP 47 `l`: takes no bytes of the torrent; a length that is there all the same is the target's. We make no links:
   * a torrent must not decide what a name leads to.
   */
  #readSymlink(fields: Fields, field: string): FileEntry {
    const path = this.#planner.describe(readPath(fields, field), `${field}.path`)
    this.#notices.add('symbolic link left out', path.join('/'))
    return {
      path,
      lengthBytes: 0,
      start: this.#start,
      isPadding: false,
      isExecutable: false,
      isSymlink: true,
    }
  }

  /** BitComet marked its padding by name before there was BEP 47. */
  #isBitCometPadding(fields: Fields, lengthBytes: number): boolean {
    if (lengthBytes > this.#pieceBytes) return false
    const first = elementsOf(fields.get('path'))?.[0]
    return first?.subarray(0, BITCOMET_PADDING.length).equals(BITCOMET_PADDING) === true
  }

  /** BEP 47: padding fills the rest of a piece; more of it only makes a torrent look big. */
  #assertPadding(lengthBytes: number, field: string): void {
    if (lengthBytes > this.#pieceBytes) {
      throw new InputError(
        'TORRENT_PADDING_LENGTH',
        `${field}.length is ${lengthBytes} for padding (must be at most a piece, ${this.#pieceBytes})`,
      )
    }
  }

  /** Padding is never written, so its path only has to be harmless; many torrents repeat one, or give none. */
  #paddingPath(): readonly string[] {
    return [this.#planner.name, '.pad', String(this.#files.length)]
  }

  #advance(lengthBytes: number): void {
    this.#start += lengthBytes
    if (!Number.isSafeInteger(this.#start)) {
      throw new InputError(
        'TORRENT_TOTAL_RANGE',
        `the lengths in info.files add up to more than ${Number.MAX_SAFE_INTEGER} bytes`,
      )
    }
  }
}

function readLength(view: BencodeView, field: string): number {
  if (view.kind !== 'integer') {
    throw new InputError('TORRENT_LENGTH_TYPE', `${field} is ${view.describe()} (must be an integer)`)
  }
  const lengthBytes = view.asInteger()
  if (lengthBytes === undefined || lengthBytes < 0) {
    throw new InputError(
      'TORRENT_LENGTH_RANGE',
      `${field} is ${view.describe()} (must be 0 to ${Number.MAX_SAFE_INTEGER})`,
    )
  }
  return lengthBytes
}

/** `path.utf-8` wins when it is a list of strings, as with names. */
function readPath(fields: Fields, field: string): Buffer[] {
  const preferred = elementsOf(fields.get('path.utf-8'))
  if (preferred !== undefined && preferred.length > 0 && preferred.every((element) => isUtf8(element)))
    return preferred
  const view = fields.get('path')
  if (view === undefined) throw new InputError('TORRENT_PATH_MISSING', `${field}.path is missing`)
  const elements = elementsOf(view)
  if (elements === undefined) {
    const odd = [...view.items()].find((item) => item.kind !== 'string') ?? view
    throw new InputError(
      'TORRENT_PATH_TYPE',
      `${field}.path holds ${odd.describe()} (must be a list of strings)`,
    )
  }
  if (elements.length === 0) throw new InputError('TORRENT_PATH_EMPTY', `${field}.path is an empty list`)
  return elements
}

/** @returns undefined unless it is a list of strings only */
function elementsOf(view: BencodeView | undefined): Buffer[] | undefined {
  if (view?.kind !== 'list') return undefined
  const elements: Buffer[] = []
  for (const item of view.items()) {
    const bytes = item.asBytes()
    if (bytes === undefined) return undefined
    elements.push(bytes)
  }
  return elements
}

function attributesOf(fields: Fields): string {
  return fields.get('attr')?.asText() ?? ''
}
