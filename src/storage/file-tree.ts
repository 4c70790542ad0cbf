/**
 * The files below a path, in the order that a torrent made of them has: every directory's names are compared byte by
 * byte, files and directories alike, and a directory's files stand where its name does. This is libtorrent's order, and
 * that of a v2 file tree (BEP 52). Nothing of it depends on the file system, the locale or the machine.
 */
import type { BigIntStats, Dirent } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { readdirSync, realpathSync, statSync } from 'node:fs'
import { InputError, systemCodeOf } from '../common/errors.ts'
import { MAX_FILES } from '../metainfo/file-list.ts'
import type { FileEntry } from '../metainfo/metainfo.ts'
import { Notices } from '../metainfo/notices.ts'
import { MAX_DIRECTORIES } from '../metainfo/safe-path.ts'
import { Identities } from './file-identity.ts'
import { badLink, changedMeanwhile, notAFile, notUtf8, tooMany, unreadable } from './tree-errors.ts'
import { otherWork, Turns } from './turns.ts'

/** What tells one file from all others, whatever its name. */
export interface FileId {
  readonly dev: bigint
  readonly ino: bigint
}

export interface FileTreeOptions {
  /** Is it left out, and with a directory all that is in it? @param path below the root, elements joined by `/` */
  readonly excludes?: ((path: string, isDirectory: boolean) => boolean) | undefined
  /** Files that whoever asks is writing to: left out. */
  readonly ownFiles?: readonly FileId[] | undefined
  /** Follow symbolic links that lead out of the tree, too. */
  readonly followsLinks?: boolean | undefined
  /** Note which files may be executed (BEP 47 `x`). */
  readonly keepsExecutable?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

export interface FileTree {
  /** As it was given. */
  readonly root: string
  readonly isSingleFile: boolean
  /** At least one; paths begin with the tree's name. */
  readonly files: readonly FileEntry[]
  readonly totalBytes: number
  /** What the files were when they were looked at. */
  readonly identities: Identities
  /** What was left out or looks odd, a sentence each. */
  readonly notices: readonly string[]
}

/**
 * Looks at everything below `root`, which may itself be a link. Reads no file.
 * @param name of the torrent @throws InputError INPUT_..., TORRENT_TOO_MANY_FILES; StorageError
 */
export async function readFileTree(
  root: string,
  name: string,
  options: FileTreeOptions = {},
): Promise<FileTree> {
  const walk = new TreeWalk(root, name, options)
  await walk.run()
  const { files, totalBytes, identities, isSingleFile } = walk
  return { root, isSingleFile, files, totalBytes, identities, notices: walk.notices.list() }
}

/** Where a file of the tree lies, to be opened and shown. */
export function treePath(root: string, { path }: FileEntry): string {
  return placeOf(root, path.slice(1))
}

function placeOf(root: string, path: readonly string[]): string {
  return path.length === 0 ? root : `${root}${root.endsWith('/') ? '' : '/'}${path.join('/')}`
}

class TreeWalk {
  readonly files: FileEntry[] = []
  readonly notices = new Notices()
  readonly identities = new Identities(MAX_FILES)
  totalBytes = 0
  isSingleFile = false
  readonly #root: string
  readonly #name: string
  readonly #options: FileTreeOptions
  readonly #turns = new Turns()
  /** Those that we are in: one that is entered again would never end. */
  readonly #entered: FileId[] = []
  #realRoot: string | undefined
  #directoryCount = 0
  #excludedCount = 0

  constructor(root: string, name: string, options: FileTreeOptions) {
    this.#root = root
    this.#name = name
    this.#options = options
  }

