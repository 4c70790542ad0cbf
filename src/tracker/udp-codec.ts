/**
 * The packets of UDP trackers (BEP 15, with BEP 41's URL data): bytes only, both directions. Readers give undefined
 * for what is not a whole packet of their kind: such packets are ignored and the true answer waited for. All integers
 * are big endian; packets may be longer than their layout.
 */
import { COMPACT_V4_BYTES, COMPACT_V6_BYTES, readCompactList, type Endpoint } from '../common/endpoint.ts'
import type { AnnounceEvent, AnnounceRequest, ScrapeResponse } from './tracker.ts'
import { uint64, type Uint64Codec } from './uint64.ts'

export const UDP_ACTION = { connect: 0, announce: 1, scrape: 2, error: 3 } as const

/** The address family of the socket, which decides how endpoints are laid out. */
export type UdpFamily = 'v4' | 'v6'

/** 8 opaque bytes that a tracker gave us. */
export type ConnectionId = Buffer

/** Endpoints taken from one answer. */
export const MAX_ENDPOINTS = 1000
/** Characters kept of a text that a tracker sent. */
export const MAX_TEXT_LENGTH = 512

const PROTOCOL_ID = Buffer.from('0000041727101980', 'hex')
/** By their numbers on the wire. */
export const EVENTS: readonly AnnounceEvent[] = ['none', 'completed', 'started', 'stopped']
export const ANNOUNCE_BYTES = 98
/** Of an announce response, before its peers. */
export const ANNOUNCE_HEAD_BYTES = 20
const OPTION_END = 0
const OPTION_NOP = 1
const OPTION_URL_DATA = 2
const MAX_OPTION_BYTES = 255

/** `u32 action, u32 transaction id`: the head of every answer, or undefined when it is shorter. */
export function readHead(packet: Buffer): { action: number; transactionId: number } | undefined {
  if (packet.length < 8) return undefined
  return { action: packet.readUInt32BE(0), transactionId: packet.readUInt32BE(4) }
}

/**
 * | offset | size | connect request          |
 * |      0 |    8 | protocol id 41727101980h |
 * |      8 |    4 | action 0                 |
 * |     12 |    4 | transaction id           |
 */
export function writeConnectRequest(transactionId: number): Buffer {
  return requestHead(16, PROTOCOL_ID, UDP_ACTION.connect, transactionId)
}

/**
 * | offset | size | connect response |
 * |      0 |    4 | action 0         |
 * |      4 |    4 | transaction id   |
 * |      8 |    8 | connection id    |
 * @returns a copy of the connection id
 */
export function readConnectResponse(packet: Buffer): ConnectionId | undefined {
  if (packet.length < 16 || packet.readUInt32BE(0) !== UDP_ACTION.connect) return undefined
  return Buffer.from(packet.subarray(8, 16))
}

export function writeConnectResponse(transactionId: number, connectionId: ConnectionId): Buffer {
  return Buffer.concat([answerHead(8, UDP_ACTION.connect, transactionId), connectionId])
}

/**
 * | offset | size | announce request                                 |
 * |      0 |    8 | connection id                                    |
 * |      8 |    4 | action 1                                         |
 * |     12 |    4 | transaction id                                   |
 * |     16 |   20 | info-hash                                        |
 * |     36 |   20 | peer id                                          |
 * |     56 |    8 | downloaded                                       |
 * |     64 |    8 | left                                             |
 * |     72 |    8 | uploaded                                         |
 * |     80 |    4 | event: 0 none, 1 completed, 2 started, 3 stopped |
 * |     84 |    4 | IP address, 0: where the packet comes from       |
 * |     88 |    4 | key                                              |
 * |     92 |    4 | peers wanted, -1: as many as the tracker likes   |
 * |     96 |    2 | port                                             |
 * |     98 |      | options (BEP 41)                                 |
 * @param urlData path and query of the tracker's URL, '' when there is nothing to say
 */
