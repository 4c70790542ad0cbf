/**
 * The one message of local service discovery (BEP 14): a datagram to a multicast group, in the form of an HTTP request.
 * Pure.
 *
 *   BT-SEARCH * HTTP/1.1\r\n
 *   Host: 239.192.152.143:6771\r\n
 *   Port: 6881\r\n
 *   Infohash: 40 hex digits\r\n       (once for each torrent)
 *   cookie: opaque\r\n                (whose announce it is)
 *   \r\n\r\n
 */
import type { Endpoint } from '../common/endpoint.ts'
import { formatEndpoint } from '../common/endpoint.ts'

/** Where announces go: one group for each family. */
export const LOCAL_GROUPS = {
  v4: { host: '239.192.152.143', port: 6771 },
  v6: { host: 'ff15::efc0:988f', port: 6771 },
} as const

/** Torrents of one announce: with these it stays below the 1,400 bytes of BEP 14. */
export const MAX_ANNOUNCED = 20

/** Torrents that are read from one announce, and its bytes: a longer one is no announce. */
const MAX_READ = 64
const MAX_BYTES = 4_096
const MAX_COOKIE_CHARACTERS = 128
const FIRST_LINE = /^BT-SEARCH \* HTTP\/1\.\d$/i
const INFO_HASH = /^[\da-f]{40}$/i
const HEADER = /^([!-9;-~]+):[ \t]*(.*?)[ \t]*$/

export interface LocalSearch {
  /** The TCP port of whoever announces, 1..65535. */
  readonly port: number
  /** 40 lower-case hex digits each, at least one. */
  readonly infoHashes: readonly string[]
  readonly cookie?: string | undefined
}

/** @param group where it goes @param search at most MAX_ANNOUNCED torrents */
export function encodeLocalSearch(group: Endpoint, { port, infoHashes, cookie }: LocalSearch): Buffer {
  const lines = [
    'BT-SEARCH * HTTP/1.1',
    `Host: ${formatEndpoint(group)}`,
    `Port: ${port}`,
    ...infoHashes.map((infoHash) => `Infohash: ${infoHash}`),
    ...(cookie === undefined ? [] : [`cookie: ${cookie}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n\r\n`, 'latin1')
}

/** @returns undefined when it is no announce, or one that names no torrent or no port */
export function decodeLocalSearch(bytes: Buffer): LocalSearch | undefined {
  if (bytes.length > MAX_BYTES) return undefined
  const [first = '', ...lines] = bytes.toString('latin1').split(/\r?\n/)
  if (!FIRST_LINE.test(first)) return undefined
  const headers = lines.map(readHeader)
  const valueOf = (wanted: string): string | undefined => headers.find(({ name }) => name === wanted)?.value
  const port = readPort(valueOf('port'))
  const named = headers.filter(({ name, value }) => name === 'infohash' && INFO_HASH.test(value))
  const infoHashes = new Set(named.slice(0, MAX_READ).map(({ value }) => value.toLowerCase()))
  if (port === undefined || infoHashes.size === 0) return undefined
  return { port, infoHashes: [...infoHashes], cookie: valueOf('cookie')?.slice(0, MAX_COOKIE_CHARACTERS) }
}

/** @returns the name in lower case; both empty when it is no header */
function readHeader(line: string): { readonly name: string; readonly value: string } {
  const [, name = '', value = ''] = HEADER.exec(line) ?? []
  return { name: name.toLowerCase(), value }
}

function readPort(text = ''): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}
