/** The HTTP side of a tracker: query strings in, bencoded answers out (BEP 3, 7, 23, 48). Bytes only. */
import { encode, type BencodeValue } from '../bencode/codec.ts'
import { COMPACT_V4_BYTES, COMPACT_V6_BYTES, readCompactV6 } from '../common/endpoint.ts'
import { PLACE_BYTES, V4_OFFSET, writePlace } from './peer-place.ts'
import { PEER_ID_BYTES } from './peer-table.ts'
import { DEFAULT_NUM_WANT, MAX_PICKED } from './tracker-desk.ts'
import type { Introduction, TrackerDesk } from './tracker-desk.ts'
import type { ServedAnnounce } from './tracker-server.ts'
import type { AnnounceEvent, ScrapeResponse } from './tracker.ts'

const MAX_SCRAPED = 200
const EVENTS: readonly AnnounceEvent[] = ['started', 'completed', 'stopped']

export interface HttpAnnounce {
  /** 20 bytes each */
  readonly infoHash: Buffer
  readonly peerId: Buffer
  readonly port: number
  readonly leftBytes: number
  readonly event: AnnounceEvent
  readonly numWant: number | undefined
  readonly isCompact: boolean
  /** Beside addresses, where they are not compact. */
  readonly hasPeerIds: boolean
}

export class HttpService {
  readonly #desk: TrackerDesk
  readonly #onAnnounce: ((announce: ServedAnnounce) => void) | undefined
  readonly #place = new Uint8Array(PLACE_BYTES)

  constructor(desk: TrackerDesk, onAnnounce: ((announce: ServedAnnounce) => void) | undefined) {
    this.#desk = desk
    this.#onAnnounce = onAnnounce
  }

  /** @param host an IP literal @returns the body, or undefined when there is no such path */
  readonly answer = (path: string, query: string, host: string): Buffer | undefined => {
    if (path === '/announce') return this.#answerAnnounce(query, host)
    if (path === '/scrape') return this.#answerScrape(query)
    return undefined
  }

  #answerAnnounce(query: string, host: string): Buffer {
    const announce = readAnnounceQuery(query)
    if (typeof announce === 'string') return writeFailureBody(announce)
    const { infoHash, peerId, port, event, leftBytes } = announce
    this.#onAnnounce?.({ transport: 'http', from: { host, port }, infoHash, peerId, port, event, leftBytes })
    writePlace(this.#place, host, port)
    const announced = {
      infoHash: infoHash.toString('latin1'),
      place: this.#place,
      peerId,
      event,
      isSeed: leftBytes === 0,
    }
    const count = Math.min(announce.numWant ?? DEFAULT_NUM_WANT, MAX_PICKED)
    const told = this.#desk.announce(announced, { count, isV4: !host.includes(':'), hasBoth: true })
    return typeof told === 'string' ? writeFailureBody(told) : writeAnnounceBody(this.#desk, told, announce)
  }

  #answerScrape(query: string): Buffer {
    const hashes = readScrapeQuery(query)
    const counts = this.#desk.scrape(hashes.map((hash) => hash.toString('latin1')))
    if (typeof counts === 'string') return writeFailureBody(counts)
    return writeScrapeBody(hashes, counts)
  }
}

/** @returns the sentence for `failure reason` when something is missing or wrong */
export function readAnnounceQuery(query: string): HttpAnnounce | string {
  const fields = readQuery(query)
  const bytesOf = (name: string): Buffer | undefined => fields.get(name)?.[0]
  const infoHash = bytesOf('info_hash')
  const peerId = bytesOf('peer_id')
  const port = numberOf(bytesOf('port')) ?? 0
  if (infoHash?.length !== 20) return 'info_hash must have 20 bytes'
  if (peerId?.length !== 20) return 'peer_id must have 20 bytes'
  if (port < 1 || port > 65535) return 'port must be 1 to 65535'
  return {
    infoHash,
    peerId,
    port,
    leftBytes: numberOf(bytesOf('left')) ?? 0,
    event: eventOf(bytesOf('event')),
    numWant: numberOf(bytesOf('numwant')),
    isCompact: bytesOf('compact')?.toString('latin1') !== '0',
    hasPeerIds: bytesOf('no_peer_id')?.toString('latin1') !== '1',
  }
}

