/** What a bench of one part is: some figures, each measured again on every call. */

export interface MicroFigure {
  readonly name: string
  readonly value: number
}

export interface MicroBench {
  readonly name: string
  readonly unit: string
  /** Of two revisions, which is the better one? */
  readonly better: 'low' | 'high'
  /** Once around; called several times, and the first time is for the compiler. About a second at the most. */
  measure(): MicroFigure[] | Promise<MicroFigure[]>
}

/** Repeats for the same seed, so that runs compare. */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** Of `count` operations. */
export function nanosecondsPer(count: number, run: () => void): number {
  const startNs = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - startNs) / count
}

export function gibPerSecond(bytes: number, beganAtMs: number): number {
  return bytes / 2 ** 30 / ((performance.now() - beganAtMs) / 1000)
}
