/**
 * The whole program against the floor, libtorrent and aria2: one download from one seeder that costs nothing, between
 * two network namespaces, everything in memory, in interleaved rounds. See README.md here. Needs root.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Lab } from '../test/interop/support/lab.ts'
import type { Host } from '../test/interop/support/lab.ts'
import { firstDifference, makeBigTorrent } from '../test/interop/support/big-torrent.ts'
import type { BigTorrent } from '../test/interop/support/big-torrent.ts'
import { announceSeed, startOpentracker, trackerUrls } from '../test/interop/support/opentracker.ts'
import { startPayloadSeeder } from '../test/interop/support/payload-seeder.ts'
import type { PayloadSeeder } from '../test/interop/support/payload-seeder.ts'
import { costingClient, readCost } from '../test/interop/support/run-cost.ts'
import type { RunCost } from '../test/interop/support/run-cost.ts'
import { download, requirePrograms } from '../test/interop/support/run-client.ts'
import { contender, CONTENDER_NAMES } from './contenders.ts'
import type { ContenderName } from './contenders.ts'
import { spread, summarize, table } from './figures.ts'
import { machineFacts } from './machine-facts.ts'

interface Workload {
  readonly totalBytes: number
  readonly pieceLength: number
  /** Of the seeder; 0: as fast as it goes. */
  readonly bytesPerSecond: number
  readonly rounds: number
  readonly names: readonly ContenderName[]
}

interface Course {
  readonly lab: Lab
  readonly host: Host
  readonly torrent: BigTorrent
  readonly seeder: PayloadSeeder
}

interface Failure {
  readonly name: ContenderName
  readonly message: string
}

const RUN_TIMEOUT_MS = 150_000
/** Beyond this the machine was too busy for its figures to mean much. */
const QUIET_SPREAD = 0.1

const USAGE = `usage: npm run bench -- [--quick] [--size MIB] [--piece-length KIB] [--rate BYTES_PER_SECOND]
                        [--rounds N] [--only NAME[,NAME]...] [--json FILE]
names: ${CONTENDER_NAMES.join(', ')}`

async function measure(workload: Workload, jsonFile: string | undefined): Promise<number> {
  requirePrograms()
  const lab = Lab.open()
  try {
    const course = await prepare(lab, workload)
    const facts = machineFacts(course.host)
    for (const [name, value] of Object.entries(facts)) console.log(`${name.padEnd(20)}${value}`)
    console.log(describe(workload))
    const costs = new Map<ContenderName, RunCost[]>(workload.names.map((name) => [name, []]))
    const failures = await runRounds(course, workload, costs)
    const summaries = Array.from(costs, ([name, runs]) => ({ name, runs }))
      .filter(({ runs }) => runs.length > 0)
      .map(({ name, runs }) => summarize(name, runs))
    console.log(`\n${table(summaries)}\nbest (median) of all rounds; ratios are best over best`)
    warnWhenNoisy(costs.get('floor') ?? [])
    for (const { name, message } of failures) console.log(`FAILED ${name}: ${message}`)
    if (jsonFile !== undefined) {
      const result = { facts, workload, summaries, runs: Object.fromEntries(costs), failures }
      writeFileSync(jsonFile, JSON.stringify(result, null, 2) + '\n')
    }
    return failures.length === 0 ? 0 : 1
  } finally {
    await lab.close()
  }
}

async function prepare(lab: Lab, workload: Workload): Promise<Course> {
  const [server, host] = lab.addPair('server', 'client')
  const torrent = makeBigTorrent({
    directory: lab.newDirectory('torrent'),
    name: 'bench.bin',
    content: workload.totalBytes,
    pieceLength: workload.pieceLength,
    trackers: trackerUrls(server),
  })
  await startOpentracker(lab, server, [torrent])
  const seeder = await startPayloadSeeder(lab, server, torrent, { bytesPerSecond: workload.bytesPerSecond })
  announceSeed(server, server, torrent, seeder.port)
  return { lab, host, torrent, seeder }
}

