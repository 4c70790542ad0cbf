/**
 * How a fleet scales: 1, 2, 4, 8 and 16 hosts download what `torrent-dl serve` gives at 20 MB/s, all at once, each in a
 * network namespace with an address of its own on one bridge. Needs root.
 *
 *   npm run bench:fleet                          256 MiB, five fleets, 3 rounds
 *   npm run bench:fleet -- --size 64 --rounds 1  to try it; start-up has a larger share then
 *   npm run bench:fleet -- --hosts 1,16          these fleets
 *   npm run bench:fleet -- --super-seed          serve with that option
 */
import { createCipheriv } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Lab } from '../test/interop/support/lab.ts'
import type { Host } from '../test/interop/support/lab.ts'
import { projectDirectory } from '../test/interop/support/project.ts'
import { waitUntil } from '../test/interop/support/processes.ts'
import { costing, readCost } from '../test/interop/support/run-cost.ts'
import { commandIn } from './contenders.ts'
import { figure, markdownTable } from './report/markdown-table.ts'

const MIB = 1 << 20
/** 20 MB/s. */
const UPLOAD_LIMIT = 20_000_000
const LIMIT_MS = 300_000
const MAX_RATIO = 1.3
const MAX_UPLOAD = 2
const NAME = 'fleet.bin'

interface Options {
  readonly sizeBytes: number
  readonly rounds: number
  readonly fleets: readonly number[]
  readonly serveOptions: readonly string[]
}

/** Of one fleet, once. */
interface Round {
  /** From the first start to the last end. */
  readonly slowestSeconds: number
  readonly fastestSeconds: number
  /** What the seeder uploaded / size of the data. */
  readonly uploadRatio: number
  readonly serveCpuSeconds: number
  /** Of all downloaders together. */
  readonly fleetCpuSeconds: number
}

async function main(): Promise<void> {
  const options = readOptions()
  const rounds = new Map<number, Round[]>(options.fleets.map((count) => [count, []]))
  // In turns, so that what else the machine does meets all fleets alike.
  for (let round = 1; round <= options.rounds; round++) {
    for (const count of options.fleets) {
      const result = await runFleet(count, options)
      rounds.get(count)?.push(result)
      process.stderr.write(
        `round ${round}, ${count} hosts: ${figure(result.slowestSeconds)} s, ${figure(result.uploadRatio)} x uploaded\n`,
      )
    }
  }
  report(rounds, options)
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: '256' },
      rounds: { type: 'string', default: '3' },
      hosts: { type: 'string', default: '1,2,4,8,16' },
      // For serve.
      'super-seed': { type: 'boolean', default: false },
    },
  })
  return {
    sizeBytes: Number(values.size) * MIB,
    rounds: Number(values.rounds),
    fleets: values.hosts.split(',').map(Number),
    serveOptions: values['super-seed'] ? ['--super-seed'] : [],
  }
}

async function runFleet(count: number, { sizeBytes, serveOptions }: Options): Promise<Round> {
  const lab = Lab.open()
  try {
    const source = lab.addHost('source')
    const hosts = Array.from({ length: count }, (_, index) => lab.addHost(`host${index}`))
    const data = lab.newDirectory('data')
    writeRandom(join(data, NAME), sizeBytes)
    const serving = startServe(lab, source, ['--until-completed', String(count), ...serveOptions], data)
    const url = await urlOf(serving.running)
    const startedMs = performance.now()
    const runs = hosts.map((host, index) => startDownload(lab, { host, index, url }))
    const times = await Promise.all(
      runs.map(async ({ running }) => {
        const { exitCode, stderr } = await running.exit
        if (exitCode !== 0) throw new Error(`a download ended with ${exitCode}: ${stderr}`)
        return (performance.now() - startedMs) / 1000
      }),
    )
    const { stdout, exitCode, stderr } = await serving.running.exit
    if (exitCode !== 0) throw new Error(`serve ended with ${exitCode}: ${stderr}`)
    for (const { output } of runs) assertSame(join(data, NAME), join(output, NAME))
    const cpuOf = (file: string): number => readCost(file).userSeconds + readCost(file).systemSeconds
    return {
      slowestSeconds: Math.max(...times),
      fastestSeconds: Math.min(...times),
      uploadRatio: uploadedOf(stdout) / sizeBytes,
      serveCpuSeconds: cpuOf(serving.costFile),
      fleetCpuSeconds: runs.reduce((sum, { costFile }) => sum + cpuOf(costFile), 0),
    }
  } finally {
    await lab.close()
  }
}

