/**
 * Pieces that a newcomer may fetch while it is choked, so that it soon has something to give (BEP 6, "Allowed Fast"). They
 * follow from its address and the info-hash: reconnecting brings no others.
 */
import { createHash } from 'node:crypto'

const MAX_PIECES = 10
/** So little of a torrent, and so many bytes, go out outside of the choker's order. */
const MAX_SHARE = 0.05
const MAX_BYTES = 4 << 20

/** How many pieces of a torrent a peer may have that way. */
export function allowedFastCount(pieceCount: number, pieceBytes: number): number {
  return Math.min(MAX_PIECES, Math.floor(pieceCount * MAX_SHARE), Math.floor(MAX_BYTES / pieceBytes))
}

/**
 * The canonical set. @param host for IPv6 there is none @param infoHash 20 bytes
 * @param count at most `pieceCount` @returns piece indices, in the order in which they are found
 */
export function allowedFastSet(host: string, infoHash: Buffer, pieceCount: number, count: number): number[] {
  if (host.includes(':')) return []
  const network = [...host.split('.').slice(0, 3).map(Number), 0] // all peers of a /24 get the same
  const pieces = new Set<number>()
  let hash: Buffer = Buffer.concat([Buffer.from(network), infoHash])
  while (pieces.size < count) {
    hash = createHash('sha1').update(hash).digest()
    for (let i = 0; i < 5 && pieces.size < count; i++) pieces.add(hash.readUInt32BE(4 * i) % pieceCount)
  }
  return [...pieces]
}
