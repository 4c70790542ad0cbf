/** Retry delays that double, with jitter so that many clients do not come back at one instant. */

export interface BackoffPolicy {
  readonly firstMs: number
  readonly maxMs: number
  /** 0.2 spreads a delay over 80 % to 120 % of its value. */
  readonly jitter: number
}

/** @param attempt 0 for the first retry @param random in [0, 1) */
export function backoffMs(
  { firstMs, maxMs, jitter }: BackoffPolicy,
  attempt: number,
  random: number,
): number {
  const plain = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 32))
  return plain * (1 + jitter * (2 * random - 1))
}
