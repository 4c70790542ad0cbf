/** A source as it was typed -> the torrent, for commands that have one source. */
import { InputError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { readSource, sourceLabel } from './source.ts'

/** @throws InputError that names the source */
export async function readTorrent(source: string, stdin: AsyncIterable<Buffer | string>): Promise<Metainfo> {
  const bytes = await readSource(source, stdin)
  try {
    return readTorrentFile(bytes)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.code, `${sourceLabel(source)}: ${error.message}`, { cause: error })
  }
}
