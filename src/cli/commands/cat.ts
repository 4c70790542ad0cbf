/**
 * `torrent-dl cat <source> [file]`: a download whose bytes go to standard output as they come, in order. What it adds
 * to the download (commands/download.ts) is a delivery: what is to be read, and where it goes.
 */
import { wantedFiles } from '../../metainfo/file-selection.ts'
import type { Metainfo } from '../../metainfo/metainfo.ts'
import type { TorrentSettings } from '../../session/settings.ts'
import { HeldPieces } from '../../storage/held-pieces.ts'
import type { ByteOutput } from '../byte-output.ts'
import { chooseFile } from '../choose-file.ts'
import type { Delivery } from '../job.ts'
import { archivedFiles, tarOf } from '../tar.ts'

export interface CatOptions {
  /** Path or number in the torrent. */
  readonly file: string | undefined
  /** All files, as an archive. */
  readonly isTar: boolean
  /** The files are written, too, as a download does. */
  readonly isStored: boolean
}

/** @throws UsageError from `settings`: FILE_NOT_NAMED, FILE_NOT_IN_TORRENT */
export function catDelivery({ file, isTar, isStored }: CatOptions, output: ByteOutput): Delivery {
  return {
    settings: (metainfo) => ({
      ...(isTar ? { reading: rangeOfAll(metainfo) } : settingsOfFile(metainfo, file)),
      storage: isStored ? undefined : new HeldPieces(metainfo),
    }),
    isStored,
    goOn: isStored ? 'what came is kept: the same command begins again, and fetches only the rest' : '',
    async deliver(torrent, metainfo) {
      const next = async (): Promise<Buffer | undefined> => torrent.read()
      if (isTar) {
        for await (const bytes of tarOf(metainfo, next)) await output.write(bytes)
        return
      }
      for (let bytes = await next(); bytes !== undefined; bytes = await next()) await output.write(bytes)
    },
  }
}

/** No other file is made, though pieces reach into its neighbours. */
function settingsOfFile(
  metainfo: Metainfo,
  file: string | undefined,
): Pick<TorrentSettings, 'reading' | 'wantedFiles'> {
  const chosen = chooseFile(metainfo, file)
  const { start, lengthBytes } = chosen
  const priorities = Uint8Array.from(metainfo.files, (entry) => (entry === chosen ? 1 : 0))
  return { reading: { start, end: start + lengthBytes }, wantedFiles: wantedFiles(metainfo, priorities) }
}

/** Padding at either end is left out. */
function rangeOfAll(metainfo: Metainfo): NonNullable<TorrentSettings['reading']> {
  const files = archivedFiles(metainfo).filter(({ lengthBytes }) => lengthBytes > 0)
  const last = files.at(-1)
  return { start: files[0]?.start ?? 0, end: last === undefined ? 0 : last.start + last.lengthBytes }
}
