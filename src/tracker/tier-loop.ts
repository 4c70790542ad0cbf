/**
 * One tier of trackers (BEP 12), asked for as long as the torrent runs. A round asks them in order until one answers:
 * the next is asked when one fails, or has been silent for 15 s (it goes on trying). The one that answers moves to the
 * front and the others rest until it fails. When all have failed the tier waits, longer each time.
 */
import { backoffMs } from '../common/backoff.ts'
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { AnnounceSlots, Slot } from './announce-slots.ts'
import { promoted } from './tiers.ts'
import type { TrackerEntry } from './tracker-entry.ts'

/** How long a tracker may be silent before the next one of its tier is asked as well. */
const SLOW_AFTER_MS = 15_000
const RETRY_POLICY = { firstMs: 5000, maxMs: 30 * 60_000, jitter: 0.2 }

export interface TierParts {
  readonly clock: Clock
  /** in [0, 1) */
  readonly random: () => number
  readonly slots: AnnounceSlots
}

/** An announce under way, or waiting for its turn. */
interface Attempt {
  readonly abort: AbortController
  isSlow: boolean
  /** Of the turn or of the slowness timer, whichever is pending. */
  cancel: CancelTimer
  /** Resolves when it is over, whatever came of it; undefined before its turn. */
  over: Promise<void> | undefined
}

export class TierLoop {
  #entries: readonly TrackerEntry[]
  readonly #parts: TierParts
  readonly #attempts = new Map<TrackerEntry, Attempt>()
  /** Whom this round has not asked yet. */
  #untried: TrackerEntry[] = []
  #failedRounds = 0
  #cancelTimer: CancelTimer | undefined
  #isStopped = false

  /** @param entries in the order to be asked first */
  constructor(entries: readonly TrackerEntry[], parts: TierParts) {
    this.#entries = entries
    this.#parts = parts
  }

  /** In the order they would be asked. */
  get entries(): readonly TrackerEntry[] {
    return this.#entries
  }

  /** The first announce is under way when this returns, if there was room for it. */
  start(): void {
    this.#beginRound()
  }

