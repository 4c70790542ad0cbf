/**
 * The UDP side of a small tracker (BEP 15): one packet in, at most one out, nothing remembered in between. Connection
 * ids are a keyed hash of the address and the minute, so a made-up source address gets nowhere.
 */
import { createHmac, randomBytes } from 'node:crypto'
import type { Endpoint } from '../common/endpoint.ts'
import type { SwarmRegistry } from './swarm-registry.ts'
import {
  readAnnounceRequest,
  readScrapeRequest,
  UDP_ACTION,
  writeAnnounceResponse,
  writeConnectResponse,
  writeErrorResponse,
  writeScrapeResponse,
  type ConnectionId,
  type UdpAnnounce,
} from './udp-codec.ts'

/** Keeps an answer within one Ethernet frame. */
const MAX_PEERS = { v4: 200, v6: 74 }
const DEFAULT_NUM_WANT = 50
const PROTOCOL_ID = '0000041727101980'
/** BEP 15: ids are good for two minutes after they were sent; the current minute is not over yet. */
const ID_MINUTES = [0, 1, 2]

export interface UdpServiceParts {
  readonly registry: SwarmRegistry
  readonly intervalSeconds: number
  readonly nowMs: () => number
  readonly random: () => number
  /** Every announce is refused with this text. */
  readonly failWith: string | undefined
  readonly onAnnounce: (announce: UdpAnnounce, from: Endpoint) => void
}

export class UdpService {
  readonly #parts: UdpServiceParts
  readonly #secret = randomBytes(32)

  constructor(parts: UdpServiceParts) {
    this.#parts = parts
  }

  /** @returns the answer, or undefined for what deserves none */
  answer(packet: Buffer, from: Endpoint): Buffer | undefined {
    if (packet.length < 16) return undefined
    const action = packet.readUInt32BE(8)
    const transactionId = packet.readUInt32BE(12)
    const id = packet.subarray(0, 8)
    if (action === UDP_ACTION.connect) {
      if (id.toString('hex') !== PROTOCOL_ID) return undefined
      return writeConnectResponse(transactionId, this.#connectionId(from, 0))
    }
    if (!ID_MINUTES.some((ageMinutes) => this.#connectionId(from, ageMinutes).equals(id))) {
      return writeErrorResponse(transactionId, 'connection id unknown or expired')
    }
    if (action === UDP_ACTION.announce) return this.#answerAnnounce(packet, transactionId, from)
    if (action === UDP_ACTION.scrape) return this.#answerScrape(packet, transactionId)
    return writeErrorResponse(transactionId, `no such action ${action}`)
  }

  #answerAnnounce(packet: Buffer, transactionId: number, from: Endpoint): Buffer | undefined {
    const { registry, intervalSeconds, nowMs, random, failWith, onAnnounce } = this.#parts
    const announce = readAnnounceRequest(packet)
    if (announce === undefined) return undefined
    onAnnounce(announce, from)
    if (failWith !== undefined) return writeErrorResponse(transactionId, failWith)
    if (announce.port === 0) return writeErrorResponse(transactionId, 'port must be 1 to 65535')
    const { infoHash, peerId, event } = announce
    const endpoint = { host: from.host, port: announce.port }
    const asker = { endpoint, peerId, isSeed: announce.leftBytes === 0 }
    registry.announce(infoHash, asker, event, nowMs())
    const family = from.host.includes(':') ? 'v6' : 'v4'
    const wanted = announce.numWant < 0 ? DEFAULT_NUM_WANT : announce.numWant
    const count = event === 'stopped' ? 0 : Math.min(wanted, MAX_PEERS[family])
    const others = registry.others(infoHash, asker, { count, family, random })
    const { seederCount, leecherCount } = registry.counts(infoHash, nowMs())
    const endpoints = others.map((other) => other.endpoint)
    return writeAnnounceResponse(transactionId, { intervalSeconds, leecherCount, seederCount, endpoints })
  }

  #answerScrape(packet: Buffer, transactionId: number): Buffer {
    const { registry, nowMs, failWith } = this.#parts
    if (failWith !== undefined) return writeErrorResponse(transactionId, failWith)
    const counts = readScrapeRequest(packet).map((infoHash) => registry.counts(infoHash, nowMs()))
    return writeScrapeResponse(transactionId, counts)
  }

  #connectionId({ host, port }: Endpoint, ageMinutes: number): ConnectionId {
    const minute = Math.floor(this.#parts.nowMs() / 60_000) - ageMinutes
    return createHmac('sha256', this.#secret).update(`${host} ${port} ${minute}`).digest().subarray(0, 8)
  }
}
