/**
 * Keeps the trackers of one torrent informed and asks them for peers: all tiers at once, one tracker of each at a time
 * (BEP 12 with its tiers in parallel), `started`, `completed` and `stopped` where they are due (BEP 3).
 */
import { messageOf } from '../common/errors.ts'
import { AnnounceSlots } from './announce-slots.ts'
import { TierLoop } from './tier-loop.ts'
import { orderTiers } from './tiers.ts'
import { TrackerEntry, type EntryParts } from './tracker-entry.ts'
import type { TrackerStatus } from './tracker.ts'

export type { AnnouncerHandler, Counters, Identity } from './tracker-entry.ts'

/** How long the goodbyes may take in all. */
const STOP_MS = 2000

export interface AnnouncerOptions extends EntryParts {
  /** BEP 12 tiers of URLs, as in the torrent; shuffled here. */
  readonly tiers: readonly (readonly string[])[]
  /** in [0, 1) */
  readonly random: () => number
}

export class Announcer {
  readonly #options: AnnouncerOptions
  readonly #slots = new AnnounceSlots()
  readonly #loops: readonly TierLoop[]
  #stopping: Promise<void> | undefined

  constructor(options: AnnouncerOptions) {
    this.#options = options
    const { clock, random } = options
    this.#loops = orderTiers(options.tiers, random).map((urls, tier) => {
      const entries = urls.map((url) => new TrackerEntry(url, tier, options))
      return new TierLoop(entries, { clock, random, slots: this.#slots })
    })
  }

  /** The first announces (four at most) have been handed to their trackers when this returns. Call it once. */
  start(): void {
    for (const loop of this.#loops) loop.start()
  }

  /** The download is whole. Trackers that knew us unfinished are told, the working ones at once. */
  completed(): void {
    for (const loop of this.#loops) loop.completed()
  }

  /** We have too few peers. Asks again early, but no tracker sooner than it allows or 60 s after the last time. */
  wantPeers(): void {
    for (const loop of this.#loops) loop.wantPeers()
  }

  /**
   * Says `stopped` to every tracker that answered a `started`, within 2 s in all, and calls everything else off. A
   * `completed` that is still owed goes first. Never rejects; calling it again waits for the first.
   */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  statuses(): readonly TrackerStatus[] {
    return this.#entries.map((entry) => entry.status())
  }

  /** There is no tracker, or all of them refused this torrent: nothing will come from here. */
  get isHopeless(): boolean {
    return this.#entries.every((entry) => entry.isRefused)
  }

  get #entries(): TrackerEntry[] {
    return this.#loops.flatMap((loop) => loop.entries)
  }

  async #stop(): Promise<void> {
    const late = new AbortController()
    const isLate = new Promise<void>((resolve) => {
      late.signal.addEventListener('abort', () => {
        resolve()
      })
    })
    const cancelTimer = this.#options.clock.after(STOP_MS, () => {
      late.abort()
    })
    const goodbyes = this.#loops
      .flatMap((loop) => loop.stop())
      .map(async ({ entry, ready }) => {
        await Promise.race([ready, isLate])
        if (!late.signal.aborted) await this.#sayGoodbye(entry, late.signal)
      })
    await Promise.all(goodbyes)
    cancelTimer()
    for (const loop of this.#loops) loop.close()
  }

  async #sayGoodbye(entry: TrackerEntry, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const leaveQueue = this.#slots.take((slot) => {
        entry
          .sayGoodbye(signal)
          .catch((error: unknown) => {
            this.#options.log('debug', 'tracker', `no goodbye to ${entry.status().url}: ${messageOf(error)}`)
          })
          .finally(() => {
            slot.release()
            resolve()
          })
      })
      signal.addEventListener('abort', () => {
        leaveQueue()
        resolve()
      })
    })
  }
}
