/** Arguments -> the bytes of a message, length prefix included, appended to an OutgoingBuffer (layouts in message.ts). */
import { MessageId } from './message.ts'
import type { OutgoingBuffer } from './outgoing-buffer.ts'

/** BEP 3, "keepalive": says only that we are here. */
export function writeKeepAlive(out: OutgoingBuffer): void {
  out.u32(0)
}

/** BEP 3, "choke": we refuse their requests. */
export function writeChoke(out: OutgoingBuffer): void {
  writeBare(out, MessageId.choke)
}

/** BEP 3, "unchoke". */
export function writeUnchoke(out: OutgoingBuffer): void {
  writeBare(out, MessageId.unchoke)
}

/** BEP 3, "interested": they have pieces we want. */
export function writeInterested(out: OutgoingBuffer): void {
  writeBare(out, MessageId.interested)
}

/** BEP 3, "not interested". */
export function writeNotInterested(out: OutgoingBuffer): void {
  writeBare(out, MessageId.notInterested)
}

/** BEP 3, "have": the piece has come and its hash is right. */
export function writeHave(out: OutgoingBuffer, piece: number): void {
  writePieceMessage(out, MessageId.have, piece)
}

/** @param bits Bitfield.toBytes; copied */
export function writeBitfield(out: OutgoingBuffer, bits: Uint8Array): void {
  out.u32(1 + bits.length)
  out.u8(MessageId.bitfield)
  out.raw(bits)
}

/** BEP 3, "request". @param offset bytes into the piece @param length bytes, 1..MAX_BLOCK_BYTES */
export function writeRequest(out: OutgoingBuffer, piece: number, offset: number, length: number): void {
  writeRequestId(out, MessageId.request)
  writeRange(out, piece, offset, length)
}

/** BEP 3, "cancel": arguments as of the request it takes back. */
export function writeCancel(out: OutgoingBuffer, piece: number, offset: number, length: number): void {
  writeRequestId(out, MessageId.cancel)
  writeRange(out, piece, offset, length)
}

/** BEP 6, "Reject Request": arguments as of the request it refuses. */
export function writeReject(out: OutgoingBuffer, piece: number, offset: number, length: number): void {
  writeRequestId(out, MessageId.reject)
  writeRange(out, piece, offset, length)
}

/** Everything of a block message but its data, which must follow. @param length bytes of data */
export function writeBlockHeader(out: OutgoingBuffer, piece: number, offset: number, length: number): void {
  out.u32(9 + length)
  out.u8(MessageId.block)
  out.u32(piece)
  out.u32(offset)
}

/** @param port UDP port of our DHT node (BEP 5) */
export function writePort(out: OutgoingBuffer, port: number): void {
  out.u32(3)
  out.u8(MessageId.port)
  out.u16(port)
}

/** BEP 6, "Suggest Piece". */
export function writeSuggest(out: OutgoingBuffer, piece: number): void {
  writePieceMessage(out, MessageId.suggest, piece)
}

/** BEP 6, "Have All". */
export function writeHaveAll(out: OutgoingBuffer): void {
  writeBare(out, MessageId.haveAll)
}

/** BEP 6, "Have None". */
export function writeHaveNone(out: OutgoingBuffer): void {
  writeBare(out, MessageId.haveNone)
}

/** BEP 6, "Allowed Fast". */
export function writeAllowedFast(out: OutgoingBuffer, piece: number): void {
  writePieceMessage(out, MessageId.allowedFast, piece)
}

/** @param id 0 for the extension handshake, else the id the peer gave for this extension @param payload copied */
export function writeExtended(out: OutgoingBuffer, id: number, payload: Uint8Array): void {
  out.u32(2 + payload.length)
  out.u8(MessageId.extended)
  out.u8(id)
  out.raw(payload)
}

function writeBare(out: OutgoingBuffer, id: number): void {
  out.u32(1)
  out.u8(id)
}

function writePieceMessage(out: OutgoingBuffer, id: number, piece: number): void {
  out.u32(5)
  out.u8(id)
  out.u32(piece)
}

function writeRequestId(out: OutgoingBuffer, id: number): void {
  out.u32(13)
  out.u8(id)
}

function writeRange(out: OutgoingBuffer, piece: number, offset: number, length: number): void {
  out.u32(piece)
  out.u32(offset)
  out.u32(length)
}
