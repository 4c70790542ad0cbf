/**
 * How far an IP address reaches, and the rule that scope never widens inwards: what a stranger tells us never leads us
 * to this machine or this network. A source may name addresses of its own scope or of a wider one.
 */
import { parseV6 } from './endpoint.ts'

export type AddressScope = 'loopback' | 'link-local' | 'private' | 'public' | 'unusable'

const RANK: Record<AddressScope, number> = {
  unusable: -1,
  public: 0,
  private: 1,
  'link-local': 2,
  loopback: 3,
}

/** @param host an IP literal (`net.isIP` is not 0) */
export function scopeOf(host: string): AddressScope {
  return host.includes(':') ? scopeOfV6(host) : scopeOfV4(host)
}

/** May a source in scope `source` lead us to `target`? Unusable targets never. */
export function mayLeadTo(source: AddressScope, target: AddressScope): boolean {
  return target !== 'unusable' && RANK[target] <= RANK[source]
}

/** Networks of IPv4 that are not public: address, prefix length, scope. The first match counts. */
const V4_NETWORKS: readonly (readonly [address: number, prefixBits: number, scope: AddressScope])[] = [
  [0x7f000000, 8, 'loopback'],
  [0xa9fe0000, 16, 'link-local'],
  [0x0a000000, 8, 'private'],
  [0xac100000, 12, 'private'],
  [0xc0a80000, 16, 'private'],
  [0x64400000, 10, 'private'], // carrier-grade NAT, RFC 6598
  [0x00000000, 8, 'unusable'], // "this network"
  [0xe0000000, 3, 'unusable'], // multicast, reserved, broadcast
]

function scopeOfV4(host: string): AddressScope {
  const address = host.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  const network = V4_NETWORKS.find(([base, prefixBits]) => {
    const size = 2 ** (32 - prefixBits)
    return Math.floor(address / size) === Math.floor(base / size)
  })
  return network?.[2] ?? 'public'
}

function scopeOfV6(host: string): AddressScope {
  const bytes = parseV6(host)
  const isZeroUntil = (end: number): boolean => bytes.subarray(0, end).every((byte) => byte === 0)
  if (isZeroUntil(15))
    return bytes.readUInt8(15) === 1 ? 'loopback' : bytes.readUInt8(15) === 0 ? 'unusable' : 'public'
  if (isZeroUntil(10) && bytes.readUInt16BE(10) === 0xffff) {
    return scopeOfV4(Array.from(bytes.subarray(12)).join('.'))
  }
  const first = bytes.readUInt16BE(0)
  if ((first & 0xffc0) === 0xfe80) return 'link-local'
  if ((first & 0xfe00) === 0xfc00) return 'private'
  if ((first & 0xff00) === 0xff00) return 'unusable'
  return 'public'
}
