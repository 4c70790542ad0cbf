/**
 * The UDP tracker addresses of a session, each with one socket and one connection id: a hundred torrents of one tracker
 * need no hundred sockets, and only the first of them must ask to connect (BEP 15: the id is the client's, not a
 * torrent's).
 */
import { randomBytes } from 'node:crypto'
import { systemClock, type Clock } from '../common/clock.ts'
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'
import { connectUdp } from '../net/udp-socket.ts'
import { UdpLink, type UdpParts } from './udp-link.ts'

/** Beyond this, those without a socket are forgotten. */
const MAX_IDLE_LINKS = 100

export class UdpLinks {
  readonly #parts: UdpParts
  readonly #byAddress = new Map<string, UdpLink>()

  constructor({ clock, randomId, connect }: Partial<UdpParts> = {}) {
    this.#parts = {
      clock: clock ?? systemClock,
      randomId: randomId ?? (() => randomBytes(4).readUInt32BE(0)),
      connect: connect ?? connectUdp,
    }
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  to(remote: Endpoint): UdpLink {
    const key = formatEndpoint(remote)
    const known = this.#byAddress.get(key)
    if (known !== undefined) return known
    if (this.#byAddress.size >= MAX_IDLE_LINKS) this.#forgetIdle()
    const link = new UdpLink(remote, this.#parts)
    this.#byAddress.set(key, link)
    return link
  }

  /** Frees the sockets. Whoever waits is told TRACKER_ABORTED. */
  close(): void {
    for (const link of this.#byAddress.values()) link.close()
    this.#byAddress.clear()
  }

  #forgetIdle(): void {
    for (const [key, link] of this.#byAddress) if (link.isIdle) this.#byAddress.delete(key)
  }
}
