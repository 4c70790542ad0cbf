/**
 * How many announces of one torrent are under way: four young ones; those that have waited long hand their place on
 * and wait among a bounded number of slow ones. So a long list of dead trackers costs little and still gets tried.
 */
import type { CancelTimer } from '../common/clock.ts'

export const MAX_YOUNG = 4
export const MAX_SLOW = 32

/** A place among the announces under way. */
export interface Slot {
  /** Moves it to the slow ones. @returns false when there are too many of them already: give the announce up */
  markSlow(): boolean
  /** Once, when the announce has ended. */
  release(): void
}

export class AnnounceSlots {
  #young = 0
  #slow = 0
  readonly #queue: ((slot: Slot) => void)[] = []

  /** Calls `begin` with a slot: at once when one is free, else in order. @returns takes it out of the queue again */
  take(begin: (slot: Slot) => void): CancelTimer {
    this.#queue.push(begin)
    this.#serve()
    return () => {
      const at = this.#queue.indexOf(begin)
      if (at >= 0) this.#queue.splice(at, 1)
    }
  }

  #serve(): void {
    while (this.#young < MAX_YOUNG) {
      const begin = this.#queue.shift()
      if (begin === undefined) return
      this.#young += 1
      begin(this.#slot())
    }
  }

  #slot(): Slot {
    let kind: 'young' | 'slow' | 'released' = 'young'
    return {
      markSlow: () => {
        if (kind !== 'young' || this.#slow === MAX_SLOW) return false
        kind = 'slow'
        this.#slow += 1
        this.#young -= 1
        this.#serve()
        return true
      },
      release: () => {
        if (kind === 'slow') this.#slow -= 1
        if (kind === 'young') this.#young -= 1
        kind = 'released'
        this.#serve()
      },
    }
  }
}
