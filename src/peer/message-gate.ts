/**
 * Stands between the codec and a connection's owner: refuses what the protocol forbids whatever the torrent, keeps the
 * peer's half of the flags, and lets the rest through. Rules that need the torrent (is there such a piece?) are the
 * owner's.
 */
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { PeerHandler } from './peer-handler.ts'
import type { WireHandler } from '../wire/read-message.ts'
import { PeerError } from '../common/errors.ts'
import {
  EXTENSION_HANDSHAKE_ID,
  decodeExtensionHandshake,
  mergeExtensionHandshakes,
} from '../wire/extensions.ts'
import { FloodLimit } from './flood-limit.ts'

const MAX_KEEP_ALIVES_A_SECOND = 1000
/** A choker decides every ten seconds; a hundred changes are ten times the restless. */
const MAX_CHOKES_IN_10_S = 100
/** Interest changes with each piece that comes or goes. */
const MAX_INTERESTS_IN_10_S = 1000
const MAX_UNKNOWN_MESSAGES = 1000
const MAX_EXTENSION_HANDSHAKES = 100
/** Haves beyond one a piece, before we stop calling it overlap of bitfield and have. */
const SPARE_HAVES = 1000
/** Haves while the number of pieces is unknown (BEP 9): as many as a frame's bitfield could name. */
const MAX_BLIND_HAVES = 8 * 1024 * 1024
/** A client that sends bitfields in place of haves does so once for many pieces. */
const MAX_BITFIELDS_A_MINUTE = 600
const MAX_HINTS_A_MINUTE = 10_000

/** What was agreed in the handshakes, and who hears the rest. */
export interface GateOptions {
  readonly handler: PeerHandler
  /** Both sides speak BEP 6. */
  readonly supportsFast: boolean
  /** Both sides speak BEP 10. */
  readonly supportsExtensions: boolean
}

/** The rules of one connection, and what they have counted so far. */
export class MessageGate implements WireHandler {
  peerChoking = true
  peerInterested = false
  /** What the peer's extension handshakes add up to. */
  extension: ExtensionHandshake | undefined
  /** The time of the bytes being read: set before each push. */
  nowMs = 0
  readonly #handler: PeerHandler
  readonly #supportsFast: boolean
  readonly #supportsExtensions: boolean
  readonly #keepAlives = new FloodLimit(MAX_KEEP_ALIVES_A_SECOND, 1000)
  readonly #chokes = new FloodLimit(MAX_CHOKES_IN_10_S, 10_000)
  readonly #interests = new FloodLimit(MAX_INTERESTS_IN_10_S, 10_000)
  readonly #bitfields = new FloodLimit(MAX_BITFIELDS_A_MINUTE, 60_000)
  readonly #hints = new FloodLimit(MAX_HINTS_A_MINUTE, 60_000)
  #maxHaves = MAX_BLIND_HAVES
  #haveCount = 0
  #unknownCount = 0
  #extensionHandshakeCount = 0
  /** May have all or have none still come? */
  #isFirst = true

  constructor({ handler, supportsFast, supportsExtensions }: GateOptions) {
    this.#handler = handler
    this.#supportsFast = supportsFast
    this.#supportsExtensions = supportsExtensions
  }

  setPieceCount(pieceCount: number): void {
    this.#maxHaves = pieceCount + SPARE_HAVES
    this.#haveCount = 0
  }

