/** A source as it was typed -> the bytes of a .torrent. Reads at most 64 MiB, whatever it is given. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import type { Stats } from 'node:fs'
import type { Socket } from 'node:net'
import { InputError, messageOf, systemCodeOf } from '../common/errors.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import { maskSource } from '../tracker/mask-url.ts'
import { formatBytes, formatCount } from './format.ts'

export const MAX_TORRENT_FILE_BYTES = 64 * 1024 * 1024

const READ_BYTES = 1024 * 1024
const INFO_HASH = /^([0-9a-f]{40}|[a-z2-7]{32}|[0-9a-f]{64})$/i

/** Plain words for what goes wrong when a file is opened. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EISDIR: 'it is a directory',
  ENXIO: 'it is a socket or a device',
  EMFILE: 'too many open files',
  EIO: 'the disk reports an error',
}

/** How an address is asked. */
export interface SourceNetwork {
  /** From which addresses of ours; default: any. */
  readonly local?: LocalAddresses | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * @param source a path, an http or https address, or `-` for standard input
 * @throws InputError SOURCE_UNSUPPORTED for links, TORRENT_FILE_UNREADABLE, TORRENT_FILE_TOO_LARGE, TORRENT_URL_...
 * @throws SourceError TORRENT_URL_UNREACHABLE, TORRENT_URL_UNAVAILABLE
 */
export async function readSource(
  source: string,
  stdin: AsyncIterable<Buffer | string>,
  network: SourceNetwork = {},
): Promise<Buffer> {
  if (source === '-') return await collect(stdin, 'standard input')
  if (source === '') throw new InputError('TORRENT_FILE_UNREADABLE', "cannot read '': an empty path")
  if (/^https?:\/\//i.test(source)) {
    const { fetchTorrent } = await import('./fetch-torrent.ts')
    return await fetchTorrent(source, { maxBytes: MAX_TORRENT_FILE_BYTES, ...network })
  }
  const kind = linkKind(source)
  if (kind !== undefined) throw unsupported(source, kind)
  return await readPath(source)
}

/** What the user should read in a message: the path, the address without its secrets, or what `-` stands for. */
export function sourceLabel(source: string): string {
  return source === '-' ? 'standard input' : maskSource(source)
}

function linkKind(source: string): string | undefined {
  if (/^magnet:/i.test(source)) return 'magnet links are'
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(source)?.[1]
  return scheme === undefined ? undefined : `${scheme.toLowerCase()}:// addresses are`
}

function unsupported(source: string, what: string): InputError {
  return new InputError('SOURCE_UNSUPPORTED', `${source}: ${what} not supported yet; give a .torrent file`)
}

/** O_NONBLOCK: opening a FIFO must not block a thread, that would also block the process's exit. */
export function openWithoutWaiting(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
}

/** Takes the descriptor. A net.Socket waits for a FIFO's first writer without a thread; no network is involved. */
export async function openFifo(fd: number): Promise<Socket> {
  const net = await import('node:net')
  return new net.Socket({ fd, readable: true, writable: false })
}

async function readPath(path: string): Promise<Buffer> {
  let fd: number
  try {
    fd = openWithoutWaiting(path)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' && INFO_HASH.test(path))
      throw unsupported(path, 'bare info-hashes are')
    throw unreadable(path, error)
  }
  let isOpen = true
  try {
    const stat = fstatSync(fd)
    if (stat.isFIFO()) {
      isOpen = false
      return await collect(await openFifo(fd), path)
    }
    if (!stat.isFile()) throw unreadable(path, undefined, kindOf(stat))
    if (stat.size > MAX_TORRENT_FILE_BYTES) throw tooLarge(path, stat.size)
    return readFile(fd, path, stat.size)
  } finally {
    if (isOpen) closeSync(fd)
  }
}

/** The size is only a hint: a file may grow, and those of /proc say 0. Another byte of room shows where it ends. */
function readFile(fd: number, path: string, expectedBytes: number): Buffer {
  let bytes = Buffer.allocUnsafeSlow(expectedBytes + 1)
  let total = 0
  for (;;) {
    const count = readInto(fd, path, bytes.subarray(total))
    if (count === 0) return bytes.subarray(0, total)
    total += count
    if (total > MAX_TORRENT_FILE_BYTES) throw tooLarge(path)
    if (total === bytes.length) bytes = Buffer.concat([bytes], total + READ_BYTES)
  }
}

function readInto(fd: number, path: string, part: Buffer): number {
  try {
    return readSync(fd, part)
  } catch (error) {
    throw unreadable(path, error)
  }
}

async function collect(stream: AsyncIterable<Buffer | string>, name: string): Promise<Buffer> {
  const parts: Buffer[] = []
  let total = 0
  try {
    for await (const chunk of stream) {
      const part = Buffer.from(chunk)
      total += part.length
      if (total > MAX_TORRENT_FILE_BYTES) throw tooLarge(name)
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw unreadable(name, error)
  }
  return Buffer.concat(parts, total)
}

/** Why something could not be opened or read, in plain words. */
export function readFailure(cause: unknown): string {
  return REASONS[systemCodeOf(cause) ?? ''] ?? messageOf(cause)
}

function unreadable(path: string, cause: unknown, reason?: string): InputError {
  const why = reason ?? readFailure(cause)
  return new InputError('TORRENT_FILE_UNREADABLE', `cannot read ${path}: ${why}`, { cause })
}

function tooLarge(path: string, bytes?: number): InputError {
  const size = bytes === undefined ? '' : ` (${formatBytes(bytes)}, ${formatCount(bytes)} bytes)`
  return new InputError('TORRENT_FILE_TOO_LARGE', `${path} is larger than 64 MiB${size}: not a .torrent file`)
}

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return 'it is a directory'
  return stat.isSocket() ? 'it is a socket' : 'it is a device'
}
