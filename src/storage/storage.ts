/** Where a torrent's bytes lie. Positions are torrent-wide; only verified pieces are written. */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Bitfield } from '../common/bitfield.ts'

export interface Storage {
  /**
   * Writes verified pieces: `first` and its neighbours, with one call to the system for each file they touch. Those
   * that are there already are left alone.
   * @param pieces whole pieces in order; all lie in the torrent; the caller's again with the answer
   * @returns indices of the files that these pieces made whole; they lie under their final names now. At once, without
   * a promise, when nothing had to be waited for: the buffers can then take the next piece while they are in the cache
   * @throws StorageError DISK_FULL, DISK_IO..., thrown or rejected: then none of them counts as written
   */
  writePieces(first: PieceIndex, pieces: readonly Buffer[]): readonly number[] | Promise<readonly number[]>
  /**
   * Fills `into`, one buffer after another, with the torrent's bytes from `start`: one read, wherever they go.
   * @throws StorageError DISK_SHORT where the data is not there
   */
  read(start: number, ...into: Buffer[]): Promise<void>
  /** Where nothing is kept for good: nobody here needs the bytes of this piece any more. */
  drop?(piece: PieceIndex): void
  /** What is there without asking anyone: hashes or trusts existing data, adopts whole files. Called once, first. */
  open(progress: CheckProgress): Promise<Bitfield>
  /**
   * To be asked before success is reported: every whole file still is what was hashed. Files that were touched since
   * are hashed again. @throws StorageError FILE_CHANGED
   */
  confirm(): Promise<void>
  /** Saves the resume record; cheap when nothing changed. @throws StorageError DISK_FULL, FILE_CHANGED... */
  save(): Promise<void>
  /** Saves, closes files, gives up the lock. Never rejects. */
  close(): Promise<void>
}

export interface CheckProgress {
  /** Called now and then while existing data is hashed. */
  onChecked(checkedBytes: number, totalBytes: number): void
  /** A file that was found whole, or became so. */
  onFileWhole(file: number): void
  /** A sentence for the user (an ignored record, changed data). */
  onNotice(message: string): void
  /** Stop checking: `open` rejects with the signal's reason. */
  readonly signal: AbortSignal
}
