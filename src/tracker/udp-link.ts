/**
 * One address of a UDP tracker (BEP 15): a socket, the connection id with its age, and who waits for which
 * transaction id. Packets that nobody waits for (wrong id, wrong action, too short) are ignored.
 */
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { Endpoint } from '../common/endpoint.ts'
import { TrackerError } from '../common/errors.ts'
import type { UdpHandler, ConnectedUdpSocket } from '../net/udp-socket.ts'
import { aborted, unreachable } from './tracker-url.ts'
import type { ConnectionId } from './udp-codec.ts'
import {
  readConnectResponse,
  readErrorResponse,
  readHead,
  UDP_ACTION,
  writeConnectRequest,
} from './udp-codec.ts'

/** BEP 15, "Time outs": a request is sent again after 15 * 2^n seconds, n = 0..8. */
const FIRST_WAIT_MS = 15_000
const LAST_N = 8
/** BEP 15: a client may use a connection id until one minute after it got it. */
const CONNECTION_ID_MS = 60_000

export interface UdpParts {
  readonly clock: Clock
  /** A u32 that nobody can guess. */
  readonly randomId: () => number
  readonly connect: (remote: Endpoint, handler: UdpHandler) => ConnectedUdpSocket
}

/** A question behind a connection id. */
export interface UdpRequest<T> {
  write(ids: { connectionId: ConnectionId; transactionId: number }): Buffer
  /** Undefined for a packet that is not the answer. */
  read(packet: Buffer): T | undefined
}

interface Waiting {
  onPacket(packet: Buffer, transactionId: number): void
  onFailure(error: TrackerError): void
}

export class UdpLink {
  readonly #remote: Endpoint
  readonly #parts: UdpParts
  readonly #waiting = new Map<number, Waiting>()
  #socket: ConnectedUdpSocket | undefined
  #connection: { readonly id: ConnectionId; readonly sinceMs: number } | undefined
  #cancelIdle: CancelTimer = () => undefined

  constructor(remote: Endpoint, parts: UdpParts) {
    this.#remote = remote
    this.#parts = parts
  }

  /** It has no socket: nobody waits, and no connection id is worth keeping. */
  get isIdle(): boolean {
    return this.#socket === undefined
  }

  get clock(): Clock {
    return this.#parts.clock
  }

  /** The connection id while it may still be used. */
  get connectionId(): ConnectionId | undefined {
    if (this.#connection === undefined) return undefined
    const ageMs = this.#parts.clock.now() - this.#connection.sinceMs
    return ageMs < CONNECTION_ID_MS ? this.#connection.id : undefined
  }

  set connectionId(id: ConnectionId | undefined) {
    this.#connection = id === undefined ? undefined : { id, sinceMs: this.#parts.clock.now() }
  }

  /**
   * Asks until there is an answer: connects first where needed, sends again after 15, 30, 60 ... 3840 s. The first
   * packet is handed to the socket before this returns.
   * @throws TrackerError TRACKER_TIMEOUT, TRACKER_REFUSED, TRACKER_UNREACHABLE, TRACKER_ABORTED
   */
  async ask<T>(request: UdpRequest<T>, signal: AbortSignal): Promise<T> {
    if (signal.aborted) throw aborted()
    this.#cancelIdle()
    return new Promise<T>((resolve, reject) => {
      const exchange = new UdpExchange(this, request, { resolve, reject })
      signal.addEventListener('abort', exchange.onAbort, { once: true })
      exchange.onEnd = () => {
        signal.removeEventListener('abort', exchange.onAbort)
        this.#onExchangeEnd()
      }
      exchange.transmit()
    })
  }

  /** A transaction id that nobody else uses here; packets that carry it go to `waiting` until `forget`. */
  register(waiting: Waiting): number {
    let transactionId = this.#parts.randomId()
    while (this.#waiting.has(transactionId)) transactionId = (transactionId + 1) >>> 0
    this.#waiting.set(transactionId, waiting)
    return transactionId
  }

  forget(transactionId: number | undefined): void {
    if (transactionId !== undefined) this.#waiting.delete(transactionId)
  }

  send(packet: Buffer): void {
    this.#socket ??= this.#parts.connect(this.#remote, {
      onPacket: (bytes) => {
        const head = readHead(bytes)
        if (head !== undefined) this.#waiting.get(head.transactionId)?.onPacket(bytes, head.transactionId)
      },
      onError: (error) => {
        this.#fail(unreachable(this.#remote, error))
      },
    })
    this.#socket.send(packet)
  }

