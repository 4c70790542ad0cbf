/** Where a program lies, as execvp(3) would find it. */
import { accessSync, constants, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Environment } from './terminal.ts'

/** What the C library takes when PATH is not set. */
const FALLBACK_PATH = '/bin:/usr/bin'

/** @returns the path to run, or why there is none, as a clause for people */
export function findProgram(name: string, env: Environment): { path: string } | { problem: string } {
  if (name.includes('/')) {
    const problem = problemOf(name)
    return problem === undefined ? { path: name } : { problem: `${name} ${problem}` }
  }
  // An empty element is the current directory.
  const directories = (env['PATH'] ?? FALLBACK_PATH).split(':').map((directory) => directory || '.')
  const paths = directories.map((directory) => join(directory, name))
  const path = paths.find((candidate) => problemOf(candidate) === undefined)
  return path === undefined ? { problem: `there is no program '${name}' in PATH` } : { path }
}

function problemOf(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return 'is not a file'
  } catch {
    return 'does not exist'
  }
  try {
    accessSync(path, constants.X_OK)
    return undefined
  } catch {
    return 'is not executable'
  }
}
