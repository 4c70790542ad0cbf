/**
 * Strangers that are connected and have not said yet what they want. They cost a descriptor each, so their number is
 * bounded, and one host may have few: else one that connects and says nothing would keep everybody out.
 */
import { hostKeyOf } from '../swarm/ban-list.ts'
import { scopeOf } from '../common/address-scope.ts'

const MAX_HANDSHAKES = 200
/** Of the connections that the process may have. */
const SHARE = 0.25
const MAX_PER_HOST = 10

export class HandshakeLimit {
  /** By IPv4 address or IPv6 /64. */
  readonly #perHost = new Map<string, number>()
  readonly #max: number
  #total = 0

  /** @param maxConnections that the process may have, besides these */
  constructor(maxConnections = Infinity) {
    this.#max = Math.max(1, Math.min(MAX_HANDSHAKES, Math.floor(SHARE * maxConnections)))
  }

  /** One more from this host. @returns false when it is one too many; else `give` must follow, once */
  take(host: string): boolean {
    const key = hostKeyOf(host)
    const count = this.#perHost.get(key) ?? 0
    const isHostFull = count >= MAX_PER_HOST && scopeOf(host) !== 'loopback' // there all peers share one host
    if (isHostFull || this.#total >= this.#max) return false
    this.#perHost.set(key, count + 1)
    this.#total++
    return true
  }

  /** It has introduced itself, or is gone. */
  give(host: string): void {
    const key = hostKeyOf(host)
    const left = (this.#perHost.get(key) ?? 0) - 1
    if (left > 0) this.#perHost.set(key, left)
    else this.#perHost.delete(key)
    this.#total--
  }
}
