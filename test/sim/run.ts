/**
 * Prints the table of docs/scheduling.md: our engine and libtorrent's rules in the same simulated swarms.
 *
 *   npm run sim [-- --seeds N] [--only TEXT] [--ours]
 */
import { parseArgs } from 'node:util'
import type { Outcome, Scenario } from './simulate.ts'
import type { StartDownload } from './downloader.ts'
import { SCENARIOS } from './scenarios.ts'
import { simulate } from './simulate.ts'
import { startLibtorrentLike } from './libtorrent-like.ts'
import { startOurs } from './our-download.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    only: { type: 'string', default: '' },
    ours: { type: 'boolean', default: false },
  },
})
const seeds = Array.from({ length: Number(values.seeds) }, (_, index) => index + 1)

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]!
}

function row(outcomes: readonly Outcome[]): string {
  const shares = outcomes.map(({ timeMs, boundMs }) => timeMs / boundMs)
  const tails = outcomes.map(({ tailMs }) => tailMs / 1000)
  const wastes = outcomes.map(({ wastedShare }) => 100 * wastedShare)
  return `${median(shares).toFixed(3)} | ${median(tails).toFixed(2)} | ${median(wastes).toFixed(2)}`
}

async function runAll(scenario: Scenario, start: StartDownload): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const seed of seeds) outcomes.push(await simulate(scenario, start, seed))
  return outcomes
}

console.log(`Medians of ${seeds.length} swarms; time of the simulation.\n`)
console.log(
  '| swarm | bound s | ours: time/bound | tail s | waste % | libtorrent-like: time/bound | tail s | waste % |',
)
console.log('|---|--:|--:|--:|--:|--:|--:|--:|')
for (const scenario of SCENARIOS.filter(({ name }) => name.includes(values.only))) {
  const ours = await runAll(scenario, startOurs)
  const theirs = values.ours ? undefined : await runAll(scenario, startLibtorrentLike)
  const bound = median(ours.map(({ boundMs }) => boundMs / 1000)).toFixed(1)
  console.log(
    `| ${scenario.name} | ${bound} | ${row(ours)} | ${theirs === undefined ? '- | - | -' : row(theirs)} |`,
  )
}
