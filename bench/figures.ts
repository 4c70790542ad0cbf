/** From single runs to the table: best, median, and ratios of best over best. */
import type { RunCost } from '../test/interop/support/run-cost.ts'

export interface Summary {
  readonly name: string
  readonly runCount: number
  readonly wallSeconds: BestAndMedian
  readonly cpuSeconds: BestAndMedian
  readonly userSeconds: BestAndMedian
  readonly systemSeconds: BestAndMedian
  /** Here the worst counts. */
  readonly peakRssBytes: number
}

export interface BestAndMedian {
  readonly best: number
  readonly median: number
}

/** @param costs at least one */
export function summarize(name: string, costs: readonly RunCost[]): Summary {
  const of = (figure: (cost: RunCost) => number): BestAndMedian => bestAndMedian(costs.map(figure))
  return {
    name,
    runCount: costs.length,
    wallSeconds: of((cost) => cost.wallSeconds),
    cpuSeconds: of((cost) => cost.userSeconds + cost.systemSeconds),
    userSeconds: of((cost) => cost.userSeconds),
    systemSeconds: of((cost) => cost.systemSeconds),
    peakRssBytes: Math.max(...costs.map((cost) => cost.peakRssBytes)),
  }
}

/** Noise on a shared machine only ever adds, so the best of interleaved runs is what repeats; the median shows how noisy it was. */
export function table(summaries: readonly Summary[]): string {
  const rows = summaries.map((summary) => [
    summary.name,
    String(summary.runCount),
    pair(summary.wallSeconds),
    pair(summary.cpuSeconds),
    summary.userSeconds.best.toFixed(2),
    summary.systemSeconds.best.toFixed(2),
    (summary.peakRssBytes / 1e6).toFixed(0),
    ...ratios(summary, find(summaries, 'floor')),
    ...ratios(summary, find(summaries, 'libtorrent')),
  ])
  const head = [
    '',
    'runs',
    'wall s',
    'cpu s',
    'user',
    'sys',
    'rss MB',
    'wall/floor',
    'cpu/floor',
    'wall/lt',
    'cpu/lt',
  ]
  return layOut([head, ...rows])
}

/** How far the runs of one contender lie apart: slowest over fastest CPU, minus 1. */
export function spread(costs: readonly RunCost[]): number {
  const cpu = costs.map((cost) => cost.userSeconds + cost.systemSeconds)
  return Math.max(...cpu) / Math.min(...cpu) - 1
}

function bestAndMedian(values: readonly number[]): BestAndMedian {
  const sorted = [...values].sort((a, b) => a - b)
  return { best: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]! }
}

function pair({ best, median }: BestAndMedian): string {
  return `${best.toFixed(2)} (${median.toFixed(2)})`
}

function find(summaries: readonly Summary[], name: string): Summary | undefined {
  return summaries.find((summary) => summary.name === name)
}

function ratios(summary: Summary, base: Summary | undefined): string[] {
  if (!base) return ['-', '-']
  return [
    (summary.wallSeconds.best / base.wallSeconds.best).toFixed(2),
    (summary.cpuSeconds.best / base.cpuSeconds.best).toFixed(2),
  ]
}

function layOut(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return rows.map(line).join('\n')
}
