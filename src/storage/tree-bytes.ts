/** The bytes of a file tree, one file after another, as a torrent of it has them; and whether they stay what they are. */
import type { BigIntStats } from 'node:fs'
import { closeSync, constants, fstatSync, openSync, readSync, readv, statSync } from 'node:fs'
import { promisify } from 'node:util'
import { InputError, systemCodeOf } from '../common/errors.ts'
import { fileSpans } from '../metainfo/file-layout.ts'
import type { ByteSource, UseDescriptors } from './byte-source.ts'
import { withDescriptorSpans } from './descriptor-spans.ts'
import { diskError } from './disk-errors.ts'
import type { FileTree } from './file-tree.ts'
import { treePath } from './file-tree.ts'
import { OpenFiles } from './open-files.ts'
import { changedMeanwhile, unreadable } from './tree-errors.ts'
import { otherWork, Turns } from './turns.ts'

const { O_NOCTTY, O_NONBLOCK, O_RDONLY } = constants
const readAsync = promisify(readv)

/**
 * So much is read at once. A read in the background costs more than it takes to copy this from the page cache: 100,000
 * files of 4 KiB are hashed in 1.3 s instead of 2.3.
 */
const SMALL_BYTES = 64 * 1024

export class TreeBytes implements ByteSource {
  readonly #tree: FileTree
  readonly #isSame: (file: number, stat: BigIntStats) => boolean
  readonly #open: OpenFiles

  /** @param isSame is this still the file that it was? Default: as if nobody had touched it */
  constructor(
    tree: FileTree,
    isSame = (file: number, stat: BigIntStats): boolean => tree.identities.isSame(file, stat),
  ) {
    this.#tree = tree
    this.#isSame = isSame
    this.#open = new OpenFiles((file) => this.#openFile(file))
  }

  /** @throws InputError INPUT_UNREADABLE, StorageError FILE_CHANGED, DISK_... */
  readonly read = async (start: number, into: Buffer): Promise<void> => {
    let at = 0
    for (const { file, offset, length } of fileSpans(this.#tree.files, start, into.length)) {
      await this.#readFile(file, offset, into.subarray(at, at + length))
      at += length
    }
  }

  readonly withDescriptors = async (
    start: number,
    length: number,
    use: UseDescriptors,
  ): Promise<Buffer | undefined> => {
    const spans = fileSpans(this.#tree.files, start, length)
    return withDescriptorSpans(spans, async (file, useOne) => this.#open.withFile(file, useOne), use)
  }

  /** Are all files still what they were when the tree was read? @throws StorageError FILE_CHANGED */
  async assertUnchanged(signal?: AbortSignal): Promise<void> {
    const turns = new Turns()
    for (const file of this.#tree.files.keys()) {
      if (turns.isOver()) await otherWork()
      signal?.throwIfAborted()
      const path = this.#pathOf(file)
      const stat = attempt(path, () => statSync(path, { bigint: true }))
      if (!this.#isSame(file, stat)) throw changedMeanwhile(path, 'changed')
    }
  }

  close(): void {
    this.#open.closeAll()
  }

  async #readFile(file: number, offset: number, into: Buffer): Promise<void> {
    try {
      if (into.length <= SMALL_BYTES) this.#readNow(file, offset, into)
      else await this.#open.withFile(file, async (fd) => this.#readLater(file, fd, { offset, into }))
    } catch (error) {
      if (error instanceof InputError) throw error
      throw diskError(error, { verb: 'read', path: this.#pathOf(file) })
    }
  }

  #readNow(file: number, offset: number, into: Buffer): void {
    const fd = this.#open.get(file)
    for (let at = 0; at < into.length;) {
      const count = readSync(fd, into, at, into.length - at, offset + at)
      if (count === 0) throw changedMeanwhile(this.#pathOf(file), 'became shorter')
      at += count
    }
  }

  async #readLater(
    file: number,
    fd: number,
    { offset, into }: { readonly offset: number; readonly into: Buffer },
  ): Promise<void> {
    for (let at = 0; at < into.length;) {
      const { bytesRead } = await readAsync(fd, [into.subarray(at)], offset + at)
      if (bytesRead === 0) throw changedMeanwhile(this.#pathOf(file), 'became shorter')
      at += bytesRead
    }
  }

  /** O_NONBLOCK: a FIFO that took the file's place would wait for a writer. */
  #openFile(file: number): number {
    const path = this.#pathOf(file)
    const fd = attempt(path, () => openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY))
    if (this.#isSame(file, fstatSync(fd, { bigint: true }))) return fd
    closeSync(fd)
    throw changedMeanwhile(path, 'changed')
  }

  #pathOf(file: number): string {
    const entry = this.#tree.files[file]
    return entry === undefined ? this.#tree.root : treePath(this.#tree.root, entry)
  }
}

/** What was there when the tree was read and is not any more was removed by somebody. */
function attempt<T>(path: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') throw changedMeanwhile(path, 'was removed')
    throw unreadable(path, error)
  }
}
