/**
 * Piece hashes on the main thread: the bytes were received there a moment ago and are still in its cache, so a second
 * thread would buy wall time with CPU.
 */
import { hash as hashOnce } from 'node:crypto'

const HASH_BYTES = 20

/** @returns 20 bytes */
export function sha1(bytes: Buffer): Buffer {
  return hashOnce('sha1', bytes, 'buffer')
}

/** Are these the bytes of this piece? @param pieceHashes 20 bytes a piece; `piece` is one of them */
export function matches(bytes: Buffer, pieceHashes: Buffer, piece: number): boolean {
  return isHashOf(sha1(bytes), pieceHashes, piece)
}

/** @param hash 20 bytes */
export function isHashOf(hash: Buffer, pieceHashes: Buffer, piece: number): boolean {
  const start = piece * HASH_BYTES
  return hash.compare(pieceHashes, start, start + HASH_BYTES) === 0
}
