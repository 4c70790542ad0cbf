/** From flags and the process to the `cat` command: where the bytes go. */
import { UsageError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { ByteOutput } from './byte-output.ts'
import { catDelivery } from './commands/cat.ts'
import { fileLines, visibleFiles } from './commands/info.ts'
import type { CliContext } from './context.ts'
import type { CatFlags } from './flags.ts'
import { startDownload } from './start-download.ts'
import { show } from './terminal.ts'

/** More files of a torrent are only counted. */
const MAX_LISTED = 50

/** @returns the exit code @throws UsageError when it is not clear what to write */
export async function startCat(
  source: string,
  file: string | undefined,
  flags: CatFlags,
  context: CliContext,
): Promise<number> {
  if (flags.tar && file !== undefined) {
    throw new UsageError('USAGE', `--tar is for the whole torrent: leave out '${file}'`)
  }
  const output = new ByteOutput(context.stdout)
  const delivery = catDelivery({ file, isTar: flags.tar, isStored: flags.store }, output)
  const one = { ...flags, inputFile: [], failedTo: undefined, jobs: 1, json: false }
  try {
    return await startDownload([source], one, context, {
      delivery,
      readTorrent: (bytes) => {
        const metainfo = readTorrentFile(bytes)
        if (!flags.tar) listUnlessChosen(metainfo, () => delivery.settings(metainfo), context)
        return metainfo
      },
    })
  } finally {
    if (output.isWriting) context.abandonOutput()
  }
}

/** When it is not clear which file is meant, all are shown before the error says so. */
function listUnlessChosen(metainfo: Metainfo, choose: () => unknown, { stderr }: CliContext): void {
  try {
    choose()
  } catch (error) {
    const lines = fileLines(visibleFiles(metainfo), show)
    for (const line of lines.slice(0, MAX_LISTED)) stderr.write(`${line}\n`)
    if (lines.length > MAX_LISTED)
      stderr.write(`and ${lines.length - MAX_LISTED} more (see torrent-dl info)\n`)
    throw error
  }
}
