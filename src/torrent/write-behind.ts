/**
 * Verified pieces on their way to disk. Neighbours that came in with the same read are written with one call: a torrent
 * of 16 KiB pieces would otherwise spend its time in small writes. Nothing waits longer than the read that brought it,
 * and pieces as large as a run do not wait at all.
 */
import type { OpenPiece } from './open-pieces.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { KnownError } from '../common/errors.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BugError, messageOf, StorageError } from '../common/errors.ts'

/** Beyond this a larger write costs no less per byte. */
const RUN_BYTES = 256 * 1024

/** Neighbouring pieces, ascending. */
interface Run {
  readonly first: PieceIndex
  readonly pieces: OpenPiece[]
  readonly bytes: Buffer[]
  byteCount: number
}

export class WriteBehind {
  #run: Run | undefined

  /** @param bytes the piece's, verified, in the buffer of `open`; both are ours until they are written */
  add(context: TorrentContext, open: OpenPiece, bytes: Buffer): void {
    if (this.#run !== undefined && open.piece !== this.#run.first + this.#run.pieces.length)
      this.#flush(context)
    this.#run ??= this.#begin(context, open.piece)
    this.#run.pieces.push(open)
    this.#run.bytes.push(bytes)
    this.#run.byteCount += bytes.length
    if (this.#run.byteCount >= RUN_BYTES) this.#flush(context)
  }

  /** A microtask runs when the read that is being handled is over. */
  #begin(context: TorrentContext, first: PieceIndex): Run {
    queueMicrotask(() => {
      this.#flush(context)
    })
    return { first, pieces: [], bytes: [], byteCount: 0 }
  }

  #flush(context: TorrentContext): void {
    const run = this.#run
    this.#run = undefined
    if (run !== undefined) writeRun(context, run)
  }
}

/** Never throws: what goes wrong stops the torrent through `context.fail`. */
function writeRun(context: TorrentContext, run: Run): void {
  let wholeFiles
  try {
    wholeFiles = context.storage.writePieces(run.first, run.bytes)
  } catch (error) {
    giveUp(context, run, error)
    return
  }
  if (wholeFiles instanceof Promise) void finishLater(context, run, wholeFiles)
  else finish(context, run, wholeFiles)
}

async function finishLater(
  context: TorrentContext,
  run: Run,
  wholeFiles: Promise<readonly number[]>,
): Promise<void> {
  let files
  try {
    files = await wholeFiles
  } catch (error) {
    giveUp(context, run, error)
    return
  }
  finish(context, run, files)
}

/** First of all the buffers go back: the next piece then comes into one that is in the cache. */
function finish(context: TorrentContext, { pieces }: Run, wholeFiles: readonly number[]): void {
  for (const open of pieces) context.openPieces.discard(open)
  try {
    for (const { piece } of pieces) setHave(context, piece)
    for (const file of wholeFiles) context.observer.onFile(file)
    context.onPieceDone()
  } catch (error) {
    context.fail(asKnown(error))
  }
}

function giveUp(context: TorrentContext, { pieces }: Run, error: unknown): void {
  for (const open of pieces) {
    context.picker.release(open.piece)
    context.openPieces.discard(open)
  }
  context.fail(asKnown(error))
}

function setHave(context: TorrentContext, piece: PieceIndex): void {
  context.have.set(piece)
  context.wanted.onHave(piece)
  context.picker.setHave(piece)
  const isWanted = context.wanted.has(piece)
  for (const peer of context.peers.values()) {
    // Who has it is told too: seeds count who is done with a torrent, and nothing else tells them.
    peer.connection.have(piece)
    if (!isWanted || !peer.pieces.has(piece)) continue
    peer.interestingCount--
    if (peer.interestingCount === 0) peer.connection.notInterested()
  }
}

function asKnown(error: unknown): KnownError {
  if (error instanceof StorageError) return error
  return new BugError('BUG_PIECE', `a piece could not be finished: ${messageOf(error)}`, { cause: error })
}
