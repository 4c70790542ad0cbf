/**
 * Upload limits: of the process, and of single torrents below it. Fifty times a second what a limit has room for is shared
 * out: to torrents alike, in each to peers alike, and what one leaves goes to the others. Between the steps a peer that
 * asks, or that has taken all it got, may have what was left over then.
 *
 * Counted are blocks (payload) when they go to the socket. What a peer cannot take, or what must be read first, is not
 * kept for it beyond the pause that a bucket makes up for (common/token-bucket.ts).
 */
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { FairShare } from '../common/fair-share.ts'
import { bucketOf, type TokenBucket } from '../common/token-bucket.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'

/** Short enough to be smooth in windows of 100 ms. */
const STEP_MS = 20

/** All limits of the process. Nothing runs while nobody waits for a block of a limited torrent. */
export class UploadLimits {
  readonly #clock: Clock
  readonly #bucket: TokenBucket | undefined
  /** Those with requests that wait. */
  readonly #members = new Set<TorrentUploadLimit>()
  readonly #fairShare = new FairShare(BLOCK_BYTES)
  #cancel: CancelTimer | undefined

  /** @param bytesPerSecond for all torrents together; undefined: no limit */
  constructor(clock: Clock, bytesPerSecond?: number) {
    this.#clock = clock
    this.#bucket = bucketOf(bytesPerSecond, BLOCK_BYTES, clock.now())
  }

  /** @param bytesPerSecond of this torrent, in addition @returns undefined when nothing limits it */
  limitOf(bytesPerSecond?: number): TorrentUploadLimit | undefined {
    const own = bucketOf(bytesPerSecond, BLOCK_BYTES, this.#clock.now())
    if (own === undefined && this.#bucket === undefined) return undefined
    return new TorrentUploadLimit(this, this.#bucket, own)
  }

  /** Payload that left by another way than peers: what is left of the limit is theirs. */
  charge(bytes: number): void {
    this.#bucket?.fill(this.#clock.now())
    this.#bucket?.take(bytes)
  }

  /** This one has requests that wait. */
  add(limit: TorrentUploadLimit): void {
    if (this.#members.has(limit)) return
    const nowMs = this.#clock.now()
    limit.fill(nowMs)
    this.#members.add(limit)
    if (this.#cancel !== undefined) return
    this.#bucket?.fill(nowMs)
    this.#cancel = this.#clock.every(STEP_MS, () => {
      this.#step(this.#clock.now())
    })
  }

  remove(limit: TorrentUploadLimit): void {
    this.#members.delete(limit)
    if (this.#members.size > 0) return
    this.#cancel?.()
    this.#cancel = undefined
  }

  #step(nowMs: number): void {
    this.#bucket?.fill(nowMs)
    for (const member of this.#members) {
      member.fill(nowMs)
      if (!member.isWaiting) this.remove(member)
    }
    const members = [...this.#members]
    if (this.#bucket === undefined) for (const member of members) member.serve(Infinity)
    else this.#fairShare.shareOut(this.#bucket.bytes, members, (member, offer) => member.serve(offer))
  }
}

/** What one torrent may send. */
export class TorrentUploadLimit {
  readonly #limits: UploadLimits
  readonly #shared: TokenBucket | undefined
  readonly #own: TokenBucket | undefined
  readonly #fairShare = new FairShare(BLOCK_BYTES)
  #context: TorrentContext | undefined

  constructor(limits: UploadLimits, shared: TokenBucket | undefined, own: TokenBucket | undefined) {
    this.#limits = limits
    this.#shared = shared
    this.#own = own
  }

  /** The highest rate that it can allow, bytes a second. */
  get bytesPerSecond(): number {
    return Math.min(this.#shared?.bytesPerSecond ?? Infinity, this.#own?.bytesPerSecond ?? Infinity)
  }

  get isWaiting(): boolean {
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

  fill(nowMs: number): void {
    this.#own?.fill(nowMs)
  }

  /** This peer has requests, and could take blocks. */
  serveSoon({ uploads }: Peer): void {
    if (this.#context === undefined) return
    this.#limits.add(this)
    const bytes = Math.min(this.#shared?.bytes ?? Infinity, this.#own?.bytes ?? Infinity)
    if (bytes >= BLOCK_BYTES) this.#take(uploads.serveUpTo(bytes))
  }

  /** Shares out up to `offerBytes` among its peers. @returns bytes that went to sockets */
  serve(offerBytes: number): number {
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
    this.#shared?.take(bytes)
    this.#own?.take(bytes)
  }
}