  /** Tells the trackers that work about the end of the download, now. */
  completed(): void {
    if (this.#isStopped) return
    for (const entry of this.#entries) {
      entry.noteCompleted()
      if (entry.isWorking && entry.owesCompleted && !this.#attempts.has(entry)) this.#askAgain(entry)
    }
  }

  /** We have too few peers: brings the next announce forward as far as the tracker lets us. */
  wantPeers(): void {
    const [front] = this.#entries
    if (front === undefined || this.#isStopped || !front.isWorking || front.nextAtMs === undefined) return
    const atMs = Math.max(front.mayAskAgainAtMs, this.#parts.clock.now())
    if (atMs < front.nextAtMs) this.#wakeAt(atMs, front)
  }

  /**
   * Calls everything off but a `completed` that is on its way.
   * @returns the trackers that know us, each with a promise that resolves when it may be told `stopped`
   */
  stop(): { readonly entry: TrackerEntry; readonly ready: Promise<void> }[] {
    this.#isStopped = true
    this.#cancelTimer?.()
    this.#untried = []
    const farewells = []
    for (const entry of this.#entries) {
      const over = entry.isTellingCompleted ? this.#attempts.get(entry)?.over : undefined
      if (over === undefined) this.#abandon(entry)
      if (entry.hasStarted) farewells.push({ entry, ready: over ?? Promise.resolve() })
    }
    return farewells
  }

  /** Ends what `stop` let go on, and frees the sockets. */
  close(): void {
    for (const entry of this.#entries) {
      this.#abandon(entry)
      entry.close()
    }
  }

  #beginRound(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const nowMs = this.#parts.clock.now()
    this.#untried = this.#entries.filter(
      (entry) => !this.#attempts.has(entry) && entry.refusedUntilMs <= nowMs,
    )
    this.#askNext()
  }

  #askNext(): void {
    if (this.#isStopped) return
    const entry = this.#untried.shift()
    if (entry === undefined) this.#endRound()
    else this.#ask(entry)
  }

  /** Out of turn; what comes of it sets the next round's time anew. */
  #askAgain(entry: TrackerEntry): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#ask(entry)
  }

  #ask(entry: TrackerEntry): void {
    const attempt: Attempt = {
      abort: new AbortController(),
      isSlow: false,
      cancel: () => undefined,
      over: undefined,
    }
    this.#attempts.set(entry, attempt)
    const leaveQueue = this.#parts.slots.take((slot) => {
      attempt.over = this.#run(entry, attempt, slot)
    })
    // When the turn came at once, `cancel` is the slowness timer's by now.
    if (attempt.over === undefined) attempt.cancel = leaveQueue
  }

  async #run(entry: TrackerEntry, attempt: Attempt, slot: Slot): Promise<void> {
    attempt.cancel = this.#parts.clock.after(SLOW_AFTER_MS, () => {
      this.#onSlow(entry, attempt, slot)
    })
    entry.nextAtMs = undefined
    entry.noteAnnouncing()
    try {
      await entry.announce(attempt.abort.signal)
      if (!attempt.abort.signal.aborted) this.#onAnswer(entry)
    } catch (error) {
      if (!attempt.abort.signal.aborted && !this.#isStopped) this.#onFailure(entry, attempt, error)
    } finally {
      attempt.cancel()
      slot.release()
    }
  }

  #onSlow(entry: TrackerEntry, attempt: Attempt, slot: Slot): void {
    entry.noteSlow(SLOW_AFTER_MS / 1000)
    attempt.isSlow = true
    if (!slot.markSlow()) {
      attempt.abort.abort()
      this.#attempts.delete(entry)
    }
    this.#askNext()
  }

  #onAnswer(entry: TrackerEntry): void {
    this.#attempts.delete(entry)
    if (this.#isStopped) return
    this.#failedRounds = 0
    this.#untried = []
    this.#entries = promoted(this.#entries, entry)
    for (const other of this.#entries) {
      if (other === entry) continue
      this.#abandon(other)
      other.noteIdle()
    }
    this.#wakeAt(this.#parts.clock.now() + entry.intervalMs, entry)
    entry.report()
    // It may have become whole while a `started` was on its way.
    if (entry.owesCompleted) this.#askAgain(entry)
  }

  #onFailure(entry: TrackerEntry, attempt: Attempt, error: unknown): void {
    this.#attempts.delete(entry)
    entry.noteFailure(error)
    // A slow one has had its successor already; it only matters when nobody else is going to end the round.
    if (!attempt.isSlow) this.#askNext()
    else if (this.#cancelTimer === undefined && this.#isQuiet()) this.#endRound()
  }

  /** Is nobody being asked but those that have been silent for long? */
  #isQuiet(): boolean {
    return [...this.#attempts.values()].every(({ isSlow }) => isSlow)
  }

  /** Everybody has failed or is slow. Those that failed are asked again after a pause. */
  #endRound(): void {
    if (this.#isStopped || !this.#isQuiet()) return
    const resting = this.#entries.filter((entry) => !this.#attempts.has(entry))
    if (resting.length === 0) return // all are on their own schedules still; one of them ends the round
    const nowMs = this.#parts.clock.now()
    const pauseMs = backoffMs(RETRY_POLICY, this.#failedRounds, this.#parts.random())
    const allowedAtMs = Math.min(...resting.map((entry) => entry.refusedUntilMs))
    if (allowedAtMs === Infinity) return // none of these is ever going to answer
    this.#failedRounds += 1
    this.#wakeAt(Math.max(nowMs + pauseMs, allowedAtMs), ...resting)
  }

  #wakeAt(atMs: number, ...entries: readonly TrackerEntry[]): void {
    this.#cancelTimer?.()
    for (const entry of entries) {
      const entryAtMs = Math.max(atMs, entry.refusedUntilMs)
      entry.nextAtMs = entryAtMs === Infinity ? undefined : entryAtMs
    }
    this.#cancelTimer = this.#parts.clock.after(atMs - this.#parts.clock.now(), () => {
      this.#beginRound()
    })
  }

  #abandon(entry: TrackerEntry): void {
    const attempt = this.#attempts.get(entry)
    this.#attempts.delete(entry)
    attempt?.cancel()
    attempt?.abort.abort()
  }
}
