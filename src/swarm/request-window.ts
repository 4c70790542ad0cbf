/**
 * How many requests to keep open at one peer: enough that its pipe never runs dry, and no more, because a request that
 * waits at a slow peer is a block that nobody else fetches.
 *
 * It begins with a slow start (one more per block, so the depth doubles each round trip) until two rounds bring no more
 * speed, or one when blocks already take long. From then on
 *
 *   depth = bandwidth x max(gain x rtMin, 2 x gap, 400 ms) / 16 KiB + reserve
 *                                                              gain 2; 1 while blocks take > 4 rtMin + 300 ms
 *
 * with bandwidth the best rate of a short sample over the last seconds, gap the longest pause between two blocks then
 * (some peers answer in gusts, twice a second), and a reserve of up to 16 blocks, at most a quarter second's worth. The
 * 400 ms cover our own pauses.
 *
 * A peer that says how many requests it keeps (`reqq`) is asked for no more. One that does not say it usually keeps more
 * than the 250 that BEP 10 has for that case: a long line is filled, until requests are refused or dropped (`onOverflow`).
 * Time is an argument; nothing is allocated per block.
 */
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { RateMeter } from '../common/rate-meter.ts'

export interface RequestWindowOptions {
  /** The peer's `reqq` (BEP 10), when it has said so. */
  readonly maxDepth?: number
  readonly startDepth?: number
}

/** For a peer that did not say how many requests it keeps; more than this no client is known to keep by default. */
const MAX_PROBED_DEPTH = 2_000
/** After it dropped some, this share of what was open then, */
const OVERFLOW_SHARE = 0.8
/** but not less. */
const MIN_OVERFLOW_DEPTH = 16
/** and at each review a little more again: it may have had another reason. */
const REGROWTH = 1.1
const START_DEPTH = 32
const MIN_DEPTH = 2
/** After a timeout the first block shows that the peer lives, not how fast it is. */
const RESTART_DEPTH = 4

const MIN_COVERED_MS = 400
/** Peers that answer in gusts must have as much open as they send in two. */
const COVERED_GAPS = 2
/** Longer pauses are no gusts. */
const MAX_GAP_MS = 1_000
const RESERVE_BLOCKS = 16
const RESERVE_MS = 250
const STEADY_GAIN = 2
const DRAIN_GAIN = 1

/** Rates are measured over at least this long. */
const SAMPLE_MS = 50
/** Half of the window over which the best sample counts: at least 1 s, or 5 round trips. */
const HALF_WINDOW_MS = 1_000
const HALF_WINDOW_ROUND_TRIPS = 5

/** A round of the slow start is a round trip, but not less than this. */
const MIN_ROUND_MS = 5
const MIN_ROUND_BLOCKS = 8
const GROWTH_WANTED = 1.25

/** How often we ask whether the round trip is longer than the shortest one seen. */
const REVIEW_MS = 10_000
/** A rate below this share of the one before makes us believe so, */
const RATE_FELL = 0.85
/** and otherwise we believe it a little less. */
const BELIEF_DECAY = 0.75
const MAX_ROUND_TRIP_MS = 1_000
const ASSUMED_ROUND_TRIP_MS = 200
/** For predictions before the first block. */
const ASSUMED_BYTES_PER_SECOND = 65_536
const RATE_WINDOW_MS = 2_000
/** The best short sample is a little better than what can be kept up. */
const ABLE_SHARE = 0.9
/** A silence of this many usual pauses is one that may last, */
const SLIPPED_FACTOR = 3
/** a usual pause being no shorter than this. */
const MIN_SILENCE_MS = 50

export class RequestWindow {
  #maxDepth: number
  #isLimitTold = false
  #depth: number
  #isSlowStart = true
  #isSnubbed = false
  readonly #rate = new RateMeter(RATE_WINDOW_MS)

  /** Shortest time ever from request to block. */
  #shortestMs = Infinity
  /** What we believe it to be by now: not less than that. */
  #believedMs = 0
  // Since the last review.
  #reviewShortestMs = Infinity
  #reviewBytes = 0
  #reviewSinceMs = -Infinity
  #lastReviewRate = 0

  // Best sample of the current and of the last half window, bytes a millisecond.
  #best = 0
  #lastBest = 0
  // Longest pause between two blocks, likewise.
  #gapMs = 0
  #lastGapMs = 0
  #lastBlockMs = -Infinity
  #halfSinceMs = -Infinity

  #sampleBytes = 0
  #sampleSinceMs = -Infinity

  #roundBytes = 0
  #roundSinceMs = -Infinity
  #roundRate = 0
  #flatRounds = 0
  #isGrowing = false

  constructor({ maxDepth, startDepth = START_DEPTH }: RequestWindowOptions = {}) {
    this.#maxDepth = MAX_PROBED_DEPTH
    this.#depth = startDepth
    if (maxDepth !== undefined) this.setMaxDepth(maxDepth)
  }

  /** The peer said how many it keeps; requests beyond are dropped. */
  setMaxDepth(maxDepth: number): void {
    this.#maxDepth = Math.max(1, Math.floor(maxDepth))
    this.#isLimitTold = true
  }

