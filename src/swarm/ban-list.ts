/**
 * Who may not come back. Bans go by host, because a port is changed at will: an IPv4 address or an IPv6 /64. Loopback is
 * the exception: there all peers share one host, so they go by endpoint.
 */
import type { Endpoint } from '../common/endpoint.ts'
import { formatEndpoint, parseV6 } from '../common/endpoint.ts'
import { scopeOf } from '../common/address-scope.ts'

/** First length of a ban of a peer that alone has a piece; each further one doubles it. */
const LAST_SOURCE_BAN_MS = 600_000
/** Bans kept at a time, or one IPv6 /48 could fill memory. */
const MAX_BANS = 10_000

interface Ban {
  readonly endMs: number
  readonly count: number
}

export class BanList {
  /** The oldest first. */
  readonly #bans = new Map<string, Ban>()

  /** @param isBounded for 10 min, doubling each time, instead of for ever; no matter while a ban holds */
  ban(endpoint: Endpoint, nowMs: number, isBounded: boolean): void {
    if (isBounded && this.endOf(endpoint) > nowMs) return // two endpoints of one host, or two bad pieces at once
    const key = banKeyOf(endpoint)
    const count = this.#bans.get(key)?.count ?? 0
    const endMs = isBounded ? nowMs + LAST_SOURCE_BAN_MS * 2 ** Math.min(count, 32) : Infinity
    const [oldest] = this.#bans.keys()
    if (this.#bans.size >= MAX_BANS && oldest !== undefined) this.#bans.delete(oldest)
    this.#bans.delete(key)
    this.#bans.set(key, { endMs, count: count + 1 })
  }

  /** When the ban ends: Infinity for never, -Infinity when there is none. */
  endOf(endpoint: Endpoint): number {
    return this.#bans.get(banKeyOf(endpoint))?.endMs ?? -Infinity
  }

  /** Bans in force. O(bans). */
  countAt(nowMs: number): number {
    let count = 0
    for (const ban of this.#bans.values()) if (ban.endMs > nowMs) count++
    return count
  }
}

/** Under which a host's endpoints are counted together: the IPv4 address, or the /64 of an IPv6 one. */
export function hostKeyOf(host: string): string {
  if (!host.includes(':')) return host
  const bytes = parseV6(host)
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff
  return isMapped ? Array.from(bytes.subarray(12)).join('.') : `${bytes.toString('hex', 0, 8)}::/64`
}

/** Who an endpoint is for a ban: the same text for all that one ban covers, across connections. */
export function banKeyOf(endpoint: Endpoint): string {
  return scopeOf(endpoint.host) === 'loopback' ? formatEndpoint(endpoint) : hostKeyOf(endpoint.host)
}