function eventOf(value: Buffer | undefined): AnnounceEvent {
  const name = value?.toString('latin1')
  return EVENTS.find((known) => known === name) ?? 'none'
}

/** The info-hashes of a scrape, those that have 20 bytes, each once: the first 200. */
export function readScrapeQuery(query: string): Buffer[] {
  const hashes = readQuery(query).get('info_hash') ?? []
  const whole = hashes.filter((hash) => hash.length === 20).slice(0, MAX_SCRAPED)
  // One that is named twice would be a key of the answer twice.
  return [...new Map(whole.map((hash) => [hash.toString('latin1'), hash])).values()]
}

/** IPv4 peers go into `peers`, IPv6 ones into `peers6`, when compact. @param told what the desk just said */
export function writeAnnounceBody(
  desk: TrackerDesk,
  told: Introduction,
  { isCompact, hasPeerIds }: Pick<HttpAnnounce, 'isCompact' | 'hasPeerIds'>,
): Buffer {
  const { swarm, v4Count, v6Count } = told
  const head = {
    interval: desk.intervalSeconds,
    complete: swarm?.seederCount ?? 0,
    incomplete: swarm?.leecherCount ?? 0,
    downloaded: swarm?.completedCount ?? 0,
  }
  if (!isCompact) return encode({ ...head, peers: peerList(desk, v4Count + v6Count, hasPeerIds) })
  const peers = Buffer.allocUnsafe(COMPACT_V4_BYTES * v4Count)
  desk.copyPicked(peers, 0, { from: 0, count: v4Count, skipped: V4_OFFSET })
  if (v6Count === 0) return encode({ ...head, peers })
  const peers6 = Buffer.allocUnsafe(COMPACT_V6_BYTES * v6Count)
  desk.copyPicked(peers6, 0, { from: v4Count, count: v6Count, skipped: 0 })
  return encode({ ...head, peers, peers6 })
}

function peerList({ picked, registry }: TrackerDesk, count: number, hasPeerIds: boolean): BencodeValue[] {
  return Array.from(picked.subarray(0, count), (slot) => {
    const { host, port } = readCompactV6(Buffer.from(registry.places.buffer), PLACE_BYTES * slot)
    const peerId = registry.peerIds.subarray(PEER_ID_BYTES * slot, PEER_ID_BYTES * (slot + 1))
    return { ip: host, port, 'peer id': hasPeerIds ? peerId : undefined }
  })
}

/** @param counts one for each info-hash */
export function writeScrapeBody(infoHashes: readonly Buffer[], counts: readonly ScrapeResponse[]): Buffer {
  const files = new Map<string | Uint8Array, BencodeValue>()
  for (const [index, { seederCount, completedCount, leecherCount }] of counts.entries()) {
    const entry = { complete: seederCount, downloaded: completedCount, incomplete: leecherCount }
    files.set(infoHashes[index] ?? '', entry)
  }
  return encode({ files })
}

export function writeFailureBody(reason: string): Buffer {
  return encode({ 'failure reason': reason })
}

/** Values as bytes: an info-hash is not text in any encoding. */
function readQuery(query: string): Map<string, Buffer[]> {
  const fields = new Map<string, Buffer[]>()
  for (const pair of query.split('&')) {
    const nameEnd = pair.indexOf('=')
    if (nameEnd < 0) continue
    const name = pair.slice(0, nameEnd)
    const values = fields.get(name) ?? []
    values.push(percentDecode(pair.slice(nameEnd + 1)))
    fields.set(name, values)
  }
  return fields
}

function percentDecode(text: string): Buffer {
  const latin1 = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return Buffer.from(latin1, 'latin1')
}

function numberOf(value: Buffer | undefined): number | undefined {
  const digits = value?.toString('latin1')
  if (digits === undefined || !/^\d{1,20}$/.test(digits)) return undefined
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}
