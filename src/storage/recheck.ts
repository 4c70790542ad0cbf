/**
 * Existing data -> which pieces are right. Reads large runs in order, the next one while the present one is hashed;
 * each run is awaited, so everything else in the process goes on meanwhile.
 */
import type { Hash } from 'node:crypto'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { createHash } from 'node:crypto'
import { pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { isHashOf, matches } from './hasher.ts'

/** Bytes read at a time. Twice this is held: 4 MiB. Hashing one run stops the event loop for about 1 ms. */
const RUN_BYTES = 2 << 20

export interface RecheckOptions {
  readonly metainfo: Metainfo
  /** Ascending; their data must be there. */
  readonly pieces: readonly PieceIndex[]
  /** Fills `into` with the torrent's bytes from `start`, or rejects. */
  readonly read: (start: number, into: Buffer) => Promise<void>
  /** Once a piece, in order. */
  readonly onPiece: (piece: PieceIndex, isRight: boolean) => void
  /** Now and then, and at the end. */
  readonly onProgress?: (checkedBytes: number, totalBytes: number) => void
  readonly signal?: AbortSignal
}

interface Run {
  readonly bytes: Buffer
  readonly done: Promise<void>
}

/** Hashes these pieces. Rejects with what `read` rejects with, or with the signal's reason. */
export async function recheck(options: RecheckOptions): Promise<void> {
  const { metainfo, pieces, onProgress, signal } = options
  const totalBytes = pieces.reduce((sum, piece) => sum + pieceLength(metainfo.geometry, piece), 0)
  const hashing = new PieceHashing(options)
  const reader = new RunReader(options, Math.min(RUN_BYTES, totalBytes))
  let checkedBytes = 0
  let reading = reader.begin()
  try {
    while (reading !== undefined) {
      const { done, bytes }: Run = reading
      await done
      signal?.throwIfAborted()
      reading = reader.begin()
      hashing.add(bytes)
      checkedBytes += bytes.length
      onProgress?.(checkedBytes, totalBytes)
    }
  } finally {
    // Nothing may be left reading into the buffers. A failure here comes after the one that ended the loop.
    await reading?.done.catch(() => undefined)
  }
}

/** Reads runs into two buffers in turn: one is hashed while the other fills. */
class RunReader {
  readonly #read: RecheckOptions['read']
  readonly #runs: Iterator<{ start: number; length: number }, undefined>
  #next: Buffer
  #other: Buffer

  constructor(options: RecheckOptions, runBytes: number) {
    this.#read = options.read
    this.#runs = cutRuns(options)
    this.#next = Buffer.allocUnsafeSlow(runBytes)
    this.#other = Buffer.allocUnsafeSlow(runBytes)
  }

  /** Starts on the next run; undefined after the last. The run before the previous one must be done with. */
  begin(): Run | undefined {
    const run = this.#runs.next()
    if (run.done === true) return undefined
    const bytes = this.#next.subarray(0, run.value.length)
    ;[this.#next, this.#other] = [this.#other, this.#next]
    const done = this.#read(run.value.start, bytes)
    done.catch(() => undefined) // awaited one run later: until then Node would call a rejection unhandled
    return { bytes, done }
  }
}

/** Neighbouring pieces as one range, cut at RUN_BYTES; a range may end inside a piece. */
function* cutRuns({
  metainfo,
  pieces,
}: RecheckOptions): Generator<{ start: number; length: number }, undefined> {
  const { geometry } = metainfo
  let start = 0
  let end = 0
  for (const piece of pieces) {
    if (pieceStart(geometry, piece) !== end) {
      if (end > start) yield { start, length: end - start }
      start = pieceStart(geometry, piece)
    }
    end = pieceStart(geometry, piece) + pieceLength(geometry, piece)
    for (; end - start >= RUN_BYTES; start += RUN_BYTES) yield { start, length: RUN_BYTES }
  }
  if (end > start) yield { start, length: end - start }
  return undefined
}

/** Cuts the stream of bytes into pieces again. */
class PieceHashing {
  readonly #options: RecheckOptions
  #next = 0
  /** The piece that the last run ended in. */
  #open: { readonly hash: Hash; missingBytes: number } | undefined

  constructor(options: RecheckOptions) {
    this.#options = options
  }

  add(bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) at += this.#addToPiece(bytes.subarray(at))
  }

  /** @returns bytes used */
  #addToPiece(bytes: Buffer): number {
    const { metainfo, pieces, onPiece } = this.#options
    const piece = pieces[this.#next]
    if (piece === undefined) return bytes.length
    const missingBytes = this.#open?.missingBytes ?? pieceLength(metainfo.geometry, piece)
    if (this.#open === undefined && bytes.length >= missingBytes) {
      this.#next++
      onPiece(piece, matches(bytes.subarray(0, missingBytes), metainfo.pieceHashes, piece))
      return missingBytes
    }
    this.#open ??= { hash: createHash('sha1'), missingBytes }
    const used = Math.min(missingBytes, bytes.length)
    this.#open.hash.update(bytes.subarray(0, used))
    this.#open.missingBytes -= used
    if (this.#open.missingBytes === 0) {
      const hash = this.#open.hash.digest()
      this.#open = undefined
      this.#next++
      onPiece(piece, isHashOf(hash, metainfo.pieceHashes, piece))
    }
    return used
  }
}
