/**
 * A clock whose time jumps from event to event: test/support/fake-clock.ts for thousands of events a second of its time
 * (a heap instead of a scan, and only promises are awaited, no sockets). Events of one instant run in order of creation.
 */
import type { CancelTimer, Clock } from '../../src/common/clock.ts'

interface SimEvent {
  readonly atMs: number
  readonly order: number
  run: (() => void) | undefined
}

/** Turns that the promises behind one event are given: a piece that is hashed and written needs four. */
const PROMISE_TURNS = 6

const resolved = Promise.resolve()

export class SimClock implements Clock {
  #nowMs = 1_000_000
  #order = 0
  readonly #heap: SimEvent[] = []

  now(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): CancelTimer {
    const event: SimEvent = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run }
    this.#push(event)
    return () => {
      event.run = undefined
    }
  }

  every(intervalMs: number, run: () => void): CancelTimer {
    let cancel: CancelTimer = () => undefined
    const tick = (): void => {
      cancel = this.after(intervalMs, tick)
      run()
    }
    cancel = this.after(intervalMs, tick)
    return () => {
      cancel()
    }
  }

  /** Runs events until `isDone` or until `limitMs` from now. @returns whether it is done */
  async runUntil(isDone: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#nowMs + limitMs
    while (!isDone()) {
      const event = this.#heap[0]
      if (event === undefined || event.atMs > endMs) return false
      this.#pop()
      if (event.run === undefined) continue
      this.#nowMs = event.atMs
      event.run()
      for (let turn = 0; turn < PROMISE_TURNS; turn++) await resolved
    }
    return true
  }

  #push(event: SimEvent): void {
    const heap = this.#heap
    let at = heap.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)
}
