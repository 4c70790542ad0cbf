/** Opens outbound connections, never too many at once, never too many in a second, never waiting too long for one. */
import type { AttachHandler, ByteStream } from '../net/byte-stream.ts'
import type { Clock } from '../common/clock.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { PeerConnection } from './peer-connection.ts'
import { PeerError, messageOf } from '../common/errors.ts'
import { connectTcp } from '../net/tcp-stream.ts'
import { formatEndpoint } from '../common/endpoint.ts'

/** `connectTcp`, or what stands for it in a test. */
export type Connect = (
  endpoint: Endpoint,
  attach: AttachHandler,
  options: { readonly onConnect: () => void },
) => ByteStream

/** Bounds; the defaults suit a home connection. */
export interface DialerOptions {
  readonly clock: Clock
  /** Dials under way at one time. */
  readonly maxHalfOpen?: number
  /** Dials in a second that lead to nobody; as many may begin at once after a quiet second. */
  readonly perSecond?: number
  readonly connectTimeoutMs?: number
  readonly connect?: Connect
}

/** The dials of the whole process. */
export class Dialer {
  readonly #clock: Clock
  readonly #maxHalfOpen: number
  readonly #perSecond: number
  readonly #connectTimeoutMs: number
  readonly #connect: Connect
  readonly #halfOpen = new Set<PeerConnection>()
  #tokens: number
  #countedAtMs: number
  #isClosed = false

  constructor(options: DialerOptions) {
    const {
      clock,
      maxHalfOpen = 50,
      perSecond = 30,
      connectTimeoutMs = 10_000,
      connect = connectTcp,
    } = options
    this.#clock = clock
    this.#maxHalfOpen = maxHalfOpen
    this.#perSecond = perSecond
    this.#connectTimeoutMs = connectTimeoutMs
    this.#connect = connect
    this.#tokens = perSecond
    this.#countedAtMs = clock.now()
  }

  /** How many dials may begin now. */
  get freeSlots(): number {
    if (this.#isClosed) return 0
    this.#refill()
    return Math.min(this.#maxHalfOpen - this.#halfOpen.size, Math.floor(this.#tokens))
  }

  /** Dials under way. */
  get halfOpenCount(): number {
    return this.#halfOpen.size
  }

  /**
   * Dials at once. What goes wrong reaches the connection's onFailed: PEER_DIAL_FAILED (cause: the system's error),
   * PEER_DIAL_TIMEOUT, PEER_DIAL_NO_SLOT when there was no free slot (before this returns).
   */
  dial(endpoint: Endpoint, connection: PeerConnection): void {
    if (this.freeSlots < 1) {
      connection.close(new PeerError('PEER_DIAL_NO_SLOT', `no free slot to dial ${formatEndpoint(endpoint)}`))
      return
    }
    this.#tokens--
    this.#halfOpen.add(connection)
    const cancelTimeout = this.#clock.after(this.#connectTimeoutMs, () => {
      const seconds = this.#connectTimeoutMs / 1000
      const message = `no answer from ${formatEndpoint(endpoint)} in ${seconds} s`
      connection.close(new PeerError('PEER_DIAL_TIMEOUT', message))
    })
    connection.onDialEnd(() => {
      cancelTimeout()
      this.#halfOpen.delete(connection)
    })
    try {
      const onConnect = (): void => {
        connection.onConnected()
      }
      this.#connect(endpoint, connection.attach, { onConnect })
    } catch (error) {
      const message = `cannot dial ${formatEndpoint(endpoint)}: ${messageOf(error)}`
      connection.close(new PeerError('PEER_DIAL_FAILED', message, { cause: error }))
    }
  }

  /**
   * A dial led to a peer of ours. It does not count towards the dials of this second: they are limited for the sake of
   * strangers that we are told to knock at, and a swarm of honest peers need not wait for that.
   */
  onPeerFound(): void {
    this.#tokens = Math.min(this.#perSecond, this.#tokens + 1)
  }

  /** Gives up every dial under way; no other begins. Open connections stay. */
  close(): void {
    this.#isClosed = true
    for (const connection of [...this.#halfOpen]) {
      connection.close(new PeerError('PEER_DIAL_CANCELLED', 'dialing has ended'))
    }
  }

  #refill(): void {
    const nowMs = this.#clock.now()
    const earned = ((nowMs - this.#countedAtMs) * this.#perSecond) / 1000
    this.#tokens = Math.min(this.#perSecond, this.#tokens + earned)
    this.#countedAtMs = nowMs
  }
}
