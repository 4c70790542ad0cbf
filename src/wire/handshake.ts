/**
 * The 68 bytes each side sends first (BEP 3, "peer protocol").
 *
 * | bytes | what                                                                     |
 * |-------|--------------------------------------------------------------------------|
 * | 1     | 19                                                                       |
 * | 19    | "BitTorrent protocol"                                                    |
 * | 8     | reserved: [5] & 0x10 BEP 10, [7] & 0x04 BEP 6, [7] & 0x01 BEP 5; rest 0  |
 * | 20    | info-hash                                                                |
 * | 20    | peer id                                                                  |
 */
import { PeerError } from '../common/errors.ts'

/** Every handshake has this length. */
export const HANDSHAKE_BYTES = 68

/** What one side says of itself. */
export interface Handshake {
  /** 20 bytes. */
  readonly infoHash: Buffer
  /** 20 bytes. */
  readonly peerId: Buffer
  /** Speaks the Fast extension (BEP 6). In force only when both sides do. */
  readonly hasFast: boolean
  /** Speaks the extension protocol (BEP 10). */
  readonly hasExtensions: boolean
  /** Runs a DHT node (BEP 5). */
  readonly hasDht: boolean
}

const PROTOCOL = Buffer.from('\x13BitTorrent protocol', 'latin1')
const RESERVED_OFFSET = PROTOCOL.length
const INFO_HASH_OFFSET = RESERVED_OFFSET + 8
const PEER_ID_OFFSET = INFO_HASH_OFFSET + 20
const EXTENSIONS_BYTE = RESERVED_OFFSET + 5
const EXTENSIONS_BIT = 0x10
const FAST_BYTE = RESERVED_OFFSET + 7
const FAST_BIT = 0x04
const DHT_BIT = 0x01

/** @returns a new buffer of HANDSHAKE_BYTES */
export function writeHandshake(handshake: Handshake): Buffer {
  const bytes = Buffer.alloc(HANDSHAKE_BYTES)
  PROTOCOL.copy(bytes)
  bytes.writeUInt8(handshake.hasExtensions ? EXTENSIONS_BIT : 0, EXTENSIONS_BYTE)
  bytes.writeUInt8((handshake.hasFast ? FAST_BIT : 0) | (handshake.hasDht ? DHT_BIT : 0), FAST_BYTE)
  handshake.infoHash.copy(bytes, INFO_HASH_OFFSET, 0, 20)
  handshake.peerId.copy(bytes, PEER_ID_OFFSET, 0, 20)
  return bytes
}

/**
 * @param bytes HANDSHAKE_BYTES of them; the result holds copies
 * @throws PeerError WIRE_HANDSHAKE when it is not BitTorrent's
 */
export function readHandshake(bytes: Buffer): Handshake {
  if (bytes.length !== HANDSHAKE_BYTES) {
    throw new PeerError('WIRE_HANDSHAKE', `handshake of ${bytes.length} bytes, not ${HANDSHAKE_BYTES}`)
  }
  assertProtocol(bytes)
  return {
    infoHash: Buffer.from(bytes.subarray(INFO_HASH_OFFSET, PEER_ID_OFFSET)),
    peerId: Buffer.from(bytes.subarray(PEER_ID_OFFSET, HANDSHAKE_BYTES)),
    hasFast: (bytes.readUInt8(FAST_BYTE) & FAST_BIT) !== 0,
    hasExtensions: (bytes.readUInt8(EXTENSIONS_BYTE) & EXTENSIONS_BIT) !== 0,
    hasDht: (bytes.readUInt8(FAST_BYTE) & DHT_BIT) !== 0,
  }
}

/** Collects the 68 bytes from chunks of any size; a stranger to the protocol is refused at its first wrong byte. */
export class HandshakeReader {
  readonly #bytes = Buffer.alloc(HANDSHAKE_BYTES)
  #length = 0

  /** Bytes so far, 0..68. */
  get length(): number {
    return this.#length
  }

  /**
   * @returns how many bytes of `chunk` belong to the handshake; the rest is frames
   * @throws PeerError WIRE_HANDSHAKE
   */
  push(chunk: Buffer): number {
    const taken = chunk.copy(this.#bytes, this.#length)
    this.#length += taken
    assertProtocol(this.#bytes.subarray(0, this.#length))
    return taken
  }

  /** The whole handshake, or undefined while bytes are missing. */
  result(): Handshake | undefined {
    return this.#length === HANDSHAKE_BYTES ? readHandshake(this.#bytes) : undefined
  }
}

function assertProtocol(bytes: Buffer): void {
  const length = Math.min(bytes.length, PROTOCOL.length)
  if (bytes.compare(PROTOCOL, 0, length, 0, length) === 0) return
  throw new PeerError('WIRE_HANDSHAKE', `not BitTorrent: starts with ${bytes.toString('hex', 0, length)}`)
}
