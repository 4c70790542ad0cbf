/**
 * The bench that decides: rows of work, each done by torrent-dl, by the least that this machine must spend and by other
 * clients, in interleaved rounds. See README.md here. Needs root.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { requirePrograms } from '../test/interop/support/run-client.ts'
import { installWebtorrent } from './clients/webtorrent.ts'
import { machineFacts } from './report/machine-facts.ts'
import { WORKLOADS } from './workloads/list.ts'
import { runCase } from './workloads/run-case.ts'
import type { BenchOptions, Case, Workload } from './workloads/workload.ts'

const USAGE = `usage: npm run bench -- [ROW...] [--quick] [--huge] [--all-clients] [--rounds N] [--only NAME[,NAME]...]
                        [--case TEXT] [--divide N] [--json FILE]
--quick         W1 with 256 MiB only, in less than a minute
--huge          10 GiB where memory is measured; 1 % loss on the long link
--all-clients   also transmission, qBittorrent and webtorrent (installed into .cache/), where they matter (slow)
--case TEXT     only cases whose title has this text
--divide N      sizes divided by N: to try the bench itself, its figures mean little
rows: ${WORKLOADS.map(({ id, what }) => `${id.padEnd(4)} ${what}`).join('\n      ')}`

const OTHER_CLIENTS = ['transmission', 'qbittorrent']

interface CommandLine {
  readonly workloads: readonly Workload[]
  readonly options: Omit<BenchOptions, 'otherClients'>
  readonly hasAllClients: boolean
  readonly rounds: number | undefined
  readonly only: readonly string[] | undefined
  readonly caseText: string
  readonly jsonFile: string | undefined
}

/** The report goes to standard output, progress to standard error. @returns the exit code */
async function measure(commandLine: CommandLine): Promise<number> {
  requirePrograms()
  const options = { ...commandLine.options, otherClients: otherClients(commandLine.hasAllClients) }
  const facts = machineFacts()
  for (const [name, value] of Object.entries(facts)) console.log(`- ${name}: ${value}`)
  console.log('\nBest (median) of interleaved rounds, ratios best over best; RSS is the worst of all rounds.')
  const record: unknown[] = []
  let failureCount = 0
  const began = performance.now()
  for (const workload of commandLine.workloads) {
    const rowBegan = performance.now()
    console.log(`\n## ${workload.id}: ${workload.what}`)
    const cases = workload.cases(options)
    for (const work of cases.filter(({ title }) => title.includes(commandLine.caseText))) {
      failureCount += await measureCase(workload, work, commandLine, record)
    }
    console.log(`\n\`npm run bench -- ${workload.id}\` (${secondsSince(rowBegan)})`)
  }
  console.log(`\nAll of it took ${secondsSince(began)}.`)
  if (commandLine.jsonFile !== undefined) {
    writeFileSync(commandLine.jsonFile, JSON.stringify({ facts, cases: record }, null, 2) + '\n')
  }
  return failureCount === 0 ? 0 : 1
}

function otherClients(areWanted: boolean): string[] {
  if (!areWanted) return []
  try {
    installWebtorrent()
    return [...OTHER_CLIENTS, 'webtorrent']
  } catch (error) {
    console.error(`webtorrent is left out: ${String(error)}`)
    return OTHER_CLIENTS
  }
}

function secondsSince(began: number): string {
  return `${((performance.now() - began) / 1000).toFixed(0)} s`
}

/** @returns how many runs failed */
async function measureCase(
  workload: Workload,
  work: Case,
  { only, rounds }: CommandLine,
  record: unknown[],
): Promise<number> {
  const contenders = work.contenders.filter((name) => only?.includes(name) ?? true)
  if (contenders.length === 0) return 0
  console.error(`${workload.id}: ${work.title}`)
  const plan = { contenders, rounds: rounds ?? work.rounds, onRun: console.error }
  const { results, failures, report } = await runCase(work, plan)
  console.log(`\n### ${work.title}\n\n${report}`)
  record.push({
    row: workload.id,
    title: work.title,
    runs: Object.fromEntries(results),
    targets: work.targets,
    failures,
  })
  return failures.length
}

function parseCommandLine(): CommandLine {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      huge: { type: 'boolean', default: false },
      'all-clients': { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      case: { type: 'string', default: '' },
      divide: { type: 'string', default: '1' },
      json: { type: 'string' },
    },
  })
  const unknown = positionals.find((id) => !WORKLOADS.some((workload) => workload.id === id))
  if (unknown !== undefined) throw new Error(`there is no row ${unknown}`)
  const isAsked = ({ id }: Workload): boolean =>
    values.quick ? id === 'W1' : positionals.length === 0 || positionals.includes(id)
  return {
    workloads: WORKLOADS.filter(isAsked),
    options: {
      isQuick: values.quick,
      isHuge: values.huge,
      divisor: positive(values.divide, 'divide'),
    },
    hasAllClients: values['all-clients'],
    rounds: values.rounds === undefined ? undefined : positive(values.rounds, 'rounds'),
    only: values.only?.split(','),
    caseText: values.case,
    jsonFile: values.json,
  }
}

function positive(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value <= 0)
    throw new Error(`--${name} ${text}: must be a whole number above 0`)
  return value
}

let commandLine: CommandLine | undefined
try {
  commandLine = parseCommandLine()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  process.exitCode = 2
}
if (commandLine) process.exitCode = await measure(commandLine)
