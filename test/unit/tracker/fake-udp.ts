/** A UDP network with one tracker on it, driven by the test: what was sent when, and answers by hand. */
import type { Clock } from '../../../src/common/clock.ts'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import type { UdpHandler, ConnectedUdpSocket } from '../../../src/net/udp-socket.ts'
import type { AnnounceRequest } from '../../../src/tracker/tracker.ts'

export interface SentPacket {
  readonly atSeconds: number
  readonly to: Endpoint
  readonly bytes: Buffer
  readonly action: 'connect' | 'announce' | 'scrape'
  readonly transactionId: number
  /** Delivers an answer to the socket it came from. */
  readonly reply: (bytes: Buffer) => void
}

export class FakeUdp {
  readonly sent: SentPacket[] = []
  openCount = 0
  /** Called for each packet, after it is in `sent`. */
  onSend: (packet: SentPacket) => void = () => undefined
  readonly #clock: Clock
  readonly #startMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startMs = clock.now()
  }

  readonly connect = (remote: Endpoint, handler: UdpHandler): ConnectedUdpSocket => {
    this.openCount += 1
    let isOpen = true
    return {
      send: (bytes) => {
        const packet: SentPacket = {
          atSeconds: (this.#clock.now() - this.#startMs) / 1000,
          to: remote,
          bytes,
          action: (['connect', 'announce', 'scrape'] as const)[bytes.readUInt32BE(8)]!,
          transactionId: bytes.readUInt32BE(12),
          reply: (answer) => {
            if (isOpen) handler.onPacket(answer, remote)
          },
        }
        this.sent.push(packet)
        if (this.deadHosts.has(remote.host)) {
          queueMicrotask(() => {
            if (isOpen) handler.onError(Object.assign(new Error('recv'), { code: 'ECONNREFUSED' }))
          })
        } else this.onSend(packet)
      },
      close: () => {
        if (isOpen) this.openCount -= 1
        isOpen = false
      },
    }
  }

  /** Hosts whose port is closed. */
  readonly deadHosts = new Set<string>()

  /** `connect@0 announce@1 ...` */
  get story(): string {
    return this.sent.map(({ action, atSeconds }) => `${action}@${atSeconds}`).join(' ')
  }
}

export const REQUEST: AnnounceRequest = {
  infoHash: Buffer.from('000102030405060708090a0b0c0d0e0f10111213', 'hex'),
  peerId: Buffer.from('-TD0001-abcdefghijkl'),
  key: 0xdeadbeef,
  port: 6881,
  uploadedBytes: 1,
  downloadedBytes: 2 ** 33,
  leftBytes: Number.MAX_SAFE_INTEGER,
  event: 'started',
  numWant: 200,
}

/** Endpoints 10.0.0.1:1, 10.0.0.2:2 ... */
export function endpoints(count: number): Endpoint[] {
  return Array.from({ length: count }, (_, i) => ({ host: `10.0.${i >> 8}.${i & 255}`, port: i + 1 }))
}

export const NEVER = new AbortController().signal
