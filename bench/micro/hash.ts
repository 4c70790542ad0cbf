/** Checking pieces whose bytes are not in the cache: several buffers in turn, more than it holds. */
import { matches, sha1 } from '../../src/storage/hasher.ts'
import { gibPerSecond } from './micro-bench.ts'
import type { MicroBench } from './micro-bench.ts'

const TOTAL_BYTES = 128 * 2 ** 20
const PIECE_KIB = [16, 256, 1024, 4096]

const data = Buffer.alloc(TOTAL_BYTES, 1)

function hashRate(pieceBytes: number): number {
  const count = TOTAL_BYTES / pieceBytes
  const hashes = Buffer.concat([sha1(data.subarray(0, pieceBytes))])
  const beganAtMs = performance.now()
  for (let piece = 0; piece < count; piece++) {
    // The buffers are alike, so one hash is that of all.
    if (!matches(data.subarray(piece * pieceBytes, (piece + 1) * pieceBytes), hashes, 0))
      throw new Error('a hash does not match')
  }
  return gibPerSecond(TOTAL_BYTES, beganAtMs)
}

export const micro: MicroBench = {
  name: 'hash: checking pieces',
  unit: 'GiB/s',
  better: 'high',
  measure: () => PIECE_KIB.map((kib) => ({ name: `pieces of ${kib} KiB`, value: hashRate(kib * 1024) })),
}