export function writeAnnounceRequest(
  { connectionId, transactionId }: { connectionId: ConnectionId; transactionId: number },
  request: AnnounceRequest,
  urlData: string,
  counters: Uint64Codec = uint64(),
): Buffer {
  const packet = requestHead(ANNOUNCE_BYTES, connectionId, UDP_ACTION.announce, transactionId)
  request.infoHash.copy(packet, 16, 0, 20)
  request.peerId.copy(packet, 36, 0, 20)
  counters.write(packet, 56, request.downloadedBytes)
  counters.write(packet, 64, request.leftBytes)
  counters.write(packet, 72, request.uploadedBytes)
  packet.writeUInt32BE(EVENTS.indexOf(request.event), 80)
  packet.writeUInt32BE(request.key >>> 0, 88)
  packet.writeInt32BE(request.numWant, 92)
  packet.writeUInt16BE(request.port, 96)
  return urlData === '' ? packet : Buffer.concat([packet, urlDataOptions(urlData)])
}

/** `u8 type 2, u8 length, data`, once for every 255 bytes (BEP 41). */
function urlDataOptions(urlData: string): Buffer {
  const data = Buffer.from(urlData)
  const options: Buffer[] = []
  for (let start = 0; start < data.length; start += MAX_OPTION_BYTES) {
    const part = data.subarray(start, start + MAX_OPTION_BYTES)
    options.push(Buffer.of(OPTION_URL_DATA, part.length), part)
  }
  return Buffer.concat(options)
}

/** What a tracker reads from an announce request. */
export interface UdpAnnounce extends AnnounceRequest {
  readonly urlData: string
}

/** For the tracker's side. Undefined when it is too short or names an event that does not exist. */
export function readAnnounceRequest(packet: Buffer): UdpAnnounce | undefined {
  if (packet.length < ANNOUNCE_BYTES) return undefined
  const event = EVENTS[packet.readUInt32BE(80)]
  if (event === undefined) return undefined
  const counters = uint64()
  return {
    infoHash: Buffer.from(packet.subarray(16, 36)),
    peerId: Buffer.from(packet.subarray(36, 56)),
    downloadedBytes: counters.read(packet, 56),
    leftBytes: counters.read(packet, 64),
    uploadedBytes: counters.read(packet, 72),
    event,
    key: packet.readUInt32BE(88),
    numWant: packet.readInt32BE(92),
    port: packet.readUInt16BE(96),
    urlData: readUrlData(packet.subarray(ANNOUNCE_BYTES)),
  }
}

function readUrlData(options: Buffer): string {
  const parts: Buffer[] = []
  for (let at = 0; at < options.length && options.readUInt8(at) !== OPTION_END;) {
    const type = options.readUInt8(at)
    const lengthAt = at + 1
    const length = type === OPTION_NOP || lengthAt >= options.length ? -1 : options.readUInt8(lengthAt)
    if (type === OPTION_URL_DATA && length > 0) parts.push(options.subarray(at + 2, at + 2 + length))
    at += 2 + length
  }
  return Buffer.concat(parts).toString()
}

export interface UdpAnnounceAnswer {
  readonly intervalSeconds: number
  readonly leecherCount: number
  readonly seederCount: number
  readonly endpoints: readonly Endpoint[]
}

/**
 * | offset     | size    | announce response              |
 * |          0 |       4 | action 1                       |
 * |          4 |       4 | transaction id                 |
 * |          8 |       4 | interval in seconds            |
 * |         12 |       4 | leechers                       |
 * |         16 |       4 | seeders                        |
 * | 20 + 6 * n | 4 and 2 | address and port; 16 and 2 over IPv6, 18 bytes each |
 * Bytes after the last whole endpoint are ignored, and so are endpoints beyond `MAX_ENDPOINTS` and ports 0.
 */
export function readAnnounceResponse(packet: Buffer, family: UdpFamily): UdpAnnounceAnswer | undefined {
  if (packet.length < 20 || packet.readUInt32BE(0) !== UDP_ACTION.announce) return undefined
  const entryBytes = family === 'v4' ? COMPACT_V4_BYTES : COMPACT_V6_BYTES
  return {
    intervalSeconds: packet.readUInt32BE(8),
    leecherCount: packet.readUInt32BE(12),
    seederCount: packet.readUInt32BE(16),
    endpoints: readCompactList(packet.subarray(20, 20 + MAX_ENDPOINTS * entryBytes), entryBytes),
  }
}

