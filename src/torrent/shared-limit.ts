/**
 * A limit of the process that its torrents share: fifty times a second what it has room for is given out, to torrents
 * alike, and what one leaves goes to the others. Nothing runs while nobody takes part.
 */
import type { CancelTimer, Clock } from '../common/clock.ts'
import { FairShare } from '../common/fair-share.ts'
import { bucketOf, type TokenBucket } from '../common/token-bucket.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** Short enough to be smooth in windows of 100 ms. */
const STEP_MS = 20

/** A torrent that takes part. */
export interface LimitMember {
  /** Accounts for what went on since the last step; may leave. */
  settle(nowMs: number): void
  /** @param offerBytes Infinity: only its own limit counts @returns bytes used of them */
  use(offerBytes: number, nowMs: number): number
}

export class SharedLimit {
  readonly #clock: Clock
  readonly bucket: TokenBucket | undefined
  readonly #members = new Set<LimitMember>()
  readonly #fairShare = new FairShare(BLOCK_BYTES)
  #cancel: CancelTimer | undefined

  /** @param bytesPerSecond for all torrents together; undefined: no limit */
  constructor(clock: Clock, bytesPerSecond?: number) {
    this.#clock = clock
    this.bucket = this.ownBucket(bytesPerSecond)
  }

  /** For what a torrent is limited to in addition. */
  ownBucket(bytesPerSecond?: number): TokenBucket | undefined {
    return bucketOf(bytesPerSecond, BLOCK_BYTES, this.#clock.now())
  }

  /** @returns does it take part only from now on? */
  add(member: LimitMember): boolean {
    if (this.#members.has(member)) return false
    this.#members.add(member)
    if (this.#cancel !== undefined) return true
    this.bucket?.fill(this.#clock.now())
    this.#cancel = this.#clock.every(STEP_MS, () => {
      this.#step(this.#clock.now())
    })
    return true
  }

  remove(member: LimitMember): void {
    this.#members.delete(member)
    if (this.#members.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  /** Payload that moved by another way than peers: what is left of the limit is theirs. */
  charge(bytes: number): void {
    this.bucket?.fill(this.#clock.now())
    this.bucket?.take(bytes)
  }

  #step(nowMs: number): void {
    this.bucket?.fill(nowMs)
    for (const member of this.#members) member.settle(nowMs)
    const members = [...this.#members]
    if (this.bucket === undefined) for (const member of members) member.use(Infinity, nowMs)
    else this.#fairShare.shareOut(this.bucket.bytes, members, (member, offer) => member.use(offer, nowMs))
  }
}
