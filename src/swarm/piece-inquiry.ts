/**
 * Who sent the bad block? A piece that fails its hash says only that somebody did.
 *
 * - One sender: it is the one.
 * - Several: a digest of each block is kept with its sender, and the piece is fetched again from one peer alone. When it
 *   passes, every sender of a block that differs is found; when it fails, that peer is the sole sender.
 *
 * Nobody is suspected for sharing a piece with a liar. The caller hashes the blocks; memory is bounded.
 *
 * Senders are known by a text the caller chooses that outlives a connection: the host, or host and port on loopback.
 * A number of one connection would let a liar wash itself clean by coming back.
 */

/** A sender across connections. */
export type SenderId = string

export interface SuspectBlock {
  readonly sender: SenderId
  /** SHA-1 (or any digest, always the same kind) of the block's bytes. Kept. */
  readonly digest: Buffer
}

export interface HashFailure {
  /** Certainly sent a bad block. Empty while several may have. */
  readonly ban: SenderId[]
}

/** Failing pieces remembered at a time. */
const MAX_PIECES = 64
/** Failures with several senders remembered of one piece. */
const MAX_ATTEMPTS = 3
/** What a peer that fetches such a piece alone is given, before it may be handed to a faster one. */
const PATIENCE_MS = 10_000
const MAX_DOUBLINGS = 16

interface Inquiry {
  readonly attempts: (readonly SuspectBlock[])[]
  /** How often the piece went from one peer to another. */
  handovers: number
}

export class PieceInquiry {
  /** A Map keeps the order of entry: the oldest goes when there are too many. */
  readonly #open = new Map<number, Inquiry>()

  /** A piece failed its hash. @param blocks one entry per block, in order */
  onHashFailed(piece: number, blocks: readonly SuspectBlock[]): HashFailure {
    const senders = new Set(blocks.map((block) => block.sender))
    const inquiry = this.#open.get(piece)
    if (senders.size === 1) return { ban: [...senders] }
    if (inquiry === undefined) this.#begin(piece, blocks)
    else if (inquiry.attempts.length < MAX_ATTEMPTS) inquiry.attempts.push(blocks)
    return { ban: [] }
  }

  /**
   * A piece passed its hash: compares it with what failed before.
   * @param digestOf the digest of a block that passed; called only when the piece had failed
   * @returns everybody who had sent a different block
   */
  onPiecePassed(piece: number, digestOf: (block: number) => Buffer): SenderId[] {
    const inquiry = this.#open.get(piece)
    if (inquiry === undefined) return []
    this.#open.delete(piece)
    const liars = new Set<SenderId>()
    const good = (inquiry.attempts[0] ?? []).map((_, block) => digestOf(block))
    for (const attempt of inquiry.attempts) {
      attempt.forEach(({ sender, digest }, block) => {
        if (good[block]?.equals(digest) !== true) liars.add(sender)
      })
    }
    return [...liars]
  }

  /** Must all blocks of this piece come from one peer? */
  mustBeSingleSource(piece: number): boolean {
    return this.#open.has(piece)
  }

  /** How long its peer may take at least: doubles with each handover, or peers could take it from each other for ever. */
  patienceMs(piece: number): number {
    return PATIENCE_MS * 2 ** Math.min(this.#open.get(piece)?.handovers ?? 0, MAX_DOUBLINGS)
  }

  /** The piece was taken from its peer, which was slow. */
  onHandedOver(piece: number): void {
    const inquiry = this.#open.get(piece)
    if (inquiry !== undefined) inquiry.handovers++
  }

  /** Failing pieces under inquiry. */
  get size(): number {
    return this.#open.size
  }

  #begin(piece: number, blocks: readonly SuspectBlock[]): void {
    const [oldest] = this.#open.keys()
    if (this.#open.size >= MAX_PIECES && oldest !== undefined) this.#open.delete(oldest)
    this.#open.set(piece, { attempts: [blocks], handovers: 0 })
  }
}
