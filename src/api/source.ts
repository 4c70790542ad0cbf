/** What callers give -> what the engine takes: torrents, places, addresses. */
import { open } from 'node:fs/promises'
import { isIP } from 'node:net'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { InputError, messageOf, TrackerError, UsageError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { readTorrentFile } from '../metainfo/torrent-file.ts'
import { parseTrackerUrl } from '../tracker/tracker-url.ts'

/** The path of a .torrent, or its bytes. */
export type TorrentSource = string | Uint8Array

type Tiers = readonly (readonly string[])[]

const MAX_TORRENT_FILE_BYTES = 64 * 1024 * 1024
const PEER = /^(?:\[([0-9a-f:.]+)\]|([\d.]+)):(\d{1,5})$/i

/** @throws InputError TORRENT_..., BENCODE_... when it is no torrent, TORRENT_FILE_... when it cannot be read */
export async function readTorrent(source: TorrentSource): Promise<Metainfo> {
  if (typeof source === 'string') return readTorrentFile(await readBytes(source))
  if (source instanceof Uint8Array) return readTorrentFile(Buffer.from(source))
  throw new UsageError('USAGE', 'source: neither the path of a .torrent nor its bytes, a Uint8Array')
}

/** Records of what is on disk, and locks, where the command has them, too: so that the two know of each other. */
export function stateDirectoryOf({ stateDirectory }: { readonly stateDirectory?: string }): string {
  return resolve(stateDirectory ?? join(homedir(), '.local', 'state', 'torrent-dl'))
}

/** @throws UsageError when it is no IP address */
export function addressesOf({ host }: { readonly host?: string }): LocalAddresses {
  if (host === undefined) return LocalAddresses.any
  const family = isIP(host)
  if (family === 0) throw new UsageError('USAGE', `host: '${host}' is no IP address`)
  return new LocalAddresses(family === 4 ? { v4: host } : { v6: host })
}

/** @throws UsageError */
export function listenPortsOf({ port = 0 }: { readonly port?: number }): { first: number; last: number } {
  const first = checkNumber('port', port, [0, 65_535])
  return { first, last: first }
}

/** `10.0.0.7:6881`, `[::1]:6881`. @throws UsageError */
export function parsePeer(text: string): { readonly host: string; readonly port: number } {
  const [, v6, v4, digits] = PEER.exec(text) ?? []
  const host = v6 ?? v4 ?? ''
  const port = Number(digits)
  if (isIP(host) !== 0 && port >= 1 && port <= 65_535) return { host, port }
  throw new UsageError('USAGE', `peers: '${text}' is not an IP address and a port, as 10.0.0.7:6881`)
}

/** @throws UsageError */
export function checkTrackers(tiers: Tiers): Tiers {
  const given: unknown = tiers
  const isInTiers = Array.isArray(given) && given.every((tier) => Array.isArray(tier))
  if (!isInTiers)
    throw new UsageError('USAGE', "trackers: tiers are wanted, as [['udp://a:1'], ['udp://b:1']]")
  for (const url of tiers.flat()) {
    try {
      parseTrackerUrl(url)
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error
      throw new UsageError('USAGE', `trackers: ${error.message}`, { cause: error })
    }
  }
  return tiers
}

/** @throws UsageError unless it is a whole number within the bounds */
export function checkNumber(name: string, value: number, [min, max]: readonly [number, number]): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new UsageError('USAGE', `${name} is ${value}, and must be a whole number from ${min} to ${max}`)
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    const file = await open(path)
    try {
      const { size } = await file.stat()
      if (size > MAX_TORRENT_FILE_BYTES) throw tooLarge(path)
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof InputError) throw error
    throw new InputError('TORRENT_FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function tooLarge(path: string): InputError {
  return new InputError('TORRENT_FILE_TOO_LARGE', `${path} is larger than 64 MiB: not a .torrent file`)
}
