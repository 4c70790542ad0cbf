/**
 * Benches of single parts, without network and without root: `npm run bench:micro -- [NAME...] [--rounds N] [--json FILE]`.
 * The best of the rounds counts. A part that cannot be loaded (compare.ts runs this with older sources) is left out.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { spreadOf } from './report/figures.ts'
import { figure, markdownTable } from './report/markdown-table.ts'
import type { MicroBench } from './micro/micro-bench.ts'

const NAMES = ['wire', 'picker', 'hash', 'storage']

export interface MicroResult {
  readonly bench: string
  readonly name: string
  readonly unit: string
  readonly better: 'low' | 'high'
  readonly best: number
  readonly median: number
}

async function load(name: string): Promise<MicroBench | undefined> {
  try {
    const module = (await import(new URL(`micro/${name}.js`, import.meta.url).href)) as { micro: MicroBench }
    return module.micro
  } catch (error) {
    console.error(`${name}: left out, ${error instanceof Error ? error.message : String(error)}`)
    return undefined
  }
}

async function measure(bench: MicroBench, rounds: number): Promise<MicroResult[]> {
  const values = new Map<string, number[]>()
  await bench.measure()
  for (let round = 0; round < rounds; round += 1) {
    for (const { name, value } of await bench.measure())
      values.set(name, [...(values.get(name) ?? []), value])
  }
  const { name: benchName, unit, better } = bench
  return Array.from(values, ([name, all]) => {
    const { best, median } = spreadOf(all, better)
    return { bench: benchName, name, unit, better, best, median }
  })
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'string' } },
})
const results: MicroResult[] = []
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const bench = await load(name)
  if (bench === undefined) continue
  const own = await measure(bench, Number(values.rounds))
  const rows = own.map((result) => [result.name, figure(result.best), figure(result.median)])
  console.log(`\n${markdownTable([[`${bench.name}, ${bench.unit}`, 'best', 'median'], ...rows])}`)
  results.push(...own)
}
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(results, null, 2) + '\n')
