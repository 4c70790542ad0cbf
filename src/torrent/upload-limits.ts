/**
 * Upload limits: of the process, and of single torrents below it. Fifty times a second what a limit has room for is shared
 * out: to torrents alike, in each to peers alike, and what one leaves goes to the others. Between the steps a peer that
 * asks, or that has taken all it got, may have what was left over then.
 *
 * Counted are blocks (payload) when they go to the socket. What a peer cannot take, or what must be read first, is not
 * kept for it beyond the pause that a bucket makes up for (common/token-bucket.ts).
 */
import type { Clock } from '../common/clock.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { FairShare } from '../common/fair-share.ts'
import type { TokenBucket } from '../common/token-bucket.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { SharedLimit, type LimitMember } from './shared-limit.ts'

/** All limits of the process. Members of the shared one have requests that wait. */
export class UploadLimits {
  readonly #shared: SharedLimit
  readonly #clock: Clock

  /** @param bytesPerSecond for all torrents together; undefined: no limit */
  constructor(clock: Clock, bytesPerSecond?: number) {
    this.#clock = clock
    this.#shared = new SharedLimit(clock, bytesPerSecond)
  }

  /** @param bytesPerSecond of this torrent, in addition @returns undefined when nothing limits it */
  limitOf(bytesPerSecond?: number): TorrentUploadLimit | undefined {
    const own = this.#shared.ownBucket(bytesPerSecond)
    if (own === undefined && this.#shared.bucket === undefined) return undefined
    return new TorrentUploadLimit(this.#clock, this.#shared, own)
  }

  /** Payload that left by another way than peers: what is left of the limit is theirs. */
  charge(bytes: number): void {
    this.#shared.charge(bytes)
  }
}

/** What one torrent may send. */
export class TorrentUploadLimit implements LimitMember {
  readonly #clock: Clock
  readonly #limits: SharedLimit
  readonly #own: TokenBucket | undefined
  readonly #fairShare = new FairShare(BLOCK_BYTES)
  #context: TorrentContext | undefined

  constructor(clock: Clock, limits: SharedLimit, own: TokenBucket | undefined) {
    this.#clock = clock
    this.#limits = limits
    this.#own = own
  }

  /** The highest rate that it can allow, bytes a second. */
  get bytesPerSecond(): number {
    return Math.min(this.#limits.bucket?.bytesPerSecond ?? Infinity, this.#own?.bytesPerSecond ?? Infinity)
  }

  get #isWaiting(): boolean {
    for (const peer of this.#context?.peers.values() ?? []) if (peer.uploads.size > 0) return true
    return false
  }

  /** The torrent serves peers from now on. */
  start(context: TorrentContext): void {
    this.#context = context
  }

  /** It serves nobody any more. */
  stop(): void {
    this.#context = undefined
    this.#limits.remove(this)
  }

  settle(nowMs: number): void {
    this.#own?.fill(nowMs)
    if (!this.#isWaiting) this.#limits.remove(this)
  }

  /** This peer has requests, and could take blocks. */
  serveSoon({ uploads }: Peer): void {
    if (this.#context === undefined) return
    if (this.#limits.add(this)) this.#own?.fill(this.#clock.now())
    const bytes = Math.min(this.#limits.bucket?.bytes ?? Infinity, this.#own?.bytes ?? Infinity)
    if (bytes >= BLOCK_BYTES) this.#take(uploads.serveUpTo(bytes))
  }

  /** Shares out up to `offerBytes` among its peers. @returns bytes that went to sockets */
  use(offerBytes: number): number {
    const bytes = Math.min(offerBytes, this.#own?.bytes ?? Infinity)
    if (this.#context === undefined || bytes < BLOCK_BYTES) return 0
    const waiting = [...this.#context.peers.values()].filter(({ uploads }) => uploads.size > 0)
    return this.#fairShare.shareOut(bytes, waiting, ({ uploads }, offer) => {
      const used = uploads.serveUpTo(offer)
      this.#take(used)
      return used
    })
  }

  #take(bytes: number): void {
    this.#limits.bucket?.take(bytes)
    this.#own?.take(bytes)
  }
}
