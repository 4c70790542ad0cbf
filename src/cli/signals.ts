/** SIGINT, SIGTERM, SIGHUP: the first one asks for a clean stop, the second ends the process at once. */
import { SIGNAL_EXIT } from './exit-codes.ts'
import type { StopSignal } from './exit-codes.ts'

/** The part of `process` that is needed; tests give their own. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown
  off(signal: StopSignal, listener: () => void): unknown
  exit(code: number): void
}

/** @param atOnce what must not be left undone when the second signal ends the process */
export function withLastAct(source: SignalSource, atOnce: () => void): SignalSource {
  return {
    on: (signal, listener) => source.on(signal, listener),
    off: (signal, listener) => source.off(signal, listener),
    exit(code) {
      atOnce()
      source.exit(code)
    },
  }
}

/** npm and other wrappers pass on a Ctrl-C that the terminal also sent us: not a second press. */
const SAME_PRESS_MS = 50

/**
 * @param onStop called once, with the first signal @param now milliseconds, monotonic
 * @returns takes the handlers away again
 */
export function watchSignals(
  source: SignalSource,
  now: () => number,
  onStop: (signal: StopSignal) => void,
): () => void {
  let stoppedAtMs: number | undefined
  const listeners = (Object.keys(SIGNAL_EXIT) as StopSignal[]).map((signal) => {
    const listener = (): void => {
      if (stoppedAtMs === undefined) {
        stoppedAtMs = now()
        onStop(signal)
      } else if (now() - stoppedAtMs >= SAME_PRESS_MS) {
        source.exit(SIGNAL_EXIT[signal])
      }
    }
    source.on(signal, listener)
    return { signal, listener }
  })
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener)
  }
}
