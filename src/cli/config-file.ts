/** The configuration file: where it lies, and its JSON as settings that nobody has interpreted yet. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { UsageError, messageOf, systemCodeOf } from '../common/errors.ts'
import type { Environment } from './terminal.ts'

/** Nobody writes more by hand, and a wrong path must not fill the memory. */
const MAX_CONFIG_BYTES = 1024 * 1024

export const VARIABLE_PREFIX = 'TORRENT_DL_'

/** A value as JSON gives it, not yet checked against its option. */
export type RawValue = string | number | boolean | readonly (string | number)[]

export interface ConfigFile {
  readonly path: string
  /** Long option names (`stall-timeout`) and what was said for them, in the order of the file. */
  readonly settings: ReadonlyMap<string, RawValue>
}

/** Is there anything to apply? Cheap: most runs have neither variables nor a file, and load no more of this. */
export function hasSettings(config: unknown, env: Environment): boolean {
  if (typeof config === 'string') return true
  if (Object.keys(env).some((variable) => variable.startsWith(VARIABLE_PREFIX))) return true
  return config !== false && findDefaultConfig(env) !== undefined
}

/** The usual file, if it is there. One that we may not even look for belongs to somebody else's home. */
export function findDefaultConfig(env: Environment): string | undefined {
  const path = defaultConfigPath(env)
  try {
    return path !== undefined && statSync(path, { throwIfNoEntry: false }) !== undefined ? path : undefined
  } catch {
    return undefined // no right to search the directory
  }
}

/** A relative XDG_CONFIG_HOME is invalid and ignored (XDG base directory specification). */
function defaultConfigPath({
  XDG_CONFIG_HOME: config = '',
  HOME: home = '',
}: Environment): string | undefined {
  if (isAbsolute(config)) return join(config, 'torrent-dl', 'config.json')
  return isAbsolute(home) ? join(home, '.config', 'torrent-dl', 'config.json') : undefined
}

/** @throws UsageError CONFIG_UNREADABLE when it cannot be read, is too large or is not a JSON object of settings */
export function readConfigFile(path: string): ConfigFile {
  const json = parse(path, readText(path))
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw unreadable(`${path}: not a JSON object such as { "jobs": 5 }`)
  }
  const settings = new Map<string, RawValue>()
  for (const [name, value] of Object.entries(json)) {
    if (!isRawValue(value)) {
      throw unreadable(`${path}: ${name}: not a string, a number, true, false or a list of strings`)
    }
    settings.set(name, value)
  }
  return { path, settings }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (error) {
    throw unreadable(`${path}: not valid JSON: ${messageOf(error)}`, error)
  }
}

/** Also from a pipe: `--config <(...)`. */
function readText(path: string): string {
  const buffer = Buffer.alloc(MAX_CONFIG_BYTES + 1)
  let length = 0
  try {
    const file = openSync(path, 'r')
    try {
      let read = 0
      do {
        read = readSync(file, buffer, length, buffer.length - length, null)
        length += read
      } while (read > 0 && length < buffer.length)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const reason = REASONS[systemCodeOf(error) ?? ''] ?? messageOf(error)
    throw unreadable(`cannot read the configuration ${path}: ${reason}`, error)
  }
  if (length > MAX_CONFIG_BYTES) throw unreadable(`${path}: larger than 1 MiB: hardly a configuration`)
  return buffer.toString('utf8', 0, length)
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
}

function isRawValue(value: unknown): value is RawValue {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string' || typeof one === 'number')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

function unreadable(message: string, cause?: unknown): UsageError {
  return new UsageError('CONFIG_UNREADABLE', message, cause === undefined ? undefined : { cause })
}
