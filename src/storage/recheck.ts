/** Existing data -> which pieces are right. */
import type { HashPiecesOptions } from './hash-pieces.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import { isHashOf } from './hasher.ts'
import { hashPieces } from './hash-pieces.ts'

export interface RecheckOptions extends Omit<HashPiecesOptions, 'geometry' | 'onDigest'> {
  readonly metainfo: Metainfo
  /** Once a piece, in order. */
  readonly onPiece: (piece: PieceIndex, isRight: boolean) => void
}

/** Hashes these pieces. Rejects as `hashPieces` does. */
export async function recheck({ metainfo, onPiece, ...options }: RecheckOptions): Promise<void> {
  await hashPieces({
    ...options,
    geometry: metainfo.geometry,
    onDigest(piece, digest) {
      onPiece(piece, isHashOf(digest, metainfo.pieceHashes, piece))
    },
  })
}