/** A B C A B C..., so that a slow minute of the machine hits all alike; each round begins with the next one. */
async function runRounds(
  course: Course,
  { names, rounds }: Workload,
  costs: Map<ContenderName, RunCost[]>,
): Promise<Failure[]> {
  const failures: Failure[] = []
  for (let round = 0; round < rounds; round += 1) {
    for (const position of names.keys()) {
      const name = names[(position + round) % names.length]!
      try {
        const cost = await runOnce(course, name)
        costs.get(name)?.push(cost)
        console.log(describeRun(round, name, cost))
      } catch (error) {
        failures.push({ name, message: String(error) })
      }
    }
  }
  return failures
}

async function runOnce({ lab, host, torrent, seeder }: Course, name: ContenderName): Promise<RunCost> {
  const directory = lab.newDirectory(`out-${name}`)
  const costFile = join(lab.directory, `cost-${name}`)
  rmSync(costFile, { force: true })
  try {
    const client = costingClient(costFile, contender(name, torrent, seeder))
    const exit = await download(lab, client, { host, torrent, directory }, { timeoutMs: RUN_TIMEOUT_MS })
    if (exit.exitCode !== 0) throw new Error(`exit ${exit.exitCode}\n${exit.stdout}${exit.stderr}`)
    const difference = firstDifference(torrent, directory)
    if (difference !== undefined) throw new Error(`downloaded something else: ${difference}`)
    return readCost(costFile)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function describe({ totalBytes, pieceLength, bytesPerSecond, rounds }: Workload): string {
  const rate = bytesPerSecond > 0 ? `at ${bytesPerSecond} bytes/s` : 'unlimited'
  return `${totalBytes / 2 ** 20} MiB, pieces of ${pieceLength / 1024} KiB, one seeder, ${rate}, ${rounds} rounds\n`
}

function describeRun(round: number, name: string, cost: RunCost): string {
  const figures = [
    `wall ${cost.wallSeconds.toFixed(2)}`,
    `user ${cost.userSeconds.toFixed(2)}`,
    `sys ${cost.systemSeconds.toFixed(2)}`,
    `rss ${(cost.peakRssBytes / 1e6).toFixed(0)} MB`,
  ]
  return `round ${round + 1}  ${name.padEnd(18)}${figures.join('  ')}`
}

function warnWhenNoisy(floorCosts: readonly RunCost[]): void {
  if (floorCosts.length < 2) return
  const floorSpread = spread(floorCosts)
  if (floorSpread <= QUIET_SPREAD) return
  console.log(
    `NOISY: the floor's own CPU time varied by ${(floorSpread * 100).toFixed(0)} %; measure again when quiet`,
  )
}

function parseCommandLine(): { workload: Workload; jsonFile: string | undefined } {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      size: { type: 'string' },
      'piece-length': { type: 'string', default: '256' },
      rate: { type: 'string', default: '0' },
      rounds: { type: 'string' },
      only: { type: 'string', default: CONTENDER_NAMES.join(',') },
      json: { type: 'string' },
    },
  })
  const names = CONTENDER_NAMES.filter((name) => values.only.split(',').includes(name))
  if (names.length === 0) throw new Error('--only names nobody')
  return {
    jsonFile: values.json,
    workload: {
      totalBytes: positive(values.size ?? (values.quick ? '256' : '1024'), 'size') * 2 ** 20,
      pieceLength: positive(values['piece-length'], 'piece-length') * 1024,
      bytesPerSecond: Number(values.rate),
      rounds: positive(values.rounds ?? (values.quick ? '3' : '5'), 'rounds'),
      names,
    },
  }
}

function positive(text: string, name: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value <= 0)
    throw new Error(`--${name} ${text}: must be a whole number above 0`)
  return value
}

let commandLine: ReturnType<typeof parseCommandLine> | undefined
try {
  commandLine = parseCommandLine()
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  process.exitCode = 2
}
if (commandLine) process.exitCode = await measure(commandLine.workload, commandLine.jsonFile)
