/** The HTTP side of a small tracker: query strings in, bencoded answers out (BEP 3, 7, 23, 48). Bytes only. */
import { encode, type BencodeValue } from '../bencode/codec.ts'
import { writeCompact } from '../common/endpoint.ts'
import type { Participant } from './swarm-registry.ts'
import type { AnnounceEvent, ScrapeResponse } from './tracker.ts'

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
  }
}

function eventOf(value: Buffer | undefined): AnnounceEvent {
  const name = value?.toString('latin1')
  return EVENTS.find((known) => known === name) ?? 'none'
}

/** The info-hashes of a scrape, as many as have 20 bytes. */
export function readScrapeQuery(query: string): Buffer[] {
  return (readQuery(query).get('info_hash') ?? []).filter((hash) => hash.length === 20)
}

/** @param peers IPv4 ones go into `peers`, IPv6 ones into `peers6`, when compact */
export function writeAnnounceBody(
  counts: ScrapeResponse,
  peers: readonly Participant[],
  { intervalSeconds, isCompact }: { intervalSeconds: number; isCompact: boolean },
): Buffer {
  const head = {
    interval: intervalSeconds,
    complete: counts.seederCount,
    incomplete: counts.leecherCount,
    downloaded: counts.completedCount,
  }
  if (!isCompact) {
    const list = peers.map(({ endpoint, peerId }) => ({
      ip: endpoint.host,
      port: endpoint.port,
      'peer id': peerId,
    }))
    return encode({ ...head, peers: list })
  }
  const compact = (isV6: boolean): Buffer =>
    Buffer.concat(
      peers
        .filter(({ endpoint }) => endpoint.host.includes(':') === isV6)
        .map(({ endpoint }) => writeCompact(endpoint)),
    )
  const peers6 = compact(true)
  return encode({ ...head, peers: compact(false), peers6: peers6.length === 0 ? undefined : peers6 })
}

export function writeScrapeBody(
  files: readonly (readonly [infoHash: Buffer, counts: ScrapeResponse])[],
): Buffer {
  const entries = files.map(([infoHash, counts]): [Buffer, BencodeValue] => [
    infoHash,
    { complete: counts.seederCount, downloaded: counts.completedCount, incomplete: counts.leecherCount },
  ])
  return encode({ files: new Map<string | Uint8Array, BencodeValue>(entries) })
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
