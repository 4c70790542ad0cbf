/**
 * Time as a dependency. Everything that waits takes a Clock, so that a test runs an hour's schedule in milliseconds
 * (test/support/fake-clock.ts).
 */

/** Ends a timer; calling it again does nothing. */
export type CancelTimer = () => void

export interface Clock {
  /** Milliseconds on a monotonic clock; only differences mean anything. */
  now(): number
  /** Runs `run` once, `delayMs` from now, or at the next turn when that is past. */
  after(delayMs: number, run: () => void): CancelTimer
  /** Runs `run` every `intervalMs`. */
  every(intervalMs: number, run: () => void): CancelTimer
}

/** Node turns a longer delay into 1 ms. */
const MAX_DELAY_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    let leftMs = Math.max(delayMs, 0)
    let timer: NodeJS.Timeout | undefined
    const wait = (): void => {
      const stepMs = Math.min(leftMs, MAX_DELAY_MS)
      leftMs -= stepMs
      timer = setTimeout(leftMs > 0 ? wait : run, stepMs)
    }
    wait()
    return () => {
      clearTimeout(timer)
    }
  },
  every(intervalMs, run) {
    const timer = setInterval(run, Math.min(Math.max(intervalMs, 1), MAX_DELAY_MS))
    return () => {
      clearInterval(timer)
    }
  },
}

/** Resolves after `delayMs`, or at once when `signal` aborts (it does not reject: the caller looks at the signal). */
export async function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return
  await new Promise<void>((resolve) => {
    const finish = (): void => {
      cancel()
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const cancel = clock.after(delayMs, finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}
