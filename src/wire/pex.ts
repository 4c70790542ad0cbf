/**
 * Peer exchange messages (BEP 11): what a peer says of whom it is connected to, since it last said so. Pure.
 *
 * A bencoded dictionary. `added`, `dropped`: 6 bytes an IPv4 contact; `added6`, `dropped6`: 18 bytes an IPv6 one;
 * `added.f`, `added6.f`: one byte of flags for each contact added. All are optional here; keys we do not know, half
 * contacts at the end and missing flags are as if they were not there.
 */
import type { BencodeView } from '../bencode/view.ts'
import { checkBencode } from '../bencode/check.ts'
import { encode } from '../bencode/codec.ts'
import {
  COMPACT_V4_BYTES,
  COMPACT_V6_BYTES,
  readCompactV4,
  readCompactV6,
  writeCompact,
} from '../common/endpoint.ts'
import type { Endpoint } from '../common/endpoint.ts'
import { KnownError, PeerError } from '../common/errors.ts'

/** Its name in the extension handshake (BEP 10). */
export const PEX_EXTENSION = 'ut_pex'

/** Contacts of each kind, both families together, that are written into one message and read from one (BEP 11). */
export const MAX_PEX_CONTACTS = 50

/** The longest message we read: the first one of a client with thousands of peers fits. */
const MAX_PEX_BYTES = 64 * 1024
const LIMITS = { maxDepth: 4, maxValues: 1_000, allowTrailing: true }

/** `added.f` */
export const PexFlag = {
  prefersEncryption: 0x01,
  /** A seed, or one that wants nothing more (BEP 21). */
  uploadOnly: 0x02,
  /** Who tells it dialled it: it can be reached. */
  isReachable: 0x10,
} as const

export interface PexContact {
  readonly endpoint: Endpoint
  /** Sum of `PexFlag`; other bits may be set. */
  readonly flags: number
}

export interface PexMessage {
  readonly added: readonly PexContact[]
  readonly dropped: readonly Endpoint[]
}

/** @param message at most MAX_PEX_CONTACTS of each kind @returns the payload of the extended message */
export function encodePex({ added, dropped }: PexMessage): Buffer {
  const isV6 = ({ host }: Endpoint): boolean => host.includes(':')
  const [added4, added6] = [
    added.filter((one) => !isV6(one.endpoint)),
    added.filter((one) => isV6(one.endpoint)),
  ]
  return encode({
    added: compact(added4.map(({ endpoint }) => endpoint)),
    'added.f': Buffer.from(added4.map(({ flags }) => flags)),
    added6: compact(added6.map(({ endpoint }) => endpoint)),
    'added6.f': Buffer.from(added6.map(({ flags }) => flags)),
    dropped: compact(dropped.filter((endpoint) => !isV6(endpoint))),
    dropped6: compact(dropped.filter(isV6)),
  })
}

/**
 * What a peer says, cut to MAX_PEX_CONTACTS of each kind; contacts may have any address and any port but 0.
 * @param payload a view; the result holds nothing of it
 * @throws PeerError WIRE_PEX when it is too long or no sound dictionary
 */
export function decodePex(payload: Buffer): PexMessage {
  if (payload.length > MAX_PEX_BYTES) {
    throw new PeerError('WIRE_PEX', `peer exchange of ${payload.length} bytes`)
  }
  const fields = fieldsOf(payload)
  const flags4 = fields.get('added.f')?.asBytes()
  const flags6 = fields.get('added6.f')?.asBytes()
  const added4 = contacts(fields.get('added'), COMPACT_V4_BYTES).map(withFlags(flags4))
  const added6 = contacts(fields.get('added6'), COMPACT_V6_BYTES).map(withFlags(flags6))
  const dropped4 = contacts(fields.get('dropped'), COMPACT_V4_BYTES)
  const dropped6 = contacts(fields.get('dropped6'), COMPACT_V6_BYTES)
  return {
    added: [...added4, ...added6].filter(({ endpoint }) => endpoint.port !== 0).slice(0, MAX_PEX_CONTACTS),
    dropped: [...dropped4, ...dropped6].slice(0, MAX_PEX_CONTACTS),
  }
}

function compact(endpoints: readonly Endpoint[]): Buffer {
  return Buffer.concat(endpoints.map(writeCompact))
}

function withFlags(flags: Buffer | undefined): (endpoint: Endpoint, index: number) => PexContact {
  return (endpoint, index) => ({ endpoint, flags: flags?.[index] ?? 0 })
}

/** Whole contacts from the front, no more than count; port 0 included, for the flags go by position. */
function contacts(
  value: BencodeView | undefined,
  entryBytes: typeof COMPACT_V4_BYTES | typeof COMPACT_V6_BYTES,
): Endpoint[] {
  const bytes = value?.asBytes()
  if (bytes === undefined) return []
  const read = entryBytes === COMPACT_V4_BYTES ? readCompactV4 : readCompactV6
  const count = Math.min(MAX_PEX_CONTACTS, Math.floor(bytes.length / entryBytes))
  return Array.from({ length: count }, (_, index) => read(bytes, index * entryBytes))
}

function fieldsOf(payload: Buffer): ReadonlyMap<string, BencodeView> {
  try {
    const fields = checkBencode(payload, LIMITS).fields()
    if (fields !== undefined) return fields
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    throw new PeerError('WIRE_PEX', `peer exchange: ${error.message}`, { cause: error })
  }
  throw new PeerError('WIRE_PEX', 'peer exchange is no dictionary')
}
