/**
 * The only place that turns names from a torrent into names on disk. What could only be an attack (`..`, NUL, a
 * separator inside an element, equal paths, a file that is also a directory) is refused; what is merely awkward
 * (control, bidi and invisible characters, invalid UTF-8, over-long names, names equal but for case or normal form)
 * gets another name, the same on every platform, and is reported. docs/corpora.md has the rules with examples.
 */
import { InputError } from '../common/errors.ts'
import { cleanElement, decodeName, foldName, withSuffix } from './safe-name.ts'
import { shorten } from './notices.ts'
import type { Rename } from './metainfo.ts'

/** Elements of a whole path, the torrent's name included. */
export const MAX_PATH_DEPTH = 100
/** UTF-8 bytes of a whole path, separators included. */
export const MAX_PATH_BYTES = 4096
/** Names tried for names that collide, in a whole torrent: bounds the work a torrent can ask for. */
export const MAX_COLLISIONS = 500
/** Each costs about 1 kB of memory, and a torrent can name one in three bytes. */
export const MAX_DIRECTORIES = 250_000

interface Directory {
  /** Undefined for the root. */
  readonly parent: Directory | undefined
  /** As used on disk. */
  readonly name: string
  /** As in the torrent, for messages and renames. */
  readonly from: string
  /** By raw bytes (latin1), so that only equal bytes are equal. */
  readonly children: Map<string, Directory | 'file'>
  /** Names in use, folded. */
  readonly taken: Set<string>
  /** Next number to try for a name that collides, by folded name; most directories have none. */
  suffixes: Map<string, number> | undefined
}

/** Plans the paths of one torrent, file by file, in torrent order. */
export class PathPlanner {
  /** The torrent's name, safe on disk: the file, or the directory of its files. */
  readonly name: string
  readonly renames: Rename[] = []
  readonly #root: Directory
  #collisions = 0
  #directoryCount = 0

  /**
   * @param rawName the torrent's `name` @param fallbackName used when it is empty or `.`
   * @throws InputError TORRENT_PATH_...
   */
  constructor(rawName: Buffer, fallbackName: string) {
    const text = decodeName(rawName)
    const original = rawName.toString('utf8')
    assertHarmless(text, 'info.name')
    this.name = text === '' || text === '.' ? fallbackName : cleanElement(text)
    if (this.name !== original) this.renames.push({ from: original, to: this.name })
    this.#root = makeDirectory(undefined, this.name, original)
  }

  /**
   * Path of the next file that will be on disk. @param field what messages call it, such as `info.files[3].path`
   * @returns elements, the torrent's name first @throws InputError TORRENT_PATH_...
   */
  place(elements: readonly Buffer[], field: string): readonly string[] {
    const kept = this.#keep(elements, field)
    const last = kept.pop()
    if (last === undefined) throw new InputError('TORRENT_PATH_EMPTY', `${field} holds no name`)
    let directory = this.#root
    for (const element of kept) directory = this.#descend(directory, element, field)
    const path = this.#placeFile(directory, last, field)
    assertShort(path, field)
    if (kept.length + 1 < elements.length) this.#reportDropped(elements, path)
    return path
  }

  /** Path of an entry that will not be on disk (a symbolic link): safe, but not reserved. @throws InputError */
  describe(elements: readonly Buffer[], field: string): readonly string[] {
    const path = [
      this.name,
      ...this.#keep(elements, field).map((element) => cleanElement(decodeName(element))),
    ]
    assertShort(path, field)
    return path
  }

