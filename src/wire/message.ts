/**
 * The peer protocol's messages: ids, sizes and layouts (BEP 3 "peer messages", BEP 5, BEP 6, BEP 10). Data only; the code
 * that reads and writes them is in read-message.ts and write-message.ts.
 *
 * A frame is a u32 length, then that many bytes: a u8 id and its payload. Length 0 is a keep-alive. All numbers are
 * unsigned and big endian.
 *
 * | id | message        | payload                                   | length   |
 * |----|----------------|-------------------------------------------|----------|
 * | 0  | choke          |                                           | 1        |
 * | 1  | unchoke        |                                           | 1        |
 * | 2  | interested     |                                           | 1        |
 * | 3  | not interested |                                           | 1        |
 * | 4  | have           | u32 piece                                 | 5        |
 * | 5  | bitfield       | one bit a piece, high bit first           | 1 + n    |
 * | 6  | request        | u32 piece, u32 offset, u32 length         | 13       |
 * | 7  | block ("piece")| u32 piece, u32 offset, 1..16384 data bytes| 9 + data |
 * | 8  | cancel         | as request                                | 13       |
 * | 9  | port (BEP 5)   | u16 UDP port of the DHT node              | 3        |
 * | 13 | suggest        | u32 piece                                 | 5        |
 * | 14 | have all       |                                           | 1        |
 * | 15 | have none      |                                           | 1        |
 * | 16 | reject         | as request                                | 13       |
 * | 17 | allowed fast   | u32 piece                                 | 5        |
 * | 20 | extended       | u8 extended id (0: handshake), payload    | 2 + n    |
 */

/** The first byte of a frame. */
export const MessageId = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  block: 7,
  cancel: 8,
  port: 9,
  suggest: 13,
  haveAll: 14,
  haveNone: 15,
  reject: 16,
  allowedFast: 17,
  extended: 20,
} as const

/** Bytes of the length in front of each frame. */
export const PREFIX_BYTES = 4

/** What stands before a block's data: the length in front, the id, piece and offset. */
export const BLOCK_HEADER_BYTES = PREFIX_BYTES + 9

/** The largest block anyone may send or ask for (BEP 3, "request"). */
export const MAX_BLOCK_BYTES = 16 * 1024

/** The longest frame of any torrent, prefix not counted: room for the bitfield of eight million pieces. */
export const MAX_FRAME_BYTES = 1024 * 1024

/** Room for the largest extended message we let in (peer exchange). */
const MAX_EXTENDED_FRAME_BYTES = 128 * 1024

/** The longest frame a peer of this torrent has reason to send, prefix not counted. */
export function maxFrameBytes(pieceCount: number): number {
  const bitfieldBytes = 1 + Math.ceil(pieceCount / 8)
  return Math.min(MAX_FRAME_BYTES, Math.max(1 + 8 + MAX_BLOCK_BYTES, bitfieldBytes, MAX_EXTENDED_FRAME_BYTES))
}
