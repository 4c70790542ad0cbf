/**
 * The UDP side of a tracker (BEP 15): one packet in, at most one out, nothing remembered in between. Before somebody has
 * shown by a connection id that the address is its own, it gets no more bytes than it sent.
 */
import type { Endpoint } from '../common/endpoint.ts'
import type { ConnectionIds } from './connection-ids.ts'
import { PLACE_BYTES, V4_OFFSET, writePlace } from './peer-place.ts'
import { DEFAULT_NUM_WANT, MAX_PICKED } from './tracker-desk.ts'
import type { Introduction, TrackerDesk } from './tracker-desk.ts'
import {
  ANNOUNCE_BYTES,
  ANNOUNCE_HEAD_BYTES,
  EVENTS,
  readAnnounceRequest,
  readScrapeRequest,
  UDP_ACTION,
  writeAnnounceHead,
  writeConnectResponse,
  writeErrorResponse,
  writeScrapeResponse,
  type UdpAnnounce,
} from './udp-codec.ts'

/** Keeps an answer within one Ethernet frame. */
const MAX_V6_PEERS = 74
const SHORTEST_BYTES = 16
const SHORTEST_SCRAPE_BYTES = 36
/** The halves of 0x41727101980. */
const PROTOCOL_ID = { high: 0x417, low: 0x27101980 }

export interface UdpServiceParts {
  readonly desk: TrackerDesk
  readonly connectionIds: ConnectionIds
  readonly nowMs: () => number
  readonly onAnnounce: ((announce: UdpAnnounce, from: Endpoint) => void) | undefined
}

export class UdpService {
  readonly #parts: UdpServiceParts
  readonly #place = new Uint8Array(PLACE_BYTES)

  constructor(parts: UdpServiceParts) {
    this.#parts = parts
  }

  /** @returns the answer, or undefined for what deserves none */
  answer(packet: Buffer, from: Endpoint): Buffer | undefined {
    if (packet.length < SHORTEST_BYTES) return undefined
    const action = packet.readUInt32BE(8)
    if (action === UDP_ACTION.connect) return this.#answerConnect(packet, from)
    const isAnnounce = action === UDP_ACTION.announce && packet.length >= ANNOUNCE_BYTES
    const isScrape = action === UDP_ACTION.scrape && packet.length >= SHORTEST_SCRAPE_BYTES
    if (!isAnnounce && !isScrape) return undefined
    const transactionId = packet.readUInt32BE(12)
    writePlace(this.#place, from.host, 0)
    if (!this.#parts.connectionIds.isGood(packet, this.#place, this.#parts.nowMs())) {
      // 31 bytes, and the shortest request that comes here has 36.
      return writeErrorResponse(transactionId, 'connection id not valid')
    }
    return isAnnounce
      ? this.#answerAnnounce(packet, transactionId, from)
      : this.#answerScrape(packet, transactionId)
  }

  #answerConnect(packet: Buffer, { host }: Endpoint): Buffer | undefined {
    if (packet.readUInt32BE(0) !== PROTOCOL_ID.high || packet.readUInt32BE(4) !== PROTOCOL_ID.low)
      return undefined
    writePlace(this.#place, host, 0)
    const id = this.#parts.connectionIds.current(this.#place, this.#parts.nowMs())
    return writeConnectResponse(packet.readUInt32BE(12), id)
  }

  #answerAnnounce(packet: Buffer, transactionId: number, from: Endpoint): Buffer | undefined {
    const { desk, onAnnounce } = this.#parts
    const event = EVENTS[packet.readUInt32BE(80)]
    if (event === undefined) return undefined
    if (onAnnounce !== undefined) {
      const announce = readAnnounceRequest(packet)
      if (announce !== undefined) onAnnounce(announce, from)
    }
    const port = packet.readUInt16BE(96)
    if (port === 0) return writeErrorResponse(transactionId, 'port must be 1 to 65535')
    this.#place[16] = port >> 8
    this.#place[17] = port
    const isV4 = !from.host.includes(':')
    const numWant = packet.readInt32BE(92)
    const wanted = numWant < 0 ? DEFAULT_NUM_WANT : numWant
    const announced = {
      infoHash: packet.toString('latin1', 16, 36),
      place: this.#place,
      peerId: packet.subarray(36, 56),
      event,
      isSeed: packet.readUInt32BE(64) === 0 && packet.readUInt32BE(68) === 0,
    }
    const count = Math.min(wanted, isV4 ? MAX_PICKED : MAX_V6_PEERS)
    const told = desk.announce(announced, { count, isV4, hasBoth: false })
    if (typeof told === 'string') return writeErrorResponse(transactionId, told)
    return this.#writeAnnounceAnswer(transactionId, told, isV4)
  }

  #writeAnnounceAnswer(transactionId: number, told: Introduction, isV4: boolean): Buffer {
    const { desk } = this.#parts
    const skipped = isV4 ? V4_OFFSET : 0
    const count = told.v4Count + told.v6Count
    const head = {
      intervalSeconds: desk.intervalSeconds,
      leecherCount: told.swarm?.leecherCount ?? 0,
      seederCount: told.swarm?.seederCount ?? 0,
    }
    const answer = writeAnnounceHead(transactionId, head, count * (PLACE_BYTES - skipped))
    desk.copyPicked(answer, ANNOUNCE_HEAD_BYTES, { from: 0, count, skipped })
    return answer
  }

  #answerScrape(packet: Buffer, transactionId: number): Buffer {
    const infoHashes = readScrapeRequest(packet).map((hash) => hash.toString('latin1'))
    const counts = this.#parts.desk.scrape(infoHashes)
    return typeof counts === 'string'
      ? writeErrorResponse(transactionId, counts)
      : writeScrapeResponse(transactionId, counts)
  }
}
