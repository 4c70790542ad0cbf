/** What is hashed at a time: neighbouring pieces of a few MiB, or one larger piece. */
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import { pieceLength, pieceStart } from '../metainfo/geometry.ts'

/**
 * Small, so that those who hash at the same time read close behind one another, which suits a disk that seeks; large
 * enough for handing it out to cost nothing.
 */
const JOB_BYTES = 2 << 20

export interface HashJob {
  /** Neighbours, ascending; at least one. */
  readonly pieces: readonly PieceIndex[]
  /** Position of the first one's first byte in the torrent. */
  readonly start: number
  /** Bytes of them all. */
  readonly length: number
}

/** @param pieces ascending */
export function* cutJobs(geometry: Geometry, pieces: readonly PieceIndex[]): Generator<HashJob> {
  let job: PieceIndex[] = []
  let [start, end] = [0, 0]
  for (const piece of pieces) {
    const from = pieceStart(geometry, piece)
    const to = from + pieceLength(geometry, piece)
    if (job.length > 0 && (from !== end || to - start > JOB_BYTES)) {
      yield { pieces: job, start, length: end - start }
      job = []
    }
    if (job.length === 0) start = from
    job.push(piece)
    end = to
  }
  if (job.length > 0) yield { pieces: job, start, length: end - start }
}