  /** Whoever waits is told TRACKER_ABORTED. */
  close(): void {
    this.#fail(aborted())
  }

  #fail(error: TrackerError): void {
    this.#cancelIdle()
    this.#socket?.close()
    this.#socket = undefined
    this.#connection = undefined
    for (const waiting of new Set(this.#waiting.values())) waiting.onFailure(error)
  }

  /** The socket stays for as long as its connection id is good for another question. */
  #onExchangeEnd(): void {
    if (this.#waiting.size > 0 || this.#socket === undefined) return
    const leftMs =
      this.#connection === undefined
        ? 0
        : this.#connection.sinceMs + CONNECTION_ID_MS - this.#parts.clock.now()
    if (leftMs <= 0) this.#closeSocket()
    else this.#cancelIdle = this.#parts.clock.after(leftMs, this.#closeSocket)
  }

  readonly #closeSocket = (): void => {
    this.#socket?.close()
    this.#socket = undefined
    this.#connection = undefined
  }
}

/**
 * One question on its way: connect -> ask -> answer. `#n` counts retransmissions of both steps, so an id that expires
 * in between (n = 2 is beyond its minute) leads back to connect without starting the waits over, as in BEP 15's
 * example.
 */
class UdpExchange<T> implements Waiting {
  readonly #link: UdpLink
  readonly #request: UdpRequest<T>
  readonly #outcome: { resolve: (answer: T) => void; reject: (error: TrackerError) => void }
  #n = 0
  #hasReconnected = false
  #connectId: number | undefined
  #requestId: number | undefined
  #cancelTimer: CancelTimer = () => undefined
  onEnd: () => void = () => undefined

  constructor(
    link: UdpLink,
    request: UdpRequest<T>,
    outcome: { resolve: (answer: T) => void; reject: (error: TrackerError) => void },
  ) {
    this.#link = link
    this.#request = request
    this.#outcome = outcome
  }

  transmit(): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#link.clock.after(FIRST_WAIT_MS * 2 ** this.#n, this.#onTimeout)
    const { connectionId } = this.#link
    if (connectionId === undefined) {
      this.#connectId ??= this.#link.register(this)
      this.#link.send(writeConnectRequest(this.#connectId))
    } else {
      // The same id every time: an answer to an earlier copy is as good.
      this.#requestId ??= this.#link.register(this)
      this.#link.send(this.#request.write({ connectionId, transactionId: this.#requestId }))
    }
  }

  onPacket(packet: Buffer, transactionId: number): void {
    if (readHead(packet)?.action === UDP_ACTION.error) this.#onErrorPacket(readErrorResponse(packet) ?? '')
    else if (transactionId === this.#connectId) this.#onConnected(readConnectResponse(packet))
    else this.#onAnswer(this.#request.read(packet))
  }

  onFailure(error: TrackerError): void {
    this.#end()
    this.#outcome.reject(error)
  }

  readonly onAbort = (): void => {
    this.onFailure(aborted())
  }

  #onConnected(connectionId: ConnectionId | undefined): void {
    if (connectionId === undefined) return
    this.#link.forget(this.#connectId)
    this.#connectId = undefined
    this.#link.connectionId = connectionId
    this.transmit()
  }

  #onAnswer(answer: T | undefined): void {
    if (answer === undefined) return
    this.#end()
    this.#outcome.resolve(answer)
  }

  #onErrorPacket(text: string): void {
    // A tracker that restarted knows our id no more. Their words differ ("Connection ID missmatch.", "invalid
    // connection id"), so this is as exact as it gets.
    if (/connection[\s_-]*id/i.test(text) && !this.#hasReconnected) {
      this.#hasReconnected = true
      this.#link.connectionId = undefined
      this.transmit()
      return
    }
    this.onFailure(new TrackerError('TRACKER_REFUSED', text === '' ? 'no reason given' : text))
  }

  readonly #onTimeout = (): void => {
    if (this.#n < LAST_N) {
      this.#n += 1
      this.transmit()
      return
    }
    const seconds = (FIRST_WAIT_MS * (2 ** (LAST_N + 1) - 1)) / 1000
    this.onFailure(new TrackerError('TRACKER_TIMEOUT', `no answer in ${seconds} s`))
  }

  #end(): void {
    this.#cancelTimer()
    this.#link.forget(this.#connectId)
    this.#link.forget(this.#requestId)
    this.onEnd()
  }
}
