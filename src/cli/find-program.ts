/** Where a program lies, as execvp(3) would find it. */
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './terminal.ts'

/** What the C library takes when PATH is not set. */
const FALLBACK_PATH = '/bin:/usr/bin'
const MISSING = 'does not exist'

export type FoundProgram =
  | { readonly path: string }
  /** Why there is none, as a clause for people; or there is something that cannot be run. */
  | { readonly problem: string; readonly isMissing: boolean }

/** @returns the path to run */
export function findProgram(name: string, env: Environment): FoundProgram {
  if (name.includes('/')) {
    const problem = problemOf(name)
    const isMissing = problem === MISSING
    return problem === undefined ? { path: name } : { problem: `${name} ${problem}`, isMissing }
  }
  // An empty element is the current directory.
  const directories = (env['PATH'] ?? FALLBACK_PATH).split(':').map((directory) => directory || '.')
  const paths = directories.map((directory) => join(directory, name))
  const path = paths.find((candidate) => problemOf(candidate) === undefined)
  if (path !== undefined) return { path }
  return { problem: `there is no program '${name}' in PATH`, isMissing: true }
}

function problemOf(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is not a file'
  } catch {
    return MISSING
  }
  try {
    accessSync(path, constants.X_OK)
    return undefined
  } catch {
    return 'is not executable'
  }
}
