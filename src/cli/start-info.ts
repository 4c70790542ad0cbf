/** From flags and the process to the `info` command. */
import { InputError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { formatInfo, formatInfoJson } from './commands/info.ts'
import type { CliContext } from './context.ts'
import type { InfoFlags } from './flags.ts'
import { readSource, sourceLabel } from './source.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'

/** @returns the exit code @throws InputError when the source is no torrent */
export async function startInfo(source: string, flags: InfoFlags, context: CliContext): Promise<number> {
  const bytes = await readSource(source, context.stdin)
  const metainfo = parse(source, bytes)
  if (flags.json) {
    context.stdout.write(formatInfoJson(metainfo))
    return 0
  }
  const terminal = describeTerminal(context.stdout, context.env, flags.color)
  context.stdout.write(formatInfo(metainfo, { terminal, theme: await loadTheme(terminal) }))
  return 0
}

/** The parser does not know what the file is called. */
function parse(source: string, bytes: Buffer): Metainfo {
  try {
    return readTorrentFile(bytes)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(error.code, `${sourceLabel(source)}: ${error.message}`, { cause: error })
  }
}
