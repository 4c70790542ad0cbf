/**
 * The extension handshake (BEP 10): message 20 with extended id 0, a bencoded dictionary. Keys we do not know and values
 * of the wrong kind or size are as if they were not there: it is advice, and no reason to lose a peer.
 */
import type { BencodeView } from '../bencode/view.ts'
import { KnownError, PeerError } from '../common/errors.ts'
import { checkBencode } from '../bencode/check.ts'
import { encode } from '../bencode/codec.ts'
import { printable } from './peer-id.ts'

/** Extended id of the handshake itself. */
export const EXTENSION_HANDSHAKE_ID = 0

/** The longest handshake we read: no client needs a tenth of it. */
export const MAX_EXTENSION_HANDSHAKE_BYTES = 17 * 1024

/** The largest info dictionary a peer can offer (BEP 9); a claim beyond it is not believed. */
export const MAX_METADATA_BYTES = 30 * 1024 * 1024

const LIMITS = { maxDepth: 8, maxValues: 10_000 }
const MAX_EXTENSIONS = 64
const MAX_EXTENSION_NAME_BYTES = 64
/** Four characters of UTF-8 a byte, at most, go into a name of 64 characters. */
const MAX_CLIENT_NAME_BYTES = 256

/** What one side says of itself once more, in the extension protocol. */
export interface ExtensionHandshake {
  /** Extension name -> the id its sender wants it addressed by, 1..255 (0 takes an earlier one back). */
  readonly m: ReadonlyMap<string, number>
  /** `v`: printable, at most 64 characters. */
  readonly clientName?: string | undefined
  /** `reqq`: requests the sender keeps without dropping any, >= 1. */
  readonly requestQueueLimit?: number | undefined
  /** `p`: the sender's TCP listen port, 1..65535. */
  readonly listenPort?: number | undefined
  /** `metadata_size` (BEP 9): bytes of the info dictionary, 1..MAX_METADATA_BYTES. */
  readonly metadataSize?: number | undefined
  /** `upload_only` (BEP 21): the sender wants no more pieces. */
  readonly uploadOnly?: boolean | undefined
  /** `e`: the sender would rather talk encrypted. */
  readonly prefersEncryption?: boolean | undefined
}

/** @returns the payload of the extended message */
export function encodeExtensionHandshake(handshake: ExtensionHandshake): Buffer {
  return encode({
    m: handshake.m,
    v: handshake.clientName,
    reqq: handshake.requestQueueLimit,
    p: handshake.listenPort,
    metadata_size: handshake.metadataSize,
    upload_only: handshake.uploadOnly === true ? 1 : undefined,
  })
}

/**
 * @param payload a view; the result holds nothing of it
 * @throws PeerError WIRE_EXTENSION_HANDSHAKE when it is too long or not a sound dictionary
 */
export function decodeExtensionHandshake(payload: Buffer): ExtensionHandshake {
  if (payload.length > MAX_EXTENSION_HANDSHAKE_BYTES) {
    throw new PeerError('WIRE_EXTENSION_HANDSHAKE', `extension handshake of ${payload.length} bytes`)
  }
  const fields = fieldsOf(payload)
  const clientName = fields.get('v')?.asBytes()
  return {
    m: readExtensions(fields.get('m')),
    clientName: clientName && printable(clientName.toString('utf8', 0, MAX_CLIENT_NAME_BYTES)),
    requestQueueLimit: readInteger(fields.get('reqq'), Number.MAX_SAFE_INTEGER),
    listenPort: readInteger(fields.get('p'), 65_535),
    metadataSize: readInteger(fields.get('metadata_size'), MAX_METADATA_BYTES),
    uploadOnly: readFlag(fields.get('upload_only')),
    prefersEncryption: readFlag(fields.get('e')),
  }
}

/** What two handshakes of one peer mean together: the later adds, changes and (with id 0) takes back. */
export function mergeExtensionHandshakes(
  earlier: ExtensionHandshake | undefined,
  later: ExtensionHandshake,
): ExtensionHandshake {
  const m = new Map(earlier?.m)
  for (const [name, id] of later.m) {
    if (id === 0) m.delete(name)
    else if (m.has(name) || m.size < MAX_EXTENSIONS) m.set(name, id)
  }
  const told = Object.entries(later).filter(([, value]) => value !== undefined)
  return { ...earlier, ...(Object.fromEntries(told) as Partial<ExtensionHandshake>), m }
}

function fieldsOf(payload: Buffer): ReadonlyMap<string, BencodeView> {
  try {
    // Some clients pad the dictionary.
    const fields = checkBencode(payload, { ...LIMITS, allowTrailing: true }).fields()
    if (fields !== undefined) return fields
  } catch (error) {
    if (!(error instanceof KnownError)) throw error
    throw new PeerError('WIRE_EXTENSION_HANDSHAKE', `extension handshake: ${error.message}`, { cause: error })
  }
  throw new PeerError('WIRE_EXTENSION_HANDSHAKE', 'extension handshake is no dictionary')
}

function readExtensions(value: BencodeView | undefined): Map<string, number> {
  const m = new Map<string, number>()
  for (const { key, value: idView } of value?.entries() ?? []) {
    const id = idView.asInteger()
    if (id === undefined || id < 0 || id > 255 || key.length > MAX_EXTENSION_NAME_BYTES) continue
    if (m.size < MAX_EXTENSIONS) m.set(key.toString('utf8'), id)
  }
  return m
}

/** 1..max, or undefined. */
function readInteger(value: BencodeView | undefined, max: number): number | undefined {
  const number = value?.asInteger()
  return number !== undefined && number >= 1 && number <= max ? number : undefined
}

function readFlag(value: BencodeView | undefined): boolean | undefined {
  const number = value?.asInteger()
  return number === undefined ? undefined : number !== 0
}
