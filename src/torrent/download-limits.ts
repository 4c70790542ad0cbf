/**
 * Download limits: of the process, and of single torrents below it. What is rationed is requests: a peer sends what it
 * is asked for, so blocks come at the rate at which they were asked for, no socket is ever left unread, and no peer seems
 * slow. Fifty times a second what the limit has room for is shared out: to torrents alike, in each to peers alike, and
 * what one leaves goes to the others.
 *
 * Counted are blocks (payload, waste included) when they come, and those asked for that should come soon:
 *
 *   committed = received + asked for within the last second
 *
 * A request that is not answered within that time gives its share back, and is counted when its block comes after all: a
 * peer that falls silent keeps nothing from others. So is one that was refused or cancelled.
 */
import type { Clock } from '../common/clock.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { FairShare } from '../common/fair-share.ts'
import type { TokenBucket } from '../common/token-bucket.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { canAsk, fillRequests } from './fill-requests.ts'
import { SharedLimit, type LimitMember } from './shared-limit.ts'

/** A request that is older than this is late: its peer is asked for more only when no other can be. */
const LATE_AFTER_MS = 1_000
/** Peers are asked for this much more than they sent in such a time, and one block: so a fast one soon gets more. */
const TIMELY_FACTOR = 1.25

/** All limits of the process. Members of the shared one download. */
export class DownloadLimits {
  readonly #shared: SharedLimit

  /** @param bytesPerSecond for all torrents together; undefined: no limit */
  constructor(clock: Clock, bytesPerSecond?: number) {
    this.#shared = new SharedLimit(clock, bytesPerSecond)
  }

  /** @param bytesPerSecond of this torrent, in addition @returns undefined when nothing limits it */
  limitOf(bytesPerSecond?: number): TorrentLimit | undefined {
    const own = this.#shared.ownBucket(bytesPerSecond)
    if (own === undefined && this.#shared.bucket === undefined) return undefined
    return new TorrentLimit(this.#shared, own)
  }
}

/** What one torrent may ask for. */
export class TorrentLimit implements LimitMember {
  readonly #limits: SharedLimit
  readonly #own: TokenBucket | undefined
  readonly #fairShare = new FairShare(BLOCK_BYTES)
  #context: TorrentContext | undefined
  #committedBytes = 0
  /** While it is shared out: what is left for the peer whose turn it is. */
  #offerBytes = Infinity
  #isHolding = false

  constructor(limits: SharedLimit, own: TokenBucket | undefined) {
    this.#limits = limits
    this.#own = own
  }

  /** The highest rate that it can allow, bytes a second. */
  get bytesPerSecond(): number {
    return Math.min(this.#limits.bucket?.bytesPerSecond ?? Infinity, this.#own?.bytesPerSecond ?? Infinity)
  }

  /** Blocks that may be asked for now. */
  get roomBlocks(): number {
    const bytes = Math.min(
      this.#offerBytes,
      this.#limits.bucket?.bytes ?? Infinity,
      this.#own?.bytes ?? Infinity,
    )
    return Math.max(0, Math.floor(bytes / BLOCK_BYTES))
  }

  /** Is it the limit alone that keeps the torrent from asking? Then silence says nothing about its peers. */
  get isHolding(): boolean {
    return this.#isHolding
  }

  /** The torrent downloads from now on. */
  start(context: TorrentContext): void {
    this.#context = context
    this.#limits.add(this)
  }

  /** It asks for nothing any more. */
  stop(): void {
    this.#context = undefined
    this.#limits.remove(this)
  }

  /** A block was asked for. */
  onRequest(bytes: number): void {
    this.#committedBytes += bytes
    this.#offerBytes -= bytes
    this.#limits.bucket?.take(bytes)
    this.#own?.take(bytes)
  }

  /** Accounts for what came, and for what was asked for and has not come in time. */
  settle(nowMs: number): void {
    if (this.#context === undefined) return
    const { peers, stats } = this.#context
    let freshCount = 0
    let openCount = 0
    let couldAsk = false
    for (const peer of peers.values()) {
      openCount += peer.ledger.size
      freshCount += peer.ledger.countSentAfter(nowMs - LATE_AFTER_MS)
      couldAsk ||= canAsk(this.#context, peer)
    }
    const committedBytes = stats.downloadedBytes + freshCount * BLOCK_BYTES
    const changeBytes = committedBytes - this.#committedBytes
    this.#committedBytes = committedBytes
    this.#limits.bucket?.take(changeBytes)
    this.#own?.fill(nowMs)
    this.#own?.take(changeBytes)
    this.#isHolding = couldAsk && openCount === 0 && this.roomBlocks === 0
  }

  /** Asks peers for up to `offerBytes`, late ones last. @returns bytes asked for */
  use(offerBytes: number, nowMs: number): number {
    const context = this.#context
    const bytes = Math.min(offerBytes, this.#own?.bytes ?? Infinity)
    if (context === undefined || bytes < BLOCK_BYTES) return 0
    const prompt: Peer[] = []
    const late: Peer[] = []
    for (const peer of context.peers.values()) {
      if (!canAsk(context, peer)) continue
      const isLate = peer.ledger.oldestSentMs <= nowMs - LATE_AFTER_MS
      if (isLate) late.push(peer)
      else prompt.push(peer)
    }
    const used = this.#fairShare.shareOut(bytes, prompt, (peer, offer) =>
      this.#askPeer(context, peer, Math.min(offer, timelyBytes(peer, nowMs))),
    )
    return (
      used +
      this.#fairShare.shareOut(bytes - used, late, (peer, offer) => this.#askPeer(context, peer, offer))
    )
  }

  #askPeer(context: TorrentContext, peer: Peer, offerBytes: number): number {
    const before = this.#committedBytes
    this.#offerBytes = offerBytes
    fillRequests(context, peer)
    peer.connection.flush()
    this.#offerBytes = Infinity
    return this.#committedBytes - before
  }
}

/** What the peer may be asked for and will send in time, by what it sent lately: a slow one must not bind much. */
function timelyBytes({ ledger, downloadRate }: Peer, nowMs: number): number {
  const bytes = (TIMELY_FACTOR * downloadRate.bytesPerSecond(nowMs) * LATE_AFTER_MS) / 1000
  return bytes + (1 - ledger.size) * BLOCK_BYTES
}
