/**
 * The storage of a torrent that was made of a file tree a moment ago: only read, and taken on trust. Nothing is locked
 * and nothing recorded, so that several sessions can give the same files.
 */
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FileTree } from './file-tree.ts'
import type { CheckProgress, Storage } from './storage.ts'
import { Bitfield } from '../common/bitfield.ts'
import { BugError } from '../common/errors.ts'
import { pieceIndices } from '../metainfo/geometry.ts'
import { TreeBytes } from './tree-bytes.ts'

export class TreeStorage implements Storage {
  readonly #geometry: Metainfo['geometry']
  readonly #tree: FileTree
  readonly #bytes: TreeBytes

  /** @param tree what the torrent was made of */
  constructor({ geometry }: Metainfo, tree: FileTree) {
    this.#geometry = geometry
    this.#tree = tree
    // A new mode, link or time changes no byte; other bytes of the same number are seen by whoever gets them.
    this.#bytes = new TreeBytes(tree, (file, stat) => {
      return (
        tree.identities.isSameInode(file, stat) && stat.size === BigInt(tree.files[file]?.lengthBytes ?? 0)
      )
    })
  }

  /** Every piece. @throws StorageError FILE_CHANGED when a file is not what it was */
  async open({ signal }: CheckProgress): Promise<Bitfield> {
    await new TreeBytes(this.#tree).assertUnchanged(signal)
    const have = new Bitfield(this.#geometry.pieceCount)
    for (const piece of pieceIndices(this.#geometry)) have.set(piece)
    return have
  }

  /** @throws StorageError FILE_CHANGED where a file became shorter, DISK_... */
  async read(start: number, ...into: Buffer[]): Promise<void> {
    let at = start
    for (const part of into) {
      await this.#bytes.read(at, part)
      at += part.length
    }
  }

  writePieces(): never {
    throw new BugError('BUG_STORAGE', 'a write to files that are only read')
  }

  /** @throws StorageError FILE_CHANGED when a file is gone, another one, or of another length */
  async confirm(): Promise<void> {
    await this.#bytes.assertUnchanged()
  }

  async save(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#bytes.close()
    return Promise.resolve()
  }
}
