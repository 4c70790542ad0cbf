/**
 * What is said to HTTP trackers and what they answer: queries and bencoded bodies (BEP 3 "trackers", 23 compact peers,
 * 7 peers6, 48 scrape). Bytes only. Answers are read field by field: one bad peer or counter costs only itself.
 */
import { BencodeError, checkBencode } from '../bencode/check.ts'
import type { BencodeView } from '../bencode/view.ts'
import { COMPACT_V4_BYTES, COMPACT_V6_BYTES, readCompactList, type Endpoint } from '../common/endpoint.ts'
import { TrackerError } from '../common/errors.ts'
import { isIpLiteral } from './tracker-url.ts'
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse } from './tracker.ts'
import { MAX_ENDPOINTS, MAX_TEXT_LENGTH } from './udp-codec.ts'

/** When a tracker gives no interval. */
const DEFAULT_INTERVAL_SECONDS = 1800

/** Beyond any real number of peers or seconds. */
const MAX_COUNT = 2 ** 31 - 1
const MAX_TRACKER_ID_BYTES = 512
/** Answers are `{peers: [{ip, port}]}` at the deepest, and 1 MiB long. */
const LIMITS = { maxDepth: 16, maxValues: 200_000, allowTrailing: true }

export interface HttpAnswer extends Omit<AnnounceResponse, 'scope'> {
  /** To be sent back with every later announce. */
  readonly trackerId: Buffer | undefined
}

