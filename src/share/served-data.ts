/**
 * The data of a torrent behind the paths of a web seed (BEP 19): `/data/NAME`, or `/data/NAME/a/b`. A path is looked up
 * in a table of the torrent's files, never put together from what was asked, so nothing else can be reached.
 */
import type { FileHandle } from 'node:fs/promises'
import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Metainfo } from '../metainfo/metainfo.ts'

export const DATA_PATH = '/data/'

export interface ServedFile {
  /** Where it lies. */
  readonly path: string
  readonly lengthBytes: number
  /** For `ETag`, quotes included: what a torrent describes never changes. */
  readonly tag: string
  /** When it was served first; a file with another time or length is not what the torrent describes. */
  readonly modifiedMs: number
}

export class ServedData {
  /** By decoded request path. */
  readonly #files = new Map<string, ServedFile>()

  /** Looks at every file once. @param root the file or directory that the torrent was made of @throws a system error */
  static async open(metainfo: Metainfo, root: string): Promise<ServedData> {
    const data = new ServedData()
    for (const [index, { path, lengthBytes, isPadding, isSymlink }] of metainfo.files.entries()) {
      if (isPadding || isSymlink) continue
      const place = join(root, ...path.slice(1))
      const { mtimeMs } = await stat(place)
      const tag = `"${metainfo.infoHash.toString('hex')}-${index}"`
      data.#files.set(DATA_PATH + path.join('/'), { path: place, lengthBytes, tag, modifiedMs: mtimeMs })
    }
    return data
  }

  /** @param path as it was asked for, decoded */
  find(path: string): ServedFile | undefined {
    return this.#files.get(path)
  }
}

/**
 * Opens it for reading, when it still is what it was. A FIFO in its place does not block.
 * @returns undefined when it has changed or is gone; the caller closes the handle
 */
export async function openServedFile({
  path,
  lengthBytes,
  modifiedMs,
}: ServedFile): Promise<FileHandle | undefined> {
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    // Gone, or not ours to read any more: the same for whoever asks.
    return undefined
  }
  const now = await handle.stat().catch(() => undefined)
  if (now?.isFile() === true && now.size === lengthBytes && now.mtimeMs === modifiedMs) return handle
  await handle.close()
  return undefined
}
