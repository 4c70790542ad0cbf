/** Which piece length a new torrent has when nobody chose one. Pure arithmetic. */
import { MAX_PIECES } from './info-dict.ts'

/** A block: smaller pieces would make requests smaller than clients are made for. */
export const SMALLEST_USUAL_BYTES = 16_384
export const LARGEST_USUAL_BYTES = 16 * 1024 * 1024

/**
 * The smallest power of two from 16 KiB to 16 MiB that is at least ten times the square root of the torrent's size, so
 * that both the pieces and their number grow with it: 1 GiB is 2048 pieces of 512 KiB, 16 GiB are 8192 of 2 MiB. This is
 * libtorrent's rule, to the byte. Beyond 32 TiB pieces are as large as it takes to stay within MAX_PIECES.
 */
export function defaultPieceBytes(totalBytes: number): number {
  let pieceBytes = SMALLEST_USUAL_BYTES
  while (pieceBytes < LARGEST_USUAL_BYTES && Math.round(pieceBytes ** 2 / 100) < totalBytes) pieceBytes *= 2
  while (Math.ceil(totalBytes / pieceBytes) > MAX_PIECES) pieceBytes *= 2
  return pieceBytes
}