/** The bytes as a query value: everything but RFC 3986's unreserved characters as %XX, whatever the encoding. */
export function percentEncode(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const character = String.fromCharCode(byte)
    text += /[A-Za-z0-9._~-]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** The request target (path and query) of an announce; a query that the URL has already stays in front. */
export function announceTarget(url: URL, request: AnnounceRequest, trackerId: Buffer | undefined): string {
  const fields = [
    `info_hash=${percentEncode(request.infoHash)}`,
    `peer_id=${percentEncode(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploadedBytes}`,
    `downloaded=${request.downloadedBytes}`,
    `left=${request.leftBytes}`,
    'compact=1',
    'no_peer_id=1',
    `numwant=${request.numWant}`,
    `key=${(request.key >>> 0).toString(16).padStart(8, '0')}`,
  ]
  if (request.event !== 'none') fields.push(`event=${request.event}`)
  if (trackerId !== undefined) fields.push(`trackerid=${percentEncode(trackerId)}`)
  return withQuery(url.pathname, url.search, fields.join('&'))
}

/**
 * The request target of a scrape (BEP 48): `announce` in the last path element becomes `scrape`. Undefined when the
 * path has none.
 */
export function scrapeTarget(url: URL, infoHash: Buffer): string | undefined {
  const fileStart = url.pathname.lastIndexOf('/') + 1
  const file = url.pathname.slice(fileStart)
  if (!file.startsWith('announce')) return undefined
  const path = `${url.pathname.slice(0, fileStart)}scrape${file.slice('announce'.length)}`
  return withQuery(path, url.search, `info_hash=${percentEncode(infoHash)}`)
}

function withQuery(path: string, search: string, fields: string): string {
  return search === '' ? `${path}?${fields}` : `${path}${search}&${fields}`
}

/** @throws TrackerError TRACKER_REFUSED (failure reason), TRACKER_BAD_RESPONSE */
export function readAnnounceBody(body: Buffer): HttpAnswer {
  const fields = readFields(body)
  return {
    intervalSeconds: count(fields.get('interval')) ?? DEFAULT_INTERVAL_SECONDS,
    minIntervalSeconds: count(fields.get('min interval')),
    seederCount: count(fields.get('complete')),
    leecherCount: count(fields.get('incomplete')),
    endpoints: readPeers(fields.get('peers'), fields.get('peers6')),
    warning: text(fields.get('warning message')),
    trackerId: trackerIdOf(fields.get('tracker id')),
  }
}

/** @throws TrackerError TRACKER_REFUSED, TRACKER_BAD_RESPONSE, also when it is about other torrents */
export function readScrapeBody(body: Buffer, infoHash: Buffer): ScrapeResponse {
  const files = readFields(body).get('files')
  for (const { key, value } of files?.entries() ?? []) {
    if (!key.equals(infoHash)) continue
    const file = fieldsOf(value)
    return {
      seederCount: count(file?.get('complete')) ?? 0,
      completedCount: count(file?.get('downloaded')) ?? 0,
      leecherCount: count(file?.get('incomplete')) ?? 0,
    }
  }
  throw new TrackerError('TRACKER_BAD_RESPONSE', 'the scrape says nothing about this torrent')
}

/** The failure reason of a body, or undefined when it is no bencoded answer with one. Foreign, cut. Never throws. */
export function failureReasonOf(body: Buffer): string | undefined {
  try {
    return text(checkBencode(body, LIMITS).fields()?.get('failure reason'))
  } catch (error) {
    if (error instanceof BencodeError) return undefined
    throw error
  }
}

function readFields(body: Buffer): ReadonlyMap<string, BencodeView> {
  const fields = fieldsOrThrow(body)
  const reason = fields.get('failure reason')
  if (reason === undefined) return fields
  const words = text(reason) ?? ''
  throw new TrackerError('TRACKER_REFUSED', words === '' ? 'no reason given' : words)
}

function fieldsOrThrow(body: Buffer): ReadonlyMap<string, BencodeView> {
  try {
    const fields = checkBencode(body, LIMITS).fields()
    if (fields !== undefined) return fields
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error
    const message = body.length === 0 ? 'empty answer' : `not a tracker's answer: ${error.message}`
    throw new TrackerError('TRACKER_BAD_RESPONSE', message, { cause: error })
  }
  throw new TrackerError('TRACKER_BAD_RESPONSE', "not a tracker's answer: not a dictionary")
}

/** `peers` compact or as dictionaries, then `peers6`; at most MAX_ENDPOINTS. */
function readPeers(peers: BencodeView | undefined, peers6: BencodeView | undefined): Endpoint[] {
  const v6 = peers6?.asBytes()
  const endpoints = peers?.kind === 'list' ? readPeerList(peers) : compact(peers?.asBytes(), COMPACT_V4_BYTES)
  return [...endpoints, ...compact(v6, COMPACT_V6_BYTES)].slice(0, MAX_ENDPOINTS)
}

function compact(
  bytes: Buffer | undefined,
  entryBytes: typeof COMPACT_V4_BYTES | typeof COMPACT_V6_BYTES,
): Endpoint[] {
  return bytes === undefined ? [] : readCompactList(bytes.subarray(0, MAX_ENDPOINTS * entryBytes), entryBytes)
}

function readPeerList(list: BencodeView): Endpoint[] {
  const endpoints: Endpoint[] = []
  for (const item of list.items()) {
    const endpoint = readPeer(item)
    if (endpoint !== undefined) endpoints.push(endpoint)
    if (endpoints.length === MAX_ENDPOINTS) break
  }
  return endpoints
}

/** Names are left out: an address list from a stranger is no reason to ask DNS. */
function readPeer(item: BencodeView): Endpoint | undefined {
  const fields = fieldsOf(item)
  const host = fields?.get('ip')?.asBytes()?.toString('latin1')
  const port = fields?.get('port')?.asInteger()
  if (host === undefined || port === undefined || port < 1 || port > 65535) return undefined
  return isIpLiteral(host) ? { host, port } : undefined
}

/** The fields, or undefined when it is no dictionary or one with a key twice. */
function fieldsOf(view: BencodeView): ReadonlyMap<string, BencodeView> | undefined {
  try {
    return view.fields()
  } catch (error) {
    if (error instanceof BencodeError) return undefined
    throw error
  }
}

/** A number of things or seconds, 0..2^31-1; beyond is cut, negative is 0; undefined when it is no integer. */
function count(view: BencodeView | undefined): number | undefined {
  if (view?.kind !== 'integer') return undefined
  // Beyond 2^53 asInteger has no value; such a number is as good as the largest we know.
  const value = view.asInteger() ?? MAX_COUNT
  return Math.min(Math.max(value, 0), MAX_COUNT)
}

function text(view: BencodeView | undefined): string | undefined {
  return view?.asBytes()?.toString('utf8', 0, MAX_TEXT_LENGTH)
}

function trackerIdOf(view: BencodeView | undefined): Buffer | undefined {
  const id = view?.asBytes()
  if (id === undefined || id.length === 0 || id.length > MAX_TRACKER_ID_BYTES) return undefined
  return Buffer.from(id)
}
