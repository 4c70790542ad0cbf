/**
 * A torrent's files as a tar stream (POSIX ustar; pax headers where a name needs one, base-256 sizes from 8 GiB on).
 * The same torrent gives the same bytes: no owner, and the time is the torrent's creation date, or 0. Padding is left
 * out, and so are symbolic links, which torrent-dl never makes.
 */
import { once } from 'node:events'
import { pack } from 'tar-stream'
import type { Pack } from 'tar-stream'
import type { FileEntry, Metainfo } from '../metainfo/metainfo.ts'
import { ByteFeed } from './byte-feed.ts'

/** Seconds since 1970 that every reader of tar takes. */
const MAX_TIME = 2 ** 31 - 1

/**
 * @param next the torrent's bytes in order, from the first file on that is no padding
 * @returns the stream in portions; its consumer's pace is the reader's
 */
export async function* tarOf(
  metainfo: Metainfo,
  next: () => Promise<Buffer | undefined>,
): AsyncGenerator<Buffer> {
  const stream = pack()
  const filling = fill(stream, metainfo, next)
  filling.catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  for await (const bytes of stream as AsyncIterable<Buffer>) yield bytes
  await filling
}

/** Files that are in the archive. */
export function archivedFiles({ files }: Metainfo): FileEntry[] {
  return files.filter(({ isPadding, isSymlink }) => !isPadding && !isSymlink)
}

async function fill(
  stream: Pack,
  metainfo: Metainfo,
  next: () => Promise<Buffer | undefined>,
): Promise<void> {
  const feed = new ByteFeed(next)
  const files = archivedFiles(metainfo)
  const mtime = new Date(1000 * Math.min(MAX_TIME, Math.max(0, metainfo.creationDateSeconds ?? 0)))
  let position = files.find(({ lengthBytes }) => lengthBytes > 0)?.start ?? 0
  for (const file of files) {
    if (file.lengthBytes > 0) await feed.skip(file.start - position)
    if (file.lengthBytes > 0) position = file.start + file.lengthBytes
    await addFile(stream, file, { mtime, feed })
  }
  stream.finalize()
}

async function addFile(
  stream: Pack,
  { path, lengthBytes, isExecutable }: FileEntry,
  { mtime, feed }: { mtime: Date; feed: ByteFeed },
): Promise<void> {
  const mode = isExecutable ? 0o755 : 0o644
  const header = { name: path.join('/'), size: lengthBytes, mode, mtime, type: 'file' as const }
  await new Promise<void>((resolve, reject) => {
    const entry = stream.entry(header, (error) => {
      if (error instanceof Error) reject(error)
      else resolve()
    })
    entry.on('error', reject) // also when the archive is given up
    const copy = async (): Promise<void> => {
      for await (const bytes of feed.take(lengthBytes)) {
        if (!entry.write(bytes)) await once(entry, 'drain')
      }
      entry.end(undefined)
    }
    copy().catch(reject)
  })
}
