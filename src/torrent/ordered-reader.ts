/**
 * A range of the torrent's bytes, read in order while it is downloaded. The consumer asks for the next bytes and gets
 * them when their piece is here; what it has not asked for yet, beyond a window, is not fetched: that is its
 * back-pressure. While it waits for a piece all peers help with it (fill-requests.ts), and blocks of it that are late
 * are asked for twice.
 */
import type { KnownError } from '../common/errors.ts'
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import type { TorrentContext } from './torrent-context.ts'
import { StorageError } from '../common/errors.ts'
import { checkPiece, pieceLength, pieceStart } from '../metainfo/geometry.ts'
import { LateBlocks } from './duplicate-late-blocks.ts'
import { ReadingWindow } from '../swarm/reading-window.ts'
import { fillRequests } from './fill-requests.ts'
import { matches } from '../storage/hasher.ts'

/** Positions in the torrent; `end` is one past the last byte. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Ahead of the consumer, what it has in hand included; never less than two pieces. */
export const READING_WINDOW_BYTES = 32 * 1024 * 1024
/** Small pieces are read together. */
const READ_BYTES = 256 * 1024
/** A piece is late when the consumer has waited this long. */
const LATE_AFTER_MS = 200

export class OrderedReader {
  readonly #range: ByteRange
  readonly #lateBlocks = new LateBlocks()
  #window: ReadingWindow | undefined
  #position: number
  /** Set while the consumer waits. */
  #wake: (() => void) | undefined
  #waitingSinceMs = 0
  #closedBy: KnownError | undefined
  /** The last piece that was dropped. */
  #dropped = -1

  constructor(range: ByteRange) {
    this.#range = range
    this.#position = range.start
  }

  /** 1 for each piece that holds bytes of the range, else 0. */
  priorities({ pieceCount, pieceBytes }: Geometry): Uint8Array {
    const { first, last } = piecesOf(this.#range, pieceBytes)
    return new Uint8Array(pieceCount).fill(1, first, last + 1)
  }

  /** Before the first peer comes: nothing but the window may be fetched. */
  begin({ picker, metainfo }: TorrentContext): void {
    const { pieceBytes } = metainfo.geometry
    const { first, last } = piecesOf(this.#range, pieceBytes)
    const size = Math.max(2, Math.floor(READING_WINDOW_BYTES / pieceBytes))
    this.#window = new ReadingWindow(picker, first, last, size)
  }

  /**
   * The next bytes, one call at a time; the one before is done with. They were hashed just now.
   * @returns the caller's to keep; undefined at the end
   * @throws KnownError what ended the torrent; StorageError FILE_CHANGED
   */
  async read(context: TorrentContext): Promise<Buffer | undefined> {
    const { geometry } = context.metainfo
    this.#advance(context)
    const piece = checkPiece(geometry, Math.floor(this.#position / geometry.pieceBytes))
    if (piece === undefined || this.#position >= this.#range.end) return undefined
    await this.#arrival(context, piece)
    const pieces = this.#readyPieces(context, piece)
    const bytes = await loadVerified(context, pieces)
    const from = this.#position - pieceStart(geometry, piece)
    const view = bytes.subarray(from, from + this.#range.end - this.#position)
    this.#position += view.length
    return view
  }

  /** More pieces are here. */
  onPieceDone(): void {
    this.#wake?.()
  }

  /** Nothing more will come: reads that wait fail with this. */
  close(reason: KnownError): void {
    this.#closedBy ??= reason
    this.#wake?.()
  }

  /** Is the consumer busy with what it has? Then it is no peer's fault that nothing comes. */
  get isConsumerBusy(): boolean {
    return this.#wake === undefined && this.#position < this.#range.end
  }

  /** The piece that the consumer waits for. */
  awaitedPiece({ pieceBytes }: Geometry): number | undefined {
    return this.#wake === undefined ? undefined : Math.floor(this.#position / pieceBytes)
  }

  /** The same, when it has waited for long. */
  latePiece(geometry: Geometry, nowMs: number): number | undefined {
    return nowMs - this.#waitingSinceMs < LATE_AFTER_MS ? undefined : this.awaitedPiece(geometry)
  }

  get lateBlocks(): LateBlocks {
    return this.#lateBlocks
  }

  /** Opens the pieces that came into the window, and forgets those behind it where nothing else keeps them. */
  #advance(context: TorrentContext): void {
    const { geometry } = context.metainfo
    const front = Math.floor(this.#position / geometry.pieceBytes)
    const hadOpen = context.picker.hasOpen
    this.#window?.advance(front)
    this.#dropBefore(context, front)
    if (hadOpen || !context.picker.hasOpen) return
    for (const peer of context.peers.values()) {
      fillRequests(context, peer)
      peer.connection.flush()
    }
  }

  #dropBefore({ storage, wanted, metainfo }: TorrentContext, front: number): void {
    if (storage.drop === undefined) return
    const first = Math.max(this.#dropped + 1, piecesOf(this.#range, metainfo.geometry.pieceBytes).first)
    for (let index = first; index < front; index++) {
      const piece = checkPiece(metainfo.geometry, index)
      if (piece === undefined) continue
      wanted.drop(piece)
      storage.drop(piece)
      this.#dropped = index
    }
  }

  async #arrival(context: TorrentContext, piece: PieceIndex): Promise<void> {
    this.#waitingSinceMs = context.clock.now()
    while (!context.have.has(piece)) {
      if (this.#closedBy !== undefined) throw this.#closedBy
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }

  /** This piece and those behind it that are here, as many as are worth one read. */
  #readyPieces({ have, metainfo: { geometry } }: TorrentContext, piece: PieceIndex): PieceIndex[] {
    const pieces = [piece]
    for (let bytes = geometry.pieceBytes; bytes < READ_BYTES; bytes += geometry.pieceBytes) {
      const next = checkPiece(geometry, piece + pieces.length)
      if (next === undefined || pieceStart(geometry, next) >= this.#range.end || !have.has(next)) break
      pieces.push(next)
    }
    return pieces
  }
}

/** Neighbouring pieces, hashed as they are read: others may have written to the files since they were checked. */
async function loadVerified(
  { metainfo: { geometry, pieceHashes, name }, storage }: TorrentContext,
  pieces: readonly PieceIndex[],
): Promise<Buffer> {
  const lengths = pieces.map((piece) => pieceLength(geometry, piece))
  const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, 0))
  await storage.read((pieces[0] ?? 0) * geometry.pieceBytes, bytes)
  for (const [index, piece] of pieces.entries()) {
    const at = index * geometry.pieceBytes
    if (matches(bytes.subarray(at, at + (lengths[index] ?? 0)), pieceHashes, piece)) continue
    const message = `${name} was changed while we were reading it (piece ${piece}); start again to check what is there`
    throw new StorageError('FILE_CHANGED', message)
  }
  return bytes
}

/** `last` is below `first` for an empty range. */
function piecesOf({ start, end }: ByteRange, pieceBytes: number): { first: number; last: number } {
  const first = Math.floor(start / pieceBytes)
  return { first, last: end > start ? Math.floor((end - 1) / pieceBytes) : first - 1 }
}
