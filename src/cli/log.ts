/** `-v`: the engine's log as lines on stderr, with the time since the start. */
import type { LogLevel, LogSink } from '../common/log.ts'

const RANK: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 1, debug: 2, trace: 3 }

export interface LogParts {
  /** Monotonic milliseconds. */
  readonly now: () => number
  /** Writes one line, above the bars when there are any. */
  readonly line: (text: string) => void
  /** Makes foreign text safe to print. */
  readonly clean: (text: string) => string
}

/**
 * @param verbosity how often `-v` was given: 0 shows errors only, 1 also warnings (a banned peer) and what happens,
 *   2 debug, 3 trace
 */
export function makeLog(verbosity: number, { now, line, clean }: LogParts): LogSink {
  const startMs = now()
  return (level, scope, message) => {
    if (RANK[level] > verbosity) return
    const seconds = ((now() - startMs) / 1000).toFixed(3).padStart(8)
    line(`${seconds} ${level.padEnd(5)} ${scope.padEnd(7)} ${clean(message)}`)
  }
}
