/** Where resume records and locks live: `$XDG_STATE_HOME/torrent-dl`, else `~/.local/state/torrent-dl`. */
import { accessSync, constants, existsSync, lstatSync, mkdirSync, mkdtempSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { messageOf } from '../common/errors.ts'
import type { Environment } from './terminal.ts'

const NAME = 'torrent-dl'

export interface StateDirectory {
  /** Absolute; exists and is writable. */
  readonly path: string
  /** A sentence for the user when it is not the usual place. */
  readonly notice: string | undefined
}

/**
 * Finds or makes the directory. Where the home cannot be used (no HOME, read-only), a private one below `tempRoot`
 * serves, the same one the next time.
 * @param userId of this process, where the system has such a thing
 * @throws a system error when not even the temp directory is writable
 */
export function openStateDirectory(
  env: Environment,
  tempRoot: string,
  userId: number | undefined,
): StateDirectory {
  const wanted = usualPath(env)
  const problem = wanted === undefined ? 'HOME is not set' : makeUsable(wanted)
  if (wanted !== undefined && problem === undefined) return { path: wanted, notice: undefined }
  const path = temporaryPath(tempRoot, userId)
  return { path, notice: `${problem ?? 'no home'}: what is needed to resume is kept in ${path} instead` }
}

/** Where the directory most likely is, for those who only read. Makes nothing. */
export function findStateDirectory(env: Environment, tempRoot: string, userId: number | undefined): string {
  const usual = usualPath(env)
  const temporary = temporaryName(tempRoot, userId)
  return usual === undefined || (!existsSync(usual) && existsSync(temporary)) ? temporary : usual
}

/** A relative XDG_STATE_HOME is invalid and ignored (XDG base directory specification). */
function usualPath(env: Environment): string | undefined {
  const { XDG_STATE_HOME: stateHome = '', HOME: home = '' } = env
  if (isAbsolute(stateHome)) return join(stateHome, NAME)
  return isAbsolute(home) ? join(home, '.local', 'state', NAME) : undefined
}

/** @returns why it cannot be used */
function makeUsable(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    accessSync(path, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return `cannot write to ${path} (${messageOf(error)})`
  }
}

function temporaryName(tempRoot: string, userId: number | undefined): string {
  return join(tempRoot, userId === undefined ? NAME : `${NAME}-${userId}`)
}

/** In a shared temp directory a predictable name may be somebody's trap: only a directory of our own will do. */
function temporaryPath(tempRoot: string, userId: number | undefined): string {
  const path = temporaryName(tempRoot, userId)
  if (makeUsable(path) === undefined) {
    const stat = lstatSync(path)
    const isOurs =
      stat.isDirectory() && (userId === undefined || (stat.uid === userId && (stat.mode & 0o077) === 0))
    if (isOurs) return path
  }
  return mkdtempSync(join(tempRoot, `${NAME}-`))
}
