/** A clock that a test moves by hand. Timers run in order of time, then of creation. */
import assert from 'node:assert/strict'
import type { CancelTimer, Clock } from '../../src/common/clock.ts'

const STEP_MS = 50

interface Timer {
  atMs: number
  readonly order: number
  readonly everyMs: number | undefined
  readonly run: () => void
}

export class FakeClock implements Clock {
  #nowMs = 1_000_000
  #order = 0
  readonly #timers = new Set<Timer>()

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): CancelTimer {
    return this.#add(delayMs, undefined, run)
  }

  every(intervalMs: number, run: () => void): CancelTimer {
    return this.#add(intervalMs, intervalMs, run)
  }

  get timerCount(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next timer, or undefined when none is set. */
  get nextInMs(): number | undefined {
    const next = this.#next()
    return next === undefined ? undefined : next.atMs - this.#nowMs
  }

  /** Runs every timer due within `ms`, letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await settle()
    for (let timer = this.#next(); timer !== undefined && timer.atMs <= endMs; timer = this.#next()) {
      this.#nowMs = timer.atMs
      if (timer.everyMs === undefined) this.#timers.delete(timer)
      else timer.atMs += timer.everyMs
      timer.run()
      await settle()
    }
    this.#nowMs = endMs
  }

  /** Moves on in small steps until it is so. Rejects after `limitMs` of this clock's time. */
  async until(isDone: () => boolean, what: string, limitMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < limitMs; passedMs += STEP_MS) {
      if (isDone()) return
      await this.advance(STEP_MS)
    }
    assert.fail(`not within ${limitMs} ms of the clock's time: ${what}`)
  }

  #add(delayMs: number, everyMs: number | undefined, run: () => void): CancelTimer {
    const timer: Timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, everyMs, run }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  #next(): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (
        next === undefined ||
        timer.atMs < next.atMs ||
        (timer.atMs === next.atMs && timer.order < next.order)
      ) {
        next = timer
      }
    }
    return next
  }
}

/** Lets everything that is already resolved run on, socket events of this turn included. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
}
