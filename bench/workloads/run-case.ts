/** Runs a case in interleaved rounds and puts its table together. */
import { figureSpread } from '../report/figures.ts'
import type { Spread } from '../report/figures.ts'
import { figure, markdownTable } from '../report/markdown-table.ts'
import type { Figures } from '../course/course.ts'
import { US } from './workload.ts'
import type { Case, Column, Results, Stage, Target } from './workload.ts'

export interface Failure {
  readonly contender: string
  readonly message: string
}

export interface CaseResult {
  readonly results: Results
  readonly failures: readonly Failure[]
  /** Markdown below the heading. */
  readonly report: string
}

export interface RunPlan {
  readonly rounds: number
  readonly contenders: readonly string[]
  readonly onRun: (line: string) => void
}

/** When the floor's own CPU time varies by more, the machine was too busy for its figures to mean much. */
const QUIET_SPREAD = 0.1

export async function runCase(work: Case, plan: RunPlan): Promise<CaseResult> {
  const results = new Map<string, Figures[]>(plan.contenders.map((name) => [name, []]))
  let stage: Stage
  try {
    stage = await work.open()
  } catch (error) {
    // The other cases still have their turn.
    const failures = [{ contender: 'before the first run', message: String(error) }]
    plan.onRun(`FAILED ${String(error)}`)
    return { results, failures, report: describe(work, results, failures, []) }
  }
  try {
    const failures = await runRounds(work, stage, plan, results)
    const conclusions = stage.conclude?.(results) ?? []
    return { results, failures, report: describe(work, results, failures, conclusions) }
  } finally {
    await stage.close()
  }
}

/** A B C, B C A, ...: a slow minute of the machine hits all alike. */
async function runRounds(
  work: Case,
  stage: Stage,
  { rounds, contenders, onRun }: RunPlan,
  results: ReadonlyMap<string, Figures[]>,
): Promise<Failure[]> {
  const failures: Failure[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const position of contenders.keys()) {
      const name = contenders[(position + round) % contenders.length]!
      try {
        const figures = await stage.run(name, round)
        results.get(name)?.push(figures)
        onRun(`round ${round + 1}  ${name.padEnd(18)}${describeRun(work.columns, figures)}`)
      } catch (error) {
        failures.push({ contender: name, message: String(error) })
        onRun(`round ${round + 1}  ${name.padEnd(18)}FAILED ${String(error).split('\n')[0]!}`)
      }
    }
  }
  return failures
}

function describeRun(columns: readonly Column[], figures: Figures): string {
  return columns.map((column) => `${column.title} ${shown(figures[column.key] ?? NaN, column)}`).join('  ')
}

function describe(
  work: Case,
  results: Results,
  failures: readonly Failure[],
  conclusions: readonly string[],
): string {
  const done = [...results].filter(([, runs]) => runs.length > 0)
  const head = [
    '',
    'runs',
    ...work.columns.map(({ title }) => title),
    ...work.ratios.map(({ title }) => title),
  ]
  const rows = done.map(([name, runs]) => [
    name,
    String(runs.length),
    ...work.columns.map((column) => cell(runs, column)),
    ...work.ratios.map(({ key, over }) => figure(ratio(results, key, [name, over]))),
  ])
  const lines = [
    ...work.targets.map((target) => describeTarget(target, results)),
    ...conclusions.map((line) => `- ${line}`),
    ...noise(results.get('floor') ?? []),
    ...failures.map(({ contender, message }) => `- FAILED ${contender}: ${message.trim()}`),
  ]
  return [markdownTable([head, ...rows]), ...(lines.length > 0 ? ['', ...lines] : [])].join('\n')
}

function cell(runs: readonly Figures[], column: Column): string {
  const spread = figureSpread(runs, column.key, column.better)
  if (column.shows !== undefined) return shown(spread[column.shows], column)
  return `${shown(spread.best, column)} (${shown(spread.median, column)})`
}

function shown(value: number, { scale = 1 }: { readonly scale?: number }): string {
  return figure(value * scale)
}

function bestOf(results: Results, name: string, key: string): number {
  return figureSpread(results.get(name) ?? [], key).best
}

function ratio(results: Results, key: string, [of, over]: readonly [string, string]): number {
  return bestOf(results, of, key) / bestOf(results, over, key)
}

function describeTarget(target: Target, results: Results): string {
  const { text, key, of = US, over } = target
  const spread: Spread = figureSpread(results.get(of) ?? [], key, target.better)
  const value =
    over === undefined
      ? shown(target.isWorst === true ? spread.worst : spread.best, target)
      : figure(ratio(results, key, [of, over]))
  return `- target ${text}: ${value}${target.unit === undefined ? '' : ` ${target.unit}`}`
}

function noise(floorRuns: readonly Figures[]): string[] {
  if (floorRuns.length < 2) return []
  const { best, worst } = figureSpread(floorRuns, 'cpuSeconds')
  const spread = worst / best - 1
  if (!(spread > QUIET_SPREAD)) return []
  return [
    `- NOISY: the floor's own CPU time varied by ${(spread * 100).toFixed(0)} %; measure again when quiet`,
  ]
}
