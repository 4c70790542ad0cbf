/** What a PeerConnection tells its owner, and what it asks before it has one. */
import type { KnownError } from '../common/errors.ts'
import type { WireHandler } from '../wire/read-message.ts'
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { Handshake } from '../wire/handshake.ts'

/**
 * Calls come from the socket, one after another, never after onClosed. Buffers are views, valid only during the call.
 * Whatever a method throws closes the connection: a PeerError with itself as the reason, anything else as PEER_BUG.
 */
export interface PeerHandler extends Omit<WireHandler, 'onExtended' | 'onUnknown'> {
  /** Both handshakes are done: the moment to send bitfield and extension handshake. */
  onOpen(): void
  /** @param handshake what the peer said now, together with what still holds of what it said before */
  onExtensionHandshake(handshake: ExtensionHandshake): void
  /** @param id one of ours, 1..255 */
  onExtended(id: number, payload: Buffer): void
  /** Every message of one read has been told. What is sent now leaves in one write with the answers before. */
  onInputEnd(): void
  /** Everything sent so far has left our hands. */
  onDrain(): void
  /** Exactly once, last; also when `accept` had answered but onOpen never came. */
  onClosed(reason: KnownError): void
}

/** The answer to a peer's handshake. */
export interface Acceptance {
  readonly handler: PeerHandler
  /** Sent to inbound peers; outbound ones got theirs already. */
  readonly ourHandshake: Handshake
  /** When known, bounds the length of frames and the number of haves. */
  readonly pieceCount?: number | undefined
}