  /** The peer refused or dropped requests, with so many open: it keeps fewer, unless it has said otherwise. */
  onOverflow(openCount: number): void {
    if (this.#isLimitTold) return
    const kept = Math.max(MIN_OVERFLOW_DEPTH, Math.floor(openCount * OVERFLOW_SHARE))
    this.#maxDepth = Math.min(this.#maxDepth, kept)
  }

  /** Has the peer said how many it keeps? */
  get isLimitTold(): boolean {
    return this.#isLimitTold
  }

  /** Requests to keep open now; at least 1. */
  get depth(): number {
    if (this.#isSnubbed) return 1
    return Math.min(this.#maxDepth, Math.max(MIN_DEPTH, this.#depth))
  }

  /** Requests that keep the peer busy for this long, or for a round trip. */
  depthCovering(ms: number): number {
    const bandwidth = Math.max(this.#best, this.#lastBest)
    if (bandwidth === 0) return Infinity
    const gapMs = Math.max(this.#gapMs, this.#lastGapMs)
    return Math.max(1, Math.ceil((bandwidth * Math.max(ms, this.#roundTripMs, gapMs)) / BLOCK_BYTES))
  }

  /** Is the peer slow to start sending after a timeout? */
  get isSnubbed(): boolean {
    return this.#isSnubbed
  }

  /** A measured time to the peer and back that no block was part of, as of the TCP connect. */
  onRoundTripHint(ms: number): void {
    if (ms >= 0 && ms < this.#shortestMs) this.#shortestMs = ms
  }

  /** @param requestAgeMs time since it was asked for; undefined when the request had been dropped */
  onBlock(bytes: number, requestAgeMs: number | undefined, nowMs: number): void {
    this.#rate.add(bytes, nowMs)
    if (this.#isSnubbed) this.#restart()
    const ageMs = requestAgeMs ?? Infinity
    if (ageMs < this.#shortestMs) this.#shortestMs = ageMs
    if (ageMs < this.#reviewShortestMs) this.#reviewShortestMs = ageMs
    this.#onGap(Math.min(nowMs - this.#lastBlockMs, ageMs, MAX_GAP_MS))
    this.#lastBlockMs = nowMs
    if (this.#sampleSinceMs === -Infinity) {
      this.#beginMeasuring(nowMs)
      if (this.#isSlowStart) this.#depth++
      return
    }
    this.#sampleBytes += bytes
    this.#reviewBytes += bytes
    if (this.#isSlowStart) this.#onSlowStartBlock(bytes, requestAgeMs ?? 0, nowMs)
    const elapsedMs = nowMs - this.#sampleSinceMs
    if (elapsedMs >= SAMPLE_MS) this.#onSample(this.#sampleBytes / elapsedMs, requestAgeMs ?? 0, nowMs)
  }

  /** Nothing came for too long: one request at a time until a block shows that the peer lives. */
  onTimeout(_nowMs: number): void {
    this.#isSnubbed = true
  }

  /** What the peer sent over the last 2 s. */
  bytesPerSecond(nowMs: number): number {
    return this.#rate.bytesPerSecond(nowMs)
  }

  /**
   * When a block asked for now would come, in ms from now; Infinity from a peer that stopped sending.
   * Also for a block already asked for: `queuedBlocks` is the number of requests before it.
   * @param oldestSentMs when the oldest open request was sent; Infinity: none is open, so that silence says nothing
   */
  expectedBlockMs(queuedBlocks: number, nowMs: number, oldestSentMs: number): number {
    if (this.#isSnubbed) return Infinity
    const roundTripMs = this.#shortestMs === Infinity ? ASSUMED_ROUND_TRIP_MS : this.#shortestMs
    const slippedMs = this.#slippedMs(nowMs, oldestSentMs)
    const rate = this.#expectedRate(nowMs, slippedMs > 0)
    return Math.max(roundTripMs, ((queuedBlocks + 1) * BLOCK_BYTES * 1000) / rate) + slippedMs
  }

  /** A peer that is silent for longer than it used to be is expected to go on so for a multiple of that. */
  #slippedMs(nowMs: number, oldestSentMs: number): number {
    const silentMs = nowMs - Math.max(this.#lastBlockMs, oldestSentMs)
    const usualMs = Math.max(this.#gapMs, this.#lastGapMs, this.#roundTripMs, MIN_SILENCE_MS)
    return silentMs > SLIPPED_FACTOR * usualMs ? SLIPPED_FACTOR * silentMs : 0
  }

  /** What it sent lately; while nothing is amiss also what it can send: it may have been asked for little. */
  #expectedRate(nowMs: number, isSlipping: boolean): number {
    if (this.#rate.totalBytes === 0) return ASSUMED_BYTES_PER_SECOND
    const rate = this.bytesPerSecond(nowMs)
    if (isSlipping) return rate
    const able = 1000 * ABLE_SHARE * Math.max(this.#best, this.#lastBest)
    return Math.max(rate, able > 0 ? able : ASSUMED_BYTES_PER_SECOND)
  }

  /** Time runs from the first block: what came before it says nothing about the rate. */
  #beginMeasuring(nowMs: number): void {
    this.#sampleBytes = 0
    this.#sampleSinceMs = nowMs
    this.#halfSinceMs = nowMs
    this.#reviewBytes = 0
    this.#reviewSinceMs = nowMs
    this.#roundBytes = 0
    this.#roundSinceMs = nowMs
  }

  #restart(): void {
    this.#isSnubbed = false
    this.#isSlowStart = true
    this.#isGrowing = false
    this.#depth = RESTART_DEPTH
    this.#best = 0
    this.#lastBest = 0
    this.#roundRate = 0
    this.#flatRounds = 0
    this.#lastReviewRate = 0
    this.#sampleSinceMs = -Infinity
  }

  /** A request that is younger than the pause does not show that the peer paused: it had nothing to send. */
  #onGap(gapMs: number): void {
    if (gapMs > this.#gapMs) this.#gapMs = gapMs
  }

  /** Grows by one per block, unless blocks already queue up at the peer and the rate does not grow. */
  #onSlowStartBlock(bytes: number, ageMs: number, nowMs: number): void {
    const isQueueing = ageMs > this.#drainAboveMs
    if (this.#depth < this.#maxDepth && (this.#isGrowing || !isQueueing)) this.#depth++
    this.#roundBytes += bytes
    const elapsedMs = nowMs - this.#roundSinceMs
    if (this.#roundBytes < MIN_ROUND_BLOCKS * BLOCK_BYTES) return
    if (elapsedMs < Math.max(MIN_ROUND_MS, this.#roundTripMs)) return
    this.#onRound(this.#roundBytes / elapsedMs, isQueueing, nowMs)
  }

  #onRound(rate: number, isQueueing: boolean, nowMs: number): void {
    const isFirst = this.#roundRate === 0
    this.#isGrowing = !isFirst && rate >= this.#roundRate * GROWTH_WANTED
    this.#flatRounds = this.#isGrowing || isFirst ? 0 : this.#flatRounds + 1
    this.#roundRate = Math.max(rate, this.#roundRate)
    this.#roundBytes = 0
    this.#roundSinceMs = nowMs
    if (this.#flatRounds < (isQueueing ? 1 : 2)) return
    this.#isSlowStart = false
    this.#best = Math.max(this.#best, this.#roundRate)
    this.#adapt(isQueueing)
  }

  #onSample(rate: number, ageMs: number, nowMs: number): void {
    this.#sampleBytes = 0
    this.#sampleSinceMs = nowMs
    if (nowMs - this.#halfSinceMs >= Math.max(HALF_WINDOW_MS, HALF_WINDOW_ROUND_TRIPS * this.#roundTripMs)) {
      this.#lastBest = this.#best
      this.#best = 0
      this.#lastGapMs = this.#gapMs
      this.#gapMs = 0
      this.#halfSinceMs = nowMs
    }
    if (rate > this.#best) this.#best = rate
    if (nowMs - this.#reviewSinceMs >= REVIEW_MS) this.#reviewRoundTrip(nowMs)
    if (!this.#isSlowStart) this.#adapt(ageMs > this.#drainAboveMs)
  }

  #adapt(isQueueing: boolean): void {
    const bandwidth = Math.max(this.#best, this.#lastBest)
    const gain = isQueueing ? DRAIN_GAIN : STEADY_GAIN
    const gapMs = Math.max(this.#gapMs, this.#lastGapMs)
    const coveredMs = Math.max(gain * this.#roundTripMs, COVERED_GAPS * gapMs, MIN_COVERED_MS)
    const reserve = Math.min(RESERVE_BLOCKS, Math.ceil((bandwidth * RESERVE_MS) / BLOCK_BYTES))
    this.#depth = Math.ceil((bandwidth * coveredMs) / BLOCK_BYTES) + reserve
  }

  /**
   * A long queue hides the round trip, so its lowest value ever is what we go by. But when the rate fell and still no
   * block came sooner, the way may have become longer, and a depth for the short way would keep the rate down.
   */
  #reviewRoundTrip(nowMs: number): void {
    const rate = this.#reviewBytes / (nowMs - this.#reviewSinceMs)
    const hasFallen = rate < RATE_FELL * this.#lastReviewRate
    if (!hasFallen) this.#believedMs *= BELIEF_DECAY
    else if (this.#reviewShortestMs < Infinity) this.#believedMs = this.#reviewShortestMs
    if (!this.#isLimitTold) this.#maxDepth = Math.min(MAX_PROBED_DEPTH, Math.ceil(this.#maxDepth * REGROWTH))
    this.#lastReviewRate = rate
    this.#reviewBytes = 0
    this.#reviewShortestMs = Infinity
    this.#reviewSinceMs = nowMs
  }

  get #roundTripMs(): number {
    return Math.min(Math.max(this.#shortestMs, this.#believedMs), MAX_ROUND_TRIP_MS)
  }

  get #drainAboveMs(): number {
    return 4 * this.#roundTripMs + 300
  }
}