/** For the tracker's side. @returns room for so many bytes of compact peers behind the head, not cleared */
export function writeAnnounceHead(
  transactionId: number,
  { intervalSeconds, leecherCount, seederCount }: Omit<UdpAnnounceAnswer, 'endpoints'>,
  peerBytes: number,
): Buffer {
  const packet = Buffer.allocUnsafe(ANNOUNCE_HEAD_BYTES + peerBytes)
  packet.writeUInt32BE(UDP_ACTION.announce, 0)
  packet.writeUInt32BE(transactionId, 4)
  packet.writeUInt32BE(intervalSeconds, 8)
  packet.writeUInt32BE(leecherCount, 12)
  packet.writeUInt32BE(seederCount, 16)
  return packet
}

/**
 * | offset      | size | scrape request |
 * |           0 |    8 | connection id  |
 * |           8 |    4 | action 2       |
 * |          12 |    4 | transaction id |
 * | 16 + 20 * n |   20 | info-hash      |
 */
export function writeScrapeRequest(
  { connectionId, transactionId }: { connectionId: ConnectionId; transactionId: number },
  infoHash: Buffer,
): Buffer {
  const head = requestHead(16, connectionId, UDP_ACTION.scrape, transactionId)
  return Buffer.concat([head, infoHash])
}

/** For the tracker's side: the info-hashes asked for, at most 74 (BEP 15). Views. */
export function readScrapeRequest(packet: Buffer): Buffer[] {
  const hashes: Buffer[] = []
  for (let at = 16; at + 20 <= packet.length && hashes.length < 74; at += 20) {
    hashes.push(packet.subarray(at, at + 20))
  }
  return hashes
}

/**
 * | offset      | size | scrape response |
 * |           0 |    4 | action 2        |
 * |           4 |    4 | transaction id  |
 * |  8 + 12 * n |    4 | seeders         |
 * | 12 + 12 * n |    4 | completed       |
 * | 16 + 12 * n |    4 | leechers        |
 * Reads the first entry: we ask for one torrent.
 */
export function readScrapeResponse(packet: Buffer): ScrapeResponse | undefined {
  if (packet.length < 20 || packet.readUInt32BE(0) !== UDP_ACTION.scrape) return undefined
  return {
    seederCount: packet.readUInt32BE(8),
    completedCount: packet.readUInt32BE(12),
    leecherCount: packet.readUInt32BE(16),
  }
}

export function writeScrapeResponse(transactionId: number, entries: readonly ScrapeResponse[]): Buffer {
  const packet = answerHead(8 + 12 * entries.length, UDP_ACTION.scrape, transactionId)
  for (const [index, entry] of entries.entries()) {
    packet.writeUInt32BE(entry.seederCount, 8 + 12 * index)
    packet.writeUInt32BE(entry.completedCount, 12 + 12 * index)
    packet.writeUInt32BE(entry.leecherCount, 16 + 12 * index)
  }
  return packet
}

/** `u32 action 3, u32 transaction id, text`. The text is foreign and cut, also at a NUL. Undefined when it is no error packet. */
export function readErrorResponse(packet: Buffer): string | undefined {
  if (packet.length < 8 || packet.readUInt32BE(0) !== UDP_ACTION.error) return undefined
  return packet.toString('utf8', 8, 8 + MAX_TEXT_LENGTH).split('\0', 1)[0]
}

export function writeErrorResponse(transactionId: number, text: string): Buffer {
  return Buffer.concat([answerHead(8, UDP_ACTION.error, transactionId), Buffer.from(text)])
}

function requestHead(length: number, id: ConnectionId, action: number, transactionId: number): Buffer {
  const packet = Buffer.alloc(length)
  id.copy(packet, 0, 0, 8)
  packet.writeUInt32BE(action, 8)
  packet.writeUInt32BE(transactionId, 12)
  return packet
}

function answerHead(length: number, action: number, transactionId: number): Buffer {
  const packet = Buffer.alloc(length)
  packet.writeUInt32BE(action, 0)
  packet.writeUInt32BE(transactionId, 4)
  return packet
}