  /** The elements that name something: `.` and empty ones do not. */
  #keep(elements: readonly Buffer[], field: string): Buffer[] {
    const kept: Buffer[] = []
    for (const element of elements) {
      const text = decodeName(element)
      assertHarmless(text, field)
      if (text !== '' && text !== '.') kept.push(element)
    }
    if (kept.length >= MAX_PATH_DEPTH) {
      throw new InputError(
        'TORRENT_PATH_DEPTH',
        `${field} has ${kept.length} elements (must be less than ${MAX_PATH_DEPTH})`,
      )
    }
    return kept
  }

  #descend(directory: Directory, element: Buffer, field: string): Directory {
    const key = element.toString('latin1')
    const child = directory.children.get(key)
    if (child === 'file') throw conflict(directory, element, field)
    if (child !== undefined) return child
    this.#directoryCount += 1
    if (this.#directoryCount > MAX_DIRECTORIES) {
      throw new InputError(
        'TORRENT_TOO_MANY_FILES',
        `${field}: the files lie in more than ${MAX_DIRECTORIES} directories`,
      )
    }
    const made = makeDirectory(directory, this.#newName(directory, element), pathBelow(directory, element))
    directory.children.set(key, made)
    return made
  }

  #placeFile(directory: Directory, element: Buffer, field: string): readonly string[] {
    const key = element.toString('latin1')
    const child = directory.children.get(key)
    if (child === 'file') {
      const shown = quote(pathBelow(directory, element))
      throw new InputError('TORRENT_PATH_DUPLICATE', `${field}: two files have the path ${shown}`)
    }
    if (child !== undefined) throw conflict(directory, element, field)
    directory.children.set(key, 'file')
    return [...pathOf(directory), this.#newName(directory, element)]
  }

  /** Reserves a safe, free name in the directory and reports it when it is not the torrent's. */
  #newName(directory: Directory, element: Buffer): string {
    const name = this.#freeName(directory, cleanElement(decodeName(element)))
    directory.taken.add(foldName(name))
    if (name !== element.toString('utf8')) {
      const to = [...pathOf(directory), name].join('/')
      this.renames.push({ from: pathBelow(directory, element), to })
    }
    return name
  }

  #freeName(directory: Directory, name: string): string {
    const folded = foldName(name)
    if (!directory.taken.has(folded)) return name
    for (let suffix = directory.suffixes?.get(folded) ?? 1; ; suffix++) {
      this.#collisions += 1
      if (this.#collisions > MAX_COLLISIONS) {
        throw new InputError(
          'TORRENT_PATH_COLLISIONS',
          `more than ${MAX_COLLISIONS} file names differ only in case or normal form, such as ${quote(name)}`,
        )
      }
      const candidate = withSuffix(name, suffix)
      if (directory.taken.has(foldName(candidate))) continue
      directory.suffixes ??= new Map()
      directory.suffixes.set(folded, suffix + 1)
      return candidate
    }
  }

  #reportDropped(elements: readonly Buffer[], path: readonly string[]): void {
    const from = `${this.#root.from}/${elements.map((element) => element.toString('utf8')).join('/')}`
    const to = path.join('/')
    const latest = this.renames.at(-1)
    if (latest?.to === to) this.renames.pop() // the file's own rename: one line tells both
    this.renames.push({ from, to })
  }
}

/** The path as the torrent has it, U+FFFD for what is no UTF-8. */
function pathBelow(directory: Directory, element: Buffer): string {
  return `${directory.from}/${element.toString('utf8')}`
}

function makeDirectory(parent: Directory | undefined, name: string, from: string): Directory {
  return { parent, name, from, children: new Map(), taken: new Set(), suffixes: undefined }
}

/** Its elements as used on disk, the torrent's name first. */
function pathOf(directory: Directory): string[] {
  const path: string[] = []
  for (let at: Directory | undefined = directory; at !== undefined; at = at.parent) path.push(at.name)
  return path.reverse()
}

/** @throws InputError for a name that no rename should make acceptable */
function assertHarmless(text: string, field: string): void {
  if (text === '..')
    throw new InputError('TORRENT_PATH_PARENT', `${field} holds ".." (would leave the directory)`)
  if (text.includes('\0'))
    throw new InputError('TORRENT_PATH_NUL', `${field} holds a NUL byte: ${quote(text)}`)
  if (text.includes('/')) {
    throw new InputError('TORRENT_PATH_SEPARATOR', `${field} holds "/" inside a name: ${quote(text)}`)
  }
}

function assertShort(path: readonly string[], field: string): void {
  const bytes = path.reduce((sum, element) => sum + Buffer.byteLength(element) + 1, -1)
  if (bytes > MAX_PATH_BYTES) {
    throw new InputError(
      'TORRENT_PATH_LONG',
      `${field} has ${bytes} bytes (must be at most ${MAX_PATH_BYTES})`,
    )
  }
}

function conflict(directory: Directory, element: Buffer, field: string): InputError {
  const shown = quote(pathBelow(directory, element))
  return new InputError('TORRENT_PATH_CONFLICT', `${field}: ${shown} is a file and a directory`)
}

function quote(text: string): string {
  return JSON.stringify(shorten(text, 60))
}
