/**
 * Hashes the pieces of a job. The main thread and the hashing threads both feed it; only how they read differs. (What a
 * thread imports is loaded again by each: little.)
 */
import type { Hash } from 'node:crypto'
import { createHash } from 'node:crypto'

/** Bytes read at a time. To hash them stops an event loop for about 0.5 ms. */
export const READ_BYTES = 1 << 20

export const DIGEST_BYTES = 20

/** Of pieces SHA-1; the others for whole files. */
export const ALGORITHM_BYTES = { sha1: DIGEST_BYTES, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const
export type HashAlgorithm = keyof typeof ALGORITHM_BYTES

/** Takes a job's bytes in order, in parts of any size, and hashes each piece. */
export class PieceDigests {
  /** As many bytes a piece as the algorithm gives, in order; those whose bytes have all been added are filled in. */
  readonly digests: Buffer
  readonly #pieceBytes: number
  readonly #algorithm: HashAlgorithm
  /** Of the whole job. */
  #leftBytes: number
  #filledBytes = 0
  #hash: Hash | undefined
  #pieceLeftBytes = 0

  /** @param jobBytes all but the last piece have `pieceBytes`, the last has what is left */
  constructor(pieceBytes: number, jobBytes: number, algorithm: HashAlgorithm = 'sha1') {
    this.digests = Buffer.alloc(Math.ceil(jobBytes / pieceBytes) * ALGORITHM_BYTES[algorithm])
    this.#algorithm = algorithm
    this.#pieceBytes = pieceBytes
    this.#leftBytes = jobBytes
  }

  /** @param bytes no more than are left; the caller's again afterwards */
  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#hash === undefined) {
        this.#hash = createHash(this.#algorithm)
        this.#pieceLeftBytes = Math.min(this.#pieceBytes, this.#leftBytes)
      }
      const count = Math.min(this.#pieceLeftBytes, bytes.length - at)
      this.#hash.update(bytes.subarray(at, at + count))
      at += count
      this.#leftBytes -= count
      this.#pieceLeftBytes -= count
      if (this.#pieceLeftBytes > 0) continue
      this.#filledBytes += this.#hash.digest().copy(this.digests, this.#filledBytes)
      this.#hash = undefined
    }
  }
}
