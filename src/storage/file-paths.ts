/**
 * Where each file of a torrent lies: its final name, and the name it has until it is whole. Pure. The path elements
 * are safe already (metainfo/safe-path.ts): this is the only place where they are joined.
 */
import type { FileEntry } from '../metainfo/metainfo.ts'
import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'

const MAX_NAME_BYTES = 255
const SUFFIX = '.part'

/** One object for each directory of a torrent, so that it can be a key. */
export interface Directory {
  /** Absolute. */
  readonly path: string
  /** As the user wrote it, for messages. */
  readonly shownPath: string
  /** Undefined: this is the output directory. */
  readonly parent: Directory | undefined
}

export class FilePaths {
  readonly #files: readonly FileEntry[]
  readonly #root: DirectoryNode
  /** Only the files for which `NAME.part` is too long, or the name of something else in the torrent. */
  readonly #oddPartNames: ReadonlyMap<number, string>
  readonly #partsDirectory: DirectoryNode
  readonly #partsName: string

  /**
   * @param root absolute; every path lies below it, but for that of the parts file
   * @param shownRoot the same as the user wrote it, for messages
   * @param partsPath absolute; the path of file number `files.length`
   */
  constructor(
    files: readonly FileEntry[],
    root: string,
    shownRoot: string,
    partsPath = join(root, '.parts'),
  ) {
    this.#files = files
    this.#root = new DirectoryNode(root, shownRoot, undefined)
    this.#oddPartNames = chooseOddPartNames(files)
    this.#partsDirectory = new DirectoryNode(dirname(partsPath), dirname(partsPath), undefined)
    this.#partsName = basename(partsPath)
  }

  /** The output directory, as the user wrote it. */
  get shownRoot(): string {
    return this.#root.shownPath
  }

  /** The output directory, absolute. */
  get root(): string {
    return this.#root.path
  }

  /** A directory that is there, on the file system that this file goes to. */
  placeOf(file: number): string {
    return file === this.#files.length ? this.#partsDirectory.path : this.root
  }

  /** The directory that this file lies in. */
  directoryOf(file: number): Directory {
    return this.#directoryOf(file)
  }

  finalPath(file: number): string {
    return this.#directoryOf(file).prefix + lastOf(this.#elements(file))
  }

  /** In the same directory, at most 255 bytes, the same on every run, and the name of no other file. */
  partPath(file: number): string {
    return this.#directoryOf(file).prefix + this.#partName(file)
  }

  /** For messages. */
  shown(file: number, form: 'part' | 'final'): string {
    const name = form === 'part' ? this.#partName(file) : lastOf(this.#elements(file))
    return this.#directoryOf(file).shownPrefix + name
  }

  #directoryOf(file: number): DirectoryNode {
    if (file === this.#files.length) return this.#partsDirectory
    const elements = this.#elements(file)
    let directory = this.#root
    for (let depth = 0; depth < elements.length - 1; depth++)
      directory = directory.child(elements[depth] ?? '')
    return directory
  }

  #elements(file: number): readonly string[] {
    return this.#files[file]?.path ?? [this.#partsName]
  }

  #partName(file: number): string {
    return this.#oddPartNames.get(file) ?? `${lastOf(this.#elements(file))}${SUFFIX}`
  }
}

class DirectoryNode implements Directory {
  readonly path: string
  readonly shownPath: string
  readonly parent: Directory | undefined
  /** What stands before the name of everything in it. */
  readonly prefix: string
  readonly shownPrefix: string
  readonly #children = new Map<string, DirectoryNode>()

  constructor(path: string, shownPath: string, parent: Directory | undefined) {
    this.path = path
    this.shownPath = shownPath
    this.parent = parent
    this.prefix = join(path, 'x').slice(0, -1) // join knows of `/`, `.` and slashes at the end
    this.shownPrefix = join(shownPath, 'x').slice(0, -1)
  }

  child(name: string): DirectoryNode {
    let child = this.#children.get(name)
    if (child === undefined) {
      child = new DirectoryNode(this.prefix + name, this.shownPrefix + name, this)
      this.#children.set(name, child)
    }
    return child
  }
}

function chooseOddPartNames(files: readonly FileEntry[]): Map<number, string> {
  const odd = new Map<number, string>()
  if (!files.some(needsCare)) return odd
  const taken = namesOf(files)
  for (const [file, { path }] of files.entries()) {
    const plain = withName(path, `${lastOf(path)}${SUFFIX}`)
    if (Buffer.byteLength(lastOf(plain)) > MAX_NAME_BYTES || taken.has(key(plain))) odd.set(file, '')
  }
  for (const [file, { path }] of files.entries()) {
    if (!odd.has(file)) taken.add(key(withName(path, `${lastOf(path)}${SUFFIX}`)))
  }
  for (const file of odd.keys()) odd.set(file, oddPartName(files[file]?.path ?? [], taken))
  return odd
}

/** Every file and every directory. */
function namesOf(files: readonly FileEntry[]): Set<string> {
  const names = new Set<string>()
  for (const { path } of files) {
    for (let end = 1; end <= path.length; end++) names.add(key(path.slice(0, end)))
  }
  return names
}

/** Only then can `NAME.part` be too long, or be another name of the torrent. */
function needsCare({ path }: FileEntry): boolean {
  return (
    Buffer.byteLength(lastOf(path)) + SUFFIX.length > MAX_NAME_BYTES ||
    path.some((element) => element.toLowerCase().endsWith(SUFFIX))
  )
}

/** `START-OF-NAME~HASH.part`: the hash is that of the whole path, with a number if somebody took that name too. */
function oddPartName(path: readonly string[], taken: Set<string>): string {
  for (let attempt = 0; ; attempt++) {
    const hash = createHash('sha1')
      .update(`${attempt}/${path.join('/')}`)
      .digest('hex')
      .slice(0, 8)
    const ending = `~${hash}${SUFFIX}`
    const name = `${cutToBytes(lastOf(path), MAX_NAME_BYTES - ending.length)}${ending}`
    const candidate = key(withName(path, name))
    if (taken.has(candidate)) continue
    taken.add(candidate)
    return name
  }
}

/** The longest start of `text` of at most `maxBytes` in UTF-8 that ends between two characters. */
function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0
  let cut = ''
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    cut += character
  }
  return cut
}

function lastOf(path: readonly string[]): string {
  return path.at(-1) ?? ''
}

function withName(path: readonly string[], name: string): string[] {
  return [...path.slice(0, -1), name]
}

/** Equal for paths that a file system blind to case or normalisation takes for the same. */
function key(path: readonly string[]): string {
  return path.join('/').normalize('NFC').toLowerCase()
}
