/**
 * Requests of one peer -> blocks. The queue is bounded; neighbouring requests are read from disk in one go; a peer that
 * does not read gets no further reads.
 */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { BlockRange, Peer } from './peer.ts'
import { checkPiece, isRequestable, pieceStart } from '../metainfo/geometry.ts'
import { messageOf, PeerError } from '../common/errors.ts'

/** What we advertise as `reqq` (BEP 10) and enforce. */
export const MAX_QUEUED_REQUESTS = 500
/** Requests a peer may get wrong (out of range, while choked, over the limit) before it is closed. */
const MAX_REFUSED_REQUESTS = 300
/** Bytes handed to the socket but not yet sent, above which reading from disk waits. */
const MAX_UNSENT_BYTES = 1 << 20
/** Neighbouring requests are read together up to this many bytes. */
const MAX_READ_BYTES = 1 << 18

/** A choke needs this long to reach the peer. */
const CHOKE_GRACE_MS = 2_000

interface UploadRequest {
  readonly piece: PieceIndex
  readonly offset: number
  readonly length: number
}

export class UploadQueue {
  readonly #waiting: UploadRequest[] = []
  #refusedCount = 0
  #isReading = false

  get size(): number {
    return this.#waiting.length
  }

  /** @throws PeerError PEER_BAD_REQUESTS after too many that cannot be served */
  add(peer: Peer, range: BlockRange): void {
    const { index, offset, length } = range
    const { context } = peer
    const piece = checkPiece(context.metainfo.geometry, index)
    if (
      piece === undefined ||
      !isRequestable(context.metainfo.geometry, piece, offset, length) ||
      !context.have.has(piece) ||
      peer.connection.amChoking ||
      this.#waiting.length >= MAX_QUEUED_REQUESTS
    ) {
      if (!isInChokeGrace(peer)) this.#countRefusal()
      refuse(peer, range)
      return
    }
    this.#waiting.push({ piece, offset, length })
  }

  cancel(peer: Peer, range: BlockRange): void {
    const at = this.#waiting.findIndex(
      ({ piece, offset, length }) =>
        piece === range.index && offset === range.offset && length === range.length,
    )
    if (at < 0) return
    this.#waiting.splice(at, 1)
    refuse(peer, range)
  }

  /** On choking them: nothing that waits will be served (BEP 6: each gets its reject). */
  clear(peer: Peer): void {
    refuseAll(peer, this.#waiting.splice(0))
  }

  /** Serves what waits, as far as the peer takes it. Called on new requests and on drain. */
  serve(peer: Peer): void {
    if (this.#isReading || this.#waiting.length === 0 || peer.connection.bufferedBytes > MAX_UNSENT_BYTES)
      return
    this.#isReading = true
    void this.#serveRun(peer)
      .catch((error: unknown) => {
        peer.connection.close(new PeerError('PEER_BUG', `our mistake: ${messageOf(error)}`, { cause: error }))
      })
      .finally(() => {
        this.#isReading = false
        this.serve(peer)
      })
  }

  async #serveRun(peer: Peer): Promise<void> {
    const { context } = peer
    const run = this.#takeRun()
    const [first] = run
    if (first === undefined) return
    const bytes = Buffer.allocUnsafeSlow(run.reduce((sum, { length }) => sum + length, 0))
    try {
      await context.storage.read(pieceStart(context.metainfo.geometry, first.piece) + first.offset, bytes)
    } catch (error) {
      context.log('warn', 'storage', `cannot read piece ${first.piece} for a peer: ${messageOf(error)}`)
      refuseAll(peer, run)
      return
    }
    if (peer.connection.amChoking) {
      refuseAll(peer, run)
      return
    }
    if (peer.isClosed) return
    let at = 0
    for (const { piece, offset, length } of run) {
      peer.connection.block(piece, offset, bytes.subarray(at, at + length))
      at += length
    }
    peer.onUploaded(bytes.length)
    peer.connection.flush()
  }

  /** The first waiting request and those that follow it on without a gap. */
  #takeRun(): UploadRequest[] {
    const [first] = this.#waiting
    if (first === undefined) return []
    let end = first.offset + first.length
    let count = 1
    for (; count < this.#waiting.length; count++) {
      const next = this.#waiting[count]
      if (next?.piece !== first.piece || next.offset !== end) break
      if (end + next.length - first.offset > MAX_READ_BYTES) break
      end += next.length
    }
    return this.#waiting.splice(0, count)
  }

  #countRefusal(): void {
    this.#refusedCount++
    if (this.#refusedCount > MAX_REFUSED_REQUESTS) {
      throw new PeerError('PEER_BAD_REQUESTS', `${this.#refusedCount} requests that cannot be served`)
    }
  }
}

/** Requests sent before our choke reached the peer are no fault of it. */
function isInChokeGrace({ connection, chokedAtMs, context }: Peer): boolean {
  return connection.amChoking && context.clock.now() - chokedAtMs < CHOKE_GRACE_MS
}

function refuseAll(peer: Peer, requests: readonly UploadRequest[]): void {
  for (const { piece, offset, length } of requests) refuse(peer, { index: piece, offset, length })
}

function refuse(peer: Peer, { index, offset, length }: BlockRange): void {
  if (!peer.isClosed && peer.connection.supportsFast) peer.connection.reject(index, offset, length)
}
