/** A storage that lies: some pieces are read wrongly, as a peer with a broken disk, or a bad will, sends them. */
import type { Bitfield } from '../common/bitfield.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { CheckProgress, Storage } from '../storage/storage.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

export class FalsePieces implements Storage {
  readonly #metainfo: Metainfo
  readonly #pieces: ReadonlySet<number>
  readonly #truth: Storage

  /** @param pieces their indices; the first byte of each of their blocks is wrong */
  constructor(metainfo: Metainfo, pieces: readonly number[], truth: Storage) {
    this.#metainfo = metainfo
    this.#pieces = new Set(pieces)
    this.#truth = truth
  }

  async read(start: number, ...into: Buffer[]): Promise<void> {
    await this.#truth.read(start, ...into)
    let at = start
    for (const part of into) {
      this.#spoil(at, part)
      at += part.length
    }
  }

  writePieces(...args: Parameters<Storage['writePieces']>): ReturnType<Storage['writePieces']> {
    return this.#truth.writePieces(...args)
  }

  async open(progress: CheckProgress): Promise<Bitfield> {
    return this.#truth.open(progress)
  }

  async confirm(): Promise<void> {
    await this.#truth.confirm()
  }

  async save(): Promise<void> {
    await this.#truth.save()
  }

  async close(): Promise<void> {
    await this.#truth.close()
  }

  /** @param start position of `bytes` in the torrent */
  #spoil(start: number, bytes: Buffer): void {
    const { pieceBytes } = this.#metainfo.geometry
    let next = start
    while (next < start + bytes.length) {
      const piece = Math.floor(next / pieceBytes)
      const inPiece = next - piece * pieceBytes
      const block = Math.ceil(inPiece / BLOCK_BYTES) * BLOCK_BYTES
      const at = piece * pieceBytes + block - start
      if (block >= pieceBytes) {
        next = (piece + 1) * pieceBytes
        continue
      }
      if (at < bytes.length && this.#pieces.has(piece)) bytes.writeUInt8(bytes.readUInt8(at) ^ 0xff, at)
      next = piece * pieceBytes + block + BLOCK_BYTES
    }
  }
}
