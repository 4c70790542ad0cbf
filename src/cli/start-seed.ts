/** From arguments and flags to the `seed` command: which of them is the directory. */
import { statSync } from 'node:fs'
import { UsageError } from '../common/errors.ts'
import type { CliContext } from './context.ts'
import type { SeedFlags } from './flags.ts'
import { startDownload } from './start-download.ts'

/** @returns the exit code @throws UsageError */
export async function startSeed(
  args: readonly string[],
  flags: SeedFlags,
  { context, isOutputGiven }: { readonly context: CliContext; readonly isOutputGiven: boolean },
): Promise<number> {
  if (flags.seedTime === 0)
    throw new UsageError('USAGE', "option '--seed-time <time>' argument '0' would seed nothing at all")
  const { sources, output } = splitArguments(args, { ...flags, isOutputGiven })
  return await startDownload(sources, { ...flags, output }, context, { onlySeeds: true })
}

/** The last argument is the directory of the data when it is one; a torrent never is. */
export function splitArguments(
  args: readonly string[],
  {
    output,
    inputFile,
    isOutputGiven,
  }: {
    readonly output: string
    readonly inputFile: readonly string[]
    readonly isOutputGiven: boolean
  },
): { readonly sources: readonly string[]; readonly output: string } {
  const last = args.at(-1)
  const isAlone = args.length === 1 && inputFile.length === 0
  if (last === undefined || isAlone || last === '-' || !isDirectory(last)) return { sources: args, output }
  if (isOutputGiven)
    throw new UsageError('USAGE', `two directories: -o ${output}, and '${last}' at the end; leave one out`)
  return { sources: args.slice(0, -1), output: last }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false // whoever reads it will say so
  }
}