type Running = ReturnType<Lab['start']>

interface Started {
  readonly running: Running
  readonly costFile: string
}

function startServe(lab: Lab, host: Host, args: readonly string[], data: string): Started {
  const home = lab.newDirectory('serve')
  const costFile = join(home, 'cost.json')
  const limits = ['--bind', host.address, '--upload-limit', String(UPLOAD_LIMIT)]
  const command = [...commandIn(projectDirectory), 'serve', '--json', ...limits, ...args, join(data, NAME)]
  const running = lab.start(host, costing(costFile, command), { label: 'serve', environment: { HOME: home } })
  return { running, costFile }
}

function startDownload(
  lab: Lab,
  { host, index, url }: { host: Host; index: number; url: string },
): Started & { readonly output: string } {
  const home = lab.newDirectory(`home${index}`)
  const output = join(home, 'out')
  mkdirSync(output)
  const costFile = join(home, 'cost.json')
  const args = ['--no-config', '-q', '-o', output, '--timeout', `${LIMIT_MS / 1000}s`, url]
  const command = costing(costFile, [...commandIn(projectDirectory), ...args])
  return {
    output,
    costFile,
    running: lab.start(host, command, { label: `host${index}`, environment: { HOME: home } }),
  }
}

async function urlOf(serving: Running): Promise<string> {
  let url: string | undefined
  const probe = (): boolean => {
    url = /"url":"([^"]+)"/.exec(serving.output())?.[1]
    return url !== undefined
  }
  await waitUntil('serve gives its address', 60_000, probe, () => serving.output())
  return url ?? ''
}

/** From the `exit` event. */
function uploadedOf(events: string): number {
  return Number(/"type":"exit".*"uploadedBytes":(\d+)/.exec(events)?.[1] ?? NaN)
}

function writeRandom(path: string, bytes: number): void {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), Buffer.alloc(16))
  const fd = openSync(path, 'w')
  for (let left = bytes; left > 0; left -= MIB)
    writeSync(fd, cipher.update(Buffer.alloc(Math.min(left, MIB))))
  closeSync(fd)
}

function assertSame(expected: string, actual: string): void {
  const { status, stdout } = spawnSync('cmp', [expected, actual], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${actual} is not what was served: ${stdout}`)
}

function report(rounds: ReadonlyMap<number, readonly Round[]>, { sizeBytes }: Options): void {
  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
  const of = (count: number, field: keyof Round): number =>
    median((rounds.get(count) ?? []).map((round) => round[field]))
  const [first = 1] = rounds.keys()
  const one = of(first, 'slowestSeconds')
  const rows = [...rounds.keys()].map((count) => [
    String(count),
    figure(of(count, 'fastestSeconds')),
    figure(of(count, 'slowestSeconds')),
    figure(of(count, 'slowestSeconds') / one),
    figure(of(count, 'uploadRatio')),
    figure(of(count, 'serveCpuSeconds')),
    figure(of(count, 'fleetCpuSeconds')),
  ])
  const head = [
    'hosts',
    'first done s',
    'last done s',
    `to ${first}`,
    'seeder sent / data',
    'serve CPU s',
    'fleet CPU s',
  ]
  const last = [...rounds.keys()].at(-1) ?? first
  const ratio = of(last, 'slowestSeconds') / one
  const uploads = Math.max(...[...rounds.keys()].map((count) => of(count, 'uploadRatio')))
  process.stdout.write(
    `${sizeBytes / MIB} MiB from one seeder at ${UPLOAD_LIMIT / 1e6} MB/s, medians; load before: ${loadNow()}\n\n` +
      `${markdownTable([head, ...rows])}\n\n` +
      `${last} hosts within ${MAX_RATIO} x the time of ${first}: ${verdict(ratio, MAX_RATIO)}; ` +
      `seeder sends at most ${MAX_UPLOAD} x the data: ${verdict(uploads, MAX_UPLOAD)}\n`,
  )
}

function verdict(value: number, limit: number): string {
  return `${value <= limit ? 'reached' : 'missed'} (${figure(value)})`
}

function loadNow(): string {
  return readFileSync('/proc/loadavg', 'latin1').split(' ')[0] ?? '?'
}

await main()