  /** @throws PeerError PEER_FLOOD */
  onKeepAlive(): void {
    if (!this.#keepAlives.take(this.nowMs)) this.#flood('keep-alives in a second')
  }

  onBlock(piece: number, offset: number, data: Buffer): void {
    this.#isFirst = false
    this.#handler.onBlock(piece, offset, data)
  }

  onRequest(piece: number, offset: number, length: number): void {
    this.#isFirst = false
    this.#handler.onRequest(piece, offset, length)
  }

  onCancel(piece: number, offset: number, length: number): void {
    this.#isFirst = false
    this.#handler.onCancel(piece, offset, length)
  }

  onHave(piece: number): void {
    this.#isFirst = false
    if (++this.#haveCount > this.#maxHaves) this.#flood('haves')
    this.#handler.onHave(piece)
  }

  onChoke(): void {
    this.#isFirst = false
    if (!this.#chokes.take(this.nowMs)) this.#flood('chokes and unchokes in 10 s')
    this.peerChoking = true
    this.#handler.onChoke()
  }

  onUnchoke(): void {
    this.#isFirst = false
    if (!this.#chokes.take(this.nowMs)) this.#flood('chokes and unchokes in 10 s')
    this.peerChoking = false
    this.#handler.onUnchoke()
  }

  onInterested(): void {
    this.#isFirst = false
    if (!this.#interests.take(this.nowMs)) this.#flood('changes of interest in 10 s')
    this.peerInterested = true
    this.#handler.onInterested()
  }

  onNotInterested(): void {
    this.#isFirst = false
    if (!this.#interests.take(this.nowMs)) this.#flood('changes of interest in 10 s')
    this.peerInterested = false
    this.#handler.onNotInterested()
  }

  /** BEP 3 wants it first; some clients send it later too, in place of many haves. */
  onBitfield(bits: Buffer): void {
    this.#isFirst = false
    if (!this.#bitfields.take(this.nowMs)) this.#flood('bitfields in a minute')
    this.#handler.onBitfield(bits)
  }

  onHaveAll(): void {
    this.#assertFast('have all')
    this.#takeFirst('have all')
    this.#handler.onHaveAll()
  }

  onHaveNone(): void {
    this.#assertFast('have none')
    this.#takeFirst('have none')
    this.#handler.onHaveNone()
  }

  onReject(piece: number, offset: number, length: number): void {
    this.#assertFast('reject')
    this.#isFirst = false
    this.#handler.onReject(piece, offset, length)
  }

  onSuggest(piece: number): void {
    this.#assertFast('suggest')
    this.#countHint()
    this.#handler.onSuggest(piece)
  }

  onAllowedFast(piece: number): void {
    this.#assertFast('allowed fast')
    this.#countHint()
    this.#handler.onAllowedFast(piece)
  }

  /** May come before the bitfield: some clients name their DHT port at once. */
  onPort(port: number): void {
    this.#countHint()
    this.#handler.onPort(port)
  }

  /** May come before the bitfield, as most clients do it. */
  onExtended(id: number, payload: Buffer): void {
    if (!this.#supportsExtensions) {
      this.onUnknown()
      return
    }
    if (id !== EXTENSION_HANDSHAKE_ID) {
      this.#handler.onExtended(id, payload)
      return
    }
    if (++this.#extensionHandshakeCount > MAX_EXTENSION_HANDSHAKES) this.#flood('extension handshakes')
    this.extension = mergeExtensionHandshakes(this.extension, decodeExtensionHandshake(payload))
    this.#handler.onExtensionHandshake(this.extension)
  }

  onUnknown(): void {
    if (++this.#unknownCount > MAX_UNKNOWN_MESSAGES) this.#flood('unknown messages')
  }

  /** Suggestions, allowed-fast pieces and DHT ports: advice that costs the sender nothing. */
  #countHint(): void {
    if (!this.#hints.take(this.nowMs)) this.#flood('hints in a minute')
  }

  #assertFast(name: string): void {
    if (!this.#supportsFast) throw new PeerError('PEER_NOT_FAST', `${name} without the Fast extension`)
  }

  /** BEP 6: have all and have none come first, and once. */
  #takeFirst(name: string): void {
    if (!this.#isFirst) throw new PeerError('PEER_LATE_HAVE_ALL', `${name} after other messages`)
    this.#isFirst = false
  }

  #flood(what: string): never {
    throw new PeerError('PEER_FLOOD', `too many ${what}`)
  }
}
