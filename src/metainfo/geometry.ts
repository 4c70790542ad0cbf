/**
 * The only piece and block arithmetic. A torrent's bytes are cut into pieces of `pieceBytes` (the last may be
 * shorter), a piece into blocks of 16 KiB (the last of a piece may be shorter). Numbers from a peer become a
 * PieceIndex or a block here or not at all.
 */

/** The request unit every client uses (BEP 3). */
export const BLOCK_BYTES = 16_384

declare const checked: unique symbol
/** A piece index this torrent has. Only `checkPiece` and `pieceIndices` make one. */
export type PieceIndex = number & { readonly [checked]: 'piece' }

export interface Geometry {
  readonly totalBytes: number
  readonly pieceBytes: number
  /** ceil(totalBytes / pieceBytes); 0 when there is no data */
  readonly pieceCount: number
  /** Blocks of a piece that is not the last. */
  readonly blocksPerPiece: number
}

export function makeGeometry(totalBytes: number, pieceBytes: number): Geometry {
  return {
    totalBytes,
    pieceBytes,
    pieceCount: Math.ceil(totalBytes / pieceBytes),
    blocksPerPiece: Math.ceil(pieceBytes / BLOCK_BYTES),
  }
}

/** @returns undefined when the torrent has no such piece (a peer said so: BEP 3, close the connection) */
export function checkPiece({ pieceCount }: Geometry, index: number): PieceIndex | undefined {
  return Number.isInteger(index) && index >= 0 && index < pieceCount ? (index as PieceIndex) : undefined
}

/** Every piece, ascending. */
export function* pieceIndices({ pieceCount }: Geometry): Generator<PieceIndex> {
  for (let index = 0; index < pieceCount; index++) yield index as PieceIndex
}

/** Position of the piece's first byte in the torrent. */
export function pieceStart({ pieceBytes }: Geometry, piece: PieceIndex): number {
  return piece * pieceBytes
}

export function pieceLength({ totalBytes, pieceBytes, pieceCount }: Geometry, piece: PieceIndex): number {
  return piece === pieceCount - 1 ? totalBytes - piece * pieceBytes : pieceBytes
}

/** A range of the torrent, cut where pieces end. */
export function* cutAtPieces(
  { pieceBytes }: Geometry,
  start: number,
  length: number,
): Generator<{ piece: number; start: number; length: number }> {
  const end = start + length
  for (let at = start; at < end;) {
    const piece = Math.floor(at / pieceBytes)
    const to = Math.min(end, (piece + 1) * pieceBytes)
    yield { piece, start: at, length: to - at }
    at = to
  }
}

export function blockCount(geometry: Geometry, piece: PieceIndex): number {
  return Math.ceil(pieceLength(geometry, piece) / BLOCK_BYTES)
}

/** @param block number inside the piece, 0 <= block < blockCount */
export function blockLength(geometry: Geometry, piece: PieceIndex, block: number): number {
  return Math.min(BLOCK_BYTES, pieceLength(geometry, piece) - block * BLOCK_BYTES)
}

/** The block number of exactly one of our blocks, or undefined when the range is not on our grid. */
export function checkBlock(
  geometry: Geometry,
  piece: PieceIndex,
  offset: number,
  length: number,
): number | undefined {
  if (offset % BLOCK_BYTES !== 0 || offset >= pieceLength(geometry, piece)) return undefined
  const block = offset / BLOCK_BYTES
  return blockLength(geometry, piece, block) === length ? block : undefined
}

/** Is this a range a peer may ask for: inside the piece, 1 byte to 16 KiB? It need not lie on our grid. */
export function isRequestable(
  geometry: Geometry,
  piece: PieceIndex,
  offset: number,
  length: number,
): boolean {
  return length >= 1 && length <= BLOCK_BYTES && offset + length <= pieceLength(geometry, piece)
}
