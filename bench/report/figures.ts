/** From single runs to best, median and worst; fits of how cost grows. */
import type { Figures } from '../course/course.ts'

export interface Spread {
  readonly best: number
  readonly median: number
  readonly worst: number
}

export type Better = 'low' | 'high'

/** @param values at least one; those that are not numbers are left out */
export function spreadOf(values: readonly number[], better: Better = 'low'): Spread {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b)
  if (better === 'high') sorted.reverse()
  return {
    best: sorted[0] ?? NaN,
    median: sorted[Math.floor(sorted.length / 2)] ?? NaN,
    worst: sorted.at(-1) ?? NaN,
  }
}

/** One figure of all runs. */
export function figureSpread(runs: readonly Figures[], key: string, better: Better = 'low'): Spread {
  return spreadOf(
    runs.map((run) => run[key] ?? NaN),
    better,
  )
}

/** The k of cost = c * n^k that fits best (least squares of the logarithms); points without cost are left out. */
export function growthExponent(points: readonly (readonly [n: number, cost: number])[]): number {
  const logs = points
    .filter(([n, cost]) => n > 0 && cost > 0)
    .map(([n, cost]) => [Math.log(n), Math.log(cost)] as const)
  const mean = (of: 0 | 1): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length
  const [meanN, meanCost] = [mean(0), mean(1)]
  const covariance = logs.reduce((sum, [n, cost]) => sum + (n - meanN) * (cost - meanCost), 0)
  return covariance / logs.reduce((sum, [n]) => sum + (n - meanN) ** 2, 0)
}
