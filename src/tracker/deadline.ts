/** A time limit joined to an AbortSignal, which remembers which of the two it was. */
import type { Clock } from '../common/clock.ts'
import { TrackerError } from '../common/errors.ts'
import { aborted } from './tracker-url.ts'

/** A signal that aborts with `outer`, or with a TRACKER_TIMEOUT when the time is up. */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #cancelTimer: () => void
  readonly #outer: AbortSignal
  #timeout: TrackerError | undefined

  constructor(clock: Clock, ms: number, message: string, outer: AbortSignal) {
    this.#outer = outer
    this.#cancelTimer = clock.after(ms, () => {
      this.#timeout = new TrackerError('TRACKER_TIMEOUT', message)
      this.#controller.abort()
    })
    outer.addEventListener('abort', this.#onAbort, { once: true })
    if (outer.aborted) this.#onAbort()
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** What really ended it, when what was thrown is only the echo of our abort. */
  reasonOf(error: unknown): unknown {
    if (this.#timeout !== undefined) return this.#timeout
    return this.#outer.aborted ? aborted() : error
  }

  end(): void {
    this.#cancelTimer()
    this.#outer.removeEventListener('abort', this.#onAbort)
  }

  readonly #onAbort = (): void => {
    this.#controller.abort()
  }
}
