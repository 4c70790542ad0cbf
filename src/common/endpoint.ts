/**
 * A host and port we may dial, and its compact forms: 6 bytes for IPv4 (BEP 23), 18 for IPv6 (BEP 7).
 * `host` is always an IP literal here, never a name.
 */

export interface Endpoint {
  /** IPv4 dotted or IPv6 text, without brackets. */
  readonly host: string
  /** 1..65535 */
  readonly port: number
}

export const COMPACT_V4_BYTES = 6
export const COMPACT_V6_BYTES = 18

/** `10.0.0.7:6881` or `[::1]:6881`; also the key under which an endpoint is known. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Reads one compact IPv4 endpoint (4 address bytes, port u16 big endian) at `offset`. Port 0 comes through. */
export function readCompactV4(bytes: Buffer, offset: number): Endpoint {
  const host = [0, 1, 2, 3].map((i) => bytes.readUInt8(offset + i)).join('.')
  return { host, port: bytes.readUInt16BE(offset + 4) }
}

/** Reads one compact IPv6 endpoint (16 address bytes, port u16 big endian). IPv4-mapped addresses come back as IPv4. */
export function readCompactV6(bytes: Buffer, offset: number): Endpoint {
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(offset + 2 * i))
  const port = bytes.readUInt16BE(offset + 16)
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return readCompactV4(bytes.subarray(offset + 12, offset + 18), 0)
  return { host: formatV6(groups), port }
}

/** All endpoints of a compact list. Bytes after the last whole entry are ignored; entries with port 0 are dropped. */
export function readCompactList(
  bytes: Buffer,
  entryBytes: typeof COMPACT_V4_BYTES | typeof COMPACT_V6_BYTES,
): Endpoint[] {
  const read = entryBytes === COMPACT_V4_BYTES ? readCompactV4 : readCompactV6
  const endpoints: Endpoint[] = []
  for (let offset = 0; offset + entryBytes <= bytes.length; offset += entryBytes) {
    const endpoint = read(bytes, offset)
    if (endpoint.port !== 0) endpoints.push(endpoint)
  }
  return endpoints
}

/** The 6- or 18-byte form, by the family of `host`. */
export function writeCompact({ host, port }: Endpoint): Buffer {
  const address = host.includes(':') ? parseV6(host) : Buffer.from(host.split('.').map(Number))
  const bytes = Buffer.alloc(address.length + 2)
  address.copy(bytes)
  bytes.writeUInt16BE(port, address.length)
  return bytes
}

/** RFC 5952 text: lower case, the longest run of two or more zero groups written `::`. */
function formatV6(groups: readonly number[]): string {
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && groups[start + length] === 0) length++
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  if (bestStart < 0) return text(0, 8)
  return `${text(0, bestStart)}::${text(bestStart + bestLength, 8)}`
}

/** 16 bytes of an IPv6 literal that `net.isIPv6` accepts. A zone (`%eth0`) is dropped. */
export function parseV6(host: string): Buffer {
  const [address = ''] = host.split('%')
  const [head = '', tail] = address.split('::')
  const front = groupsOf(head)
  const back = tail === undefined ? [] : groupsOf(tail)
  const groups = [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back]
  const bytes = Buffer.alloc(16)
  groups.forEach((group, i) => bytes.writeUInt16BE(group, 2 * i))
  return bytes
}

function groupsOf(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((part) => {
    if (!part.includes('.')) return [parseInt(part, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
    return [(a << 8) | b, (c << 8) | d]
  })
}
