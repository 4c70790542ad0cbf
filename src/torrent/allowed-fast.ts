/** What one peer may fetch while we choke it (swarm/allowed-fast.ts): offered to newcomers that wait for a slot, twice at the most. */
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { Peer } from './peer.ts'
import { allowedFastCount, allowedFastSet } from '../swarm/allowed-fast.ts'

/** Blocks may be asked for again after a reject or a choke, but not for ever. */
const MAX_TIMES = 2

export class AllowedFast {
  readonly #peer: Peer
  #pieces: ReadonlySet<number> | undefined
  #leftBytes = 0

  constructor(peer: Peer) {
    this.#peer = peer
  }

  get wasOffered(): boolean {
    return this.#pieces !== undefined
  }

  /** Tells the peer, once, unless it has something to give already. */
  offer(): void {
    const { context, connection, endpoint, pieces } = this.#peer
    const { geometry, infoHash } = context.metainfo
    const count = allowedFastCount(geometry.pieceCount, geometry.pieceBytes)
    if (this.wasOffered || !connection.supportsFast || context.superSeed !== undefined) return
    if (count === 0 || pieces.count > count) return
    const set = allowedFastSet(endpoint.host, infoHash, geometry.pieceCount, count)
    this.#pieces = new Set(set.filter((piece) => context.have.has(piece) && !pieces.has(piece)))
    this.#leftBytes = MAX_TIMES * this.#pieces.size * geometry.pieceBytes
    for (const piece of this.#pieces) connection.allowedFast(piece)
  }

  /** May it have this much of the piece? Then it is counted. */
  take(piece: PieceIndex, length: number): boolean {
    if (this.#pieces?.has(piece) !== true || this.#leftBytes < length) return false
    this.#leftBytes -= length
    return true
  }
}
