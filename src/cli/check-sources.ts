/** Sources as they were typed: is it sure that they are meant to be sources, and can all of them be read? */
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { UsageError } from '../common/errors.ts'
import type { DownloadFlags } from './flags.ts'
import { suggest } from './suggest.ts'

/** `torrent-dl -v info x`, `torrent-dl inof x`: most likely the command was meant. */
export function refuseCommandNames(program: Command, sources: readonly string[]): void {
  const names = program.commands.map((command) => command.name())
  const name = sources.find((source) => names.includes(source))
  if (name !== undefined) {
    throw new UsageError(
      'USAGE',
      `command '${name}' comes first: torrent-dl ${name} <source> (a file of that name: ./${name})`,
    )
  }
  const [first = ''] = sources
  if (!/^[a-z]+$/i.test(first)) return
  const near = suggest(first, [...names, 'help', 'version'])
  if (near === undefined || existsSync(first)) return
  const hint = names.includes(near) ? near : `--${near}`
  throw new UsageError('USAGE', `'${first}' is neither a file nor a command (did you mean ${hint}?)`)
}

/** @throws UsageError when there are none, or standard input is needed twice */
export function assertSources(sources: readonly string[], { inputFile, verbose }: DownloadFlags): void {
  if (sources.length + inputFile.length === 0) {
    const hint = verbose === 1 ? 'the version: torrent-dl -V' : 'or a list of them: -i FILE'
    throw new UsageError('USAGE', `missing required argument 'source' (${hint})`)
  }
  const sourceCount = countStdin(sources)
  if (sourceCount > 1) throw new UsageError('USAGE', 'standard input (-) can be a source only once')
  if (sourceCount + countStdin(inputFile) > 1)
    throw new UsageError('USAGE', 'standard input (-) can be one source or one list (-i -), not more')
}

function countStdin(names: readonly string[]): number {
  return names.filter((name) => name === '-').length
}
