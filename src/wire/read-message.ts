/** One frame -> one call (layouts in message.ts). Checks lengths; whether the numbers make sense is for the handler. */
import { PeerError } from '../common/errors.ts'
import { MAX_BLOCK_BYTES, MessageId } from './message.ts'

/** Everything a peer can say. Numbers are u32 as received, unchecked; buffers are views, valid only during the call. */
export interface WireHandler {
  onChoke(): void
  onUnchoke(): void
  onInterested(): void
  onNotInterested(): void
  onHave(piece: number): void
  /** @param bits of any length; Bitfield.fromBytes checks it */
  onBitfield(bits: Buffer): void
  onRequest(piece: number, offset: number, length: number): void
  /** @param data 1..MAX_BLOCK_BYTES bytes */
  onBlock(piece: number, offset: number, data: Buffer): void
  onCancel(piece: number, offset: number, length: number): void
  /** @param port 0..65535 */
  onPort(port: number): void
  onSuggest(piece: number): void
  onHaveAll(): void
  onHaveNone(): void
  onReject(piece: number, offset: number, length: number): void
  onAllowedFast(piece: number): void
  /** @param id 0 for the extension handshake, else one of the ids we gave in ours */
  onExtended(id: number, payload: Buffer): void
  onUnknown(id: number): void
}

/**
 * @param frame id and payload, without the length prefix
 * @throws PeerError WIRE_LENGTH when the message cannot have this length
 */
export function readMessage(frame: Buffer, handler: WireHandler): void {
  const id = frame.length === 0 ? -1 : frame.readUInt8(0)
  switch (id) {
    case MessageId.block:
      assertLength(frame, 10, 9 + MAX_BLOCK_BYTES)
      handler.onBlock(frame.readUInt32BE(1), frame.readUInt32BE(5), frame.subarray(9))
      break
    case MessageId.request:
    case MessageId.cancel:
    case MessageId.reject:
      assertLength(frame, 13, 13)
      readRequestLike(id, frame, handler)
      break
    case MessageId.have:
    case MessageId.suggest:
    case MessageId.allowedFast:
      assertLength(frame, 5, 5)
      readPieceMessage(id, frame.readUInt32BE(1), handler)
      break
    case MessageId.bitfield:
      handler.onBitfield(frame.subarray(1))
      break
    case MessageId.port:
      assertLength(frame, 3, 3)
      handler.onPort(frame.readUInt16BE(1))
      break
    case MessageId.extended:
      assertLength(frame, 2, frame.length)
      handler.onExtended(frame.readUInt8(1), frame.subarray(2))
      break
    default:
      readBareMessage(id, frame, handler)
  }
}

type RequestLikeId = typeof MessageId.request | typeof MessageId.cancel | typeof MessageId.reject
type PieceMessageId = typeof MessageId.have | typeof MessageId.suggest | typeof MessageId.allowedFast

function readRequestLike(id: RequestLikeId, frame: Buffer, handler: WireHandler): void {
  const piece = frame.readUInt32BE(1)
  const offset = frame.readUInt32BE(5)
  const length = frame.readUInt32BE(9)
  if (id === MessageId.request) handler.onRequest(piece, offset, length)
  else if (id === MessageId.cancel) handler.onCancel(piece, offset, length)
  else handler.onReject(piece, offset, length)
}

function readPieceMessage(id: PieceMessageId, piece: number, handler: WireHandler): void {
  if (id === MessageId.have) handler.onHave(piece)
  else if (id === MessageId.suggest) handler.onSuggest(piece)
  else handler.onAllowedFast(piece)
}

/** Messages without payload, and those we do not know. */
function readBareMessage(id: number, frame: Buffer, handler: WireHandler): void {
  const call = bareCalls.get(id)
  if (call === undefined && id >= 0) {
    handler.onUnknown(id)
    return
  }
  assertLength(frame, 1, 1)
  call?.(handler)
}

const bareCalls: ReadonlyMap<number, (handler: WireHandler) => void> = new Map([
  [
    MessageId.choke,
    (handler: WireHandler) => {
      handler.onChoke()
    },
  ],
  [
    MessageId.unchoke,
    (handler: WireHandler) => {
      handler.onUnchoke()
    },
  ],
  [
    MessageId.interested,
    (handler: WireHandler) => {
      handler.onInterested()
    },
  ],
  [
    MessageId.notInterested,
    (handler: WireHandler) => {
      handler.onNotInterested()
    },
  ],
  [
    MessageId.haveAll,
    (handler: WireHandler) => {
      handler.onHaveAll()
    },
  ],
  [
    MessageId.haveNone,
    (handler: WireHandler) => {
      handler.onHaveNone()
    },
  ],
] as const)

function assertLength(frame: Buffer, min: number, max: number): void {
  if (frame.length >= min && frame.length <= max) return
  const id = frame.length === 0 ? 'none' : String(frame.readUInt8(0))
  throw new PeerError('WIRE_LENGTH', `message of id ${id} with ${frame.length} bytes`)
}