  async run(): Promise<void> {
    const stat = this.#attempt(this.#root, () => statSync(this.#root, { bigint: true }))
    this.isSingleFile = stat.isFile()
    if (stat.isFile()) this.#addFile([], stat)
    else if (stat.isDirectory()) await this.#enter([], stat)
    else throw notAFile(this.#root, stat)
    if (this.files.length > 0) return
    const why = this.#excludedCount > 0 ? 'everything in it is excluded' : 'there is no file in it'
    throw new InputError('INPUT_EMPTY', `cannot make a torrent of ${this.#root}: ${why}`)
  }

  async #enter(path: readonly string[], stat: BigIntStats): Promise<void> {
    this.#directoryCount++
    if (this.#directoryCount > MAX_DIRECTORIES) throw tooMany(this.#root, MAX_DIRECTORIES, 'directories')
    this.#entered.push({ dev: stat.dev, ino: stat.ino })
    const entries = this.#list(path)
    for (const entry of entries) {
      if (this.#turns.isOver()) await otherWork()
      this.#options.signal?.throwIfAborted()
      await this.#visit([...path, entry.name.toString('utf8')], entry)
    }
    if (entries.length === 0 && path.length > 0)
      this.notices.add('empty directory left out, a torrent holds only files', path.join('/'))
    this.#entered.pop()
  }

  #list(path: readonly string[]): Dirent<Buffer>[] {
    const place = placeOf(this.#root, path)
    const entries = this.#attempt(place, () =>
      readdirSync(place, { withFileTypes: true, encoding: 'buffer' }),
    )
    return entries.sort((one, other) => Buffer.compare(one.name, other.name))
  }

  async #visit(path: readonly string[], entry: Dirent<Buffer>): Promise<void> {
    const place = placeOf(this.#root, path)
    const isLink = entry.isSymbolicLink()
    // Asked before anything else: what is excluded may be unreadable, a socket, or have no name to speak of.
    if (!isLink && this.#isExcluded(path, entry.isDirectory())) return
    if (isLink && (this.#isExcluded(path, false) || this.#isExcluded(path, true))) return
    if (!isUtf8(entry.name)) throw notUtf8(place, entry.name)
    const stat = isLink ? this.#follow(place) : this.#attempt(place, () => statSync(place, { bigint: true }))
    if (stat.isDirectory()) {
      if (this.#entered.some((entered) => isSameId(entered, stat)))
        throw badLink(place, 'to a directory that it lies in: --exclude leaves it out')
      await this.#enter(path, stat)
    } else if (stat.isFile()) {
      this.#addFile(path, stat)
    } else {
      throw notAFile(place, stat)
    }
  }

  #isExcluded(path: readonly string[], isDirectory: boolean): boolean {
    if (this.#options.excludes?.(path.join('/'), isDirectory) !== true) return false
    this.#excludedCount++
    return true
  }

  /** What a link leads to. It must be in the tree, unless any will do: a torrent should not publish what nobody meant. */
  #follow(place: string): BigIntStats {
    try {
      const target = realpathSync(place)
      this.#realRoot ??= realpathSync(this.#root)
      if (
        this.#options.followsLinks !== true &&
        !`${target}/`.startsWith(this.#realRoot === '/' ? '/' : `${this.#realRoot}/`)
      )
        throw badLink(
          place,
          `that leads out of the tree, to ${target}: --follow-links follows it, --exclude leaves it out`,
        )
      return statSync(target, { bigint: true })
    } catch (error) {
      const code = systemCodeOf(error)
      if (code === 'ENOENT')
        throw badLink(place, 'to something that is not there: --exclude leaves it out', error)
      if (code === 'ELOOP') throw badLink(place, 'that leads in a circle: --exclude leaves it out', error)
      if (error instanceof InputError) throw error
      throw unreadable(place, error)
    }
  }

  #addFile(path: readonly string[], stat: BigIntStats): void {
    const shown = path.join('/')
    if (path.length > 0 && this.#options.ownFiles?.some((own) => isSameId(own, stat)) === true) {
      this.notices.add('left out, it is being written', shown)
      return
    }
    if (this.files.length === MAX_FILES) throw tooMany(this.#root, MAX_FILES, 'files')
    if (shown.endsWith('.part')) this.notices.add('named like an unfinished download', shown)
    const lengthBytes = Number(stat.size)
    this.identities.set(this.files.length, stat)
    this.files.push({
      path: [this.#name, ...path],
      lengthBytes,
      start: this.totalBytes,
      isPadding: false,
      isExecutable: this.#options.keepsExecutable === true && (stat.mode & 0o100n) !== 0n,
      isSymlink: false,
    })
    this.totalBytes += lengthBytes
  }

  #attempt<T>(place: string, run: () => T): T {
    try {
      return run()
    } catch (error) {
      if (place !== this.#root && systemCodeOf(error) === 'ENOENT')
        throw changedMeanwhile(place, 'was removed')
      throw unreadable(place, error)
    }
  }
}

function isSameId(one: FileId, other: FileId): boolean {
  return one.dev === other.dev && one.ino === other.ino
}
