/**
 * A rate limit as a bucket: it fills at the rate, and who moves bytes takes them out. What may be moved at once is
 * bounded, so that a pause is not made up for with a burst. It may be overdrawn: then nothing moves until it is paid
 * back. Time is an argument.
 */

/** Idle time that may be made up for: longer than the pauses of a busy event loop, too short to be seen on a meter. */
const SAVED_MS = 200
/** Nobody waits for longer than this for what others moved unasked. */
const MAX_DEBT_MS = 5_000

export class TokenBucket {
  readonly bytesPerSecond: number
  readonly #capacity: number
  readonly #maxDebt: number
  #bytes = 0
  #filledAtMs: number

  /**
   * Empty at first. @param bytesPerSecond above 0
   * @param unitBytes the largest amount that is moved at once: the bucket holds at least that much
   */
  constructor(bytesPerSecond: number, unitBytes: number, nowMs: number) {
    this.bytesPerSecond = bytesPerSecond
    this.#capacity = Math.max(unitBytes, (bytesPerSecond * SAVED_MS) / 1000)
    this.#maxDebt = Math.max(unitBytes, (bytesPerSecond * MAX_DEBT_MS) / 1000)
    this.#filledAtMs = nowMs
  }

  /** What may be moved now, as of the last `fill`; below 0 when too much was. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds what has come in since the last time. */
  fill(nowMs: number): void {
    const earned = (Math.max(0, nowMs - this.#filledAtMs) * this.bytesPerSecond) / 1000
    this.#filledAtMs = nowMs
    this.#bytes = Math.min(this.#capacity, this.#bytes + earned)
  }

  /** @param bytes that were moved, or will be; below 0: that will not be after all */
  take(bytes: number): void {
    this.#bytes = Math.min(this.#capacity, Math.max(this.#bytes - bytes, -this.#maxDebt))
  }
}

/** Of a limit that may not be set. @param bytesPerSecond undefined or Infinity: none @returns undefined: no limit */
export function bucketOf(
  bytesPerSecond: number | undefined,
  unitBytes: number,
  nowMs: number,
): TokenBucket | undefined {
  if (bytesPerSecond === undefined || bytesPerSecond === Infinity) return undefined
  return new TokenBucket(bytesPerSecond, unitBytes, nowMs)
}
