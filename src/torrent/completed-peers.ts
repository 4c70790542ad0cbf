/**
 * Who got the last piece while connected to us: each once, by its peer id, however often it comes back and over however
 * many of its addresses (IPv4 and IPv6, loopback and the local network). A peer that has everything when it comes is none
 * of them. What peers say of themselves cannot be proved.
 */
import type { Peer } from './peer.ts'

/** Of the latest so many is known that they were counted. */
const MAX_REMEMBERED = 10_000

export class CompletedPeers {
  readonly #keys = new Set<string>()
  #count = 0

  get count(): number {
    return this.#count
  }

  /**
   * It has all it wants now, and had not before. Only one that wanted something of us counts: a seed may also begin by
   * naming its pieces one by one. (Of a super-seed a peer may want nothing of what it was shown.)
   */
  add({ wasInterested, peerId, context }: Peer): void {
    if (!wasInterested && context.superSeed === undefined) return
    const key = peerId.toString('hex')
    if (this.#keys.has(key)) return
    const [oldest] = this.#keys
    if (this.#keys.size >= MAX_REMEMBERED && oldest !== undefined) this.#keys.delete(oldest)
    this.#keys.add(key)
    this.#count++
  }
}
