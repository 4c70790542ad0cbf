/**
 * Pieces in memory until nobody needs them any more: for a download that leaves nothing on disk. How much it holds is
 * bounded by who fetches: it is never asked to hold a piece that was not written to it, and `drop` frees one.
 */
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { CheckProgress, Storage } from './storage.ts'
import { Bitfield } from '../common/bitfield.ts'
import { StorageError } from '../common/errors.ts'
import { pieceStart } from '../metainfo/geometry.ts'

/** Buffers that wait to be used again: a few, as pieces come and go one by one. */
const MAX_IDLE = 4

export class HeldPieces implements Storage {
  readonly #geometry: Metainfo['geometry']
  readonly #held = new Map<number, Buffer>()
  readonly #idle: Buffer[] = []

  constructor({ geometry }: Metainfo) {
    this.#geometry = geometry
  }

  /** Bytes of the pieces that are held. */
  get heldBytes(): number {
    let bytes = 0
    for (const { length } of this.#held.values()) bytes += length
    return bytes
  }

  async open({ signal }: CheckProgress): Promise<Bitfield> {
    signal.throwIfAborted()
    return Promise.resolve(new Bitfield(this.#geometry.pieceCount))
  }

  async writePieces(first: PieceIndex, pieces: readonly Buffer[]): Promise<readonly number[]> {
    for (const [index, bytes] of pieces.entries()) {
      const buffer = this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.#geometry.pieceBytes)
      bytes.copy(buffer)
      this.#held.set(first + index, buffer.subarray(0, bytes.length))
    }
    return Promise.resolve([]) // no file is anywhere
  }

  /** @throws StorageError DISK_SHORT for a piece that was dropped, or never came */
  async read(start: number, ...into: Buffer[]): Promise<void> {
    const { pieceBytes } = this.#geometry
    let at = start
    for (const part of into) {
      for (let filled = 0; filled < part.length;) {
        const piece = Math.floor(at / pieceBytes)
        const held = this.#held.get(piece)
        if (held === undefined)
          return Promise.reject(new StorageError('DISK_SHORT', `piece ${piece} is gone`))
        const count = held.copy(part, filled, at - piece * pieceBytes)
        filled += count
        at += count
      }
    }
    return Promise.resolve()
  }

  drop(piece: PieceIndex): void {
    const held = this.#held.get(piece)
    if (held === undefined || !this.#held.delete(piece)) return
    const { pieceBytes, totalBytes } = this.#geometry
    const isWholeBuffer = pieceStart(this.#geometry, piece) + pieceBytes <= totalBytes
    if (isWholeBuffer && this.#idle.length < MAX_IDLE) this.#idle.push(held)
  }

  async confirm(): Promise<void> {
    return Promise.resolve()
  }

  async save(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    this.#held.clear()
    this.#idle.length = 0
    return Promise.resolve()
  }
}
