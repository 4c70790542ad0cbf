/** From flags and the process to the `info` command. */
import { formatInfo, formatInfoJson } from './commands/info.ts'
import type { CliContext } from './context.ts'
import type { InfoFlags } from './flags.ts'
import { readTorrent } from './read-torrent.ts'
import { describeTerminal } from './terminal.ts'
import { loadTheme } from './theme.ts'

/** @returns the exit code @throws InputError when the source is no torrent */
export async function startInfo(source: string, flags: InfoFlags, context: CliContext): Promise<number> {
  const metainfo = await readTorrent(source, context.stdin)
  if (flags.json) {
    context.stdout.write(formatInfoJson(metainfo))
    return 0
  }
  const terminal = describeTerminal(context.stdout, context.env, flags.color)
  context.stdout.write(formatInfo(metainfo, { terminal, theme: await loadTheme(terminal) }))
  return 0
}
