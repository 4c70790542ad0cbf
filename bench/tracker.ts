/**
 * Announces a second over UDP on one core, beside opentracker and beside what Node's datagrams cost alone, in interleaved
 * rounds of one run; then the memory of a full tracker. Needs gcc and taskset, and opentracker to be compared with; no root.
 *
 *   npm run bench:tracker                       5 rounds of 3 s, a million peers
 *   npm run bench:tracker -- --rounds 1 --seconds 1 --peers 100000
 */
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { nativeProgram } from '../test/interop/support/native.ts'
import { compiledPath, projectDirectory } from '../test/interop/support/project.ts'
import { commandIn } from './contenders.ts'
import { processFigures } from './course/process-figures.ts'
import { spreadOf } from './report/figures.ts'
import { machineFacts } from './report/machine-facts.ts'
import { markdownTable } from './report/markdown-table.ts'

/** 50 sources with 2 ports in 1,000 torrents: 100 peers a torrent. The window is what is in flight, all together. */
const LOAD = { torrents: 1000, sources: 50, ports: 2, window: 256 }
const TARGET_PER_SECOND = 50_000
const TARGET_OF_OPENTRACKER = 0.5
const TARGET_MB = 400
/** Its head and some peers, on average. */
const MIN_ANSWER_BYTES = 40
const SERVER_CORE = '0'
const LOAD_CORE = '1'

interface Contender {
  readonly name: string
  readonly command: (port: number, directory: string) => readonly string[]
  readonly isEcho?: boolean
}

const OURS = commandIn(projectDirectory)

const CONTENDERS: readonly Contender[] = [
  {
    name: 'node echo (floor)',
    command: () => [process.execPath, compiledPath('bench/tracker/echo')],
    isEcho: true,
  },
  {
    name: 'torrent-dl',
    command: (port) => [
      ...[...OURS, 'tracker', '--bind', '127.0.0.1', '--port', String(port)],
      ...['--max-peers-per-host', '100000', '-q'],
    ],
  },
  {
    name: 'opentracker',
    command: (port, directory) => [
      ...['opentracker', '-i', '127.0.0.1', '-p', String(port), '-P', String(port)],
      ...['-d', directory, '-u', 'nobody', '-w', 'whitelist'],
    ],
  },
]

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    peers: { type: 'string', default: '1000000' },
  },
})

for (const [name, value] of Object.entries(machineFacts())) console.log(`- ${name}: ${value}`)
await measureSpeed(Number(values.rounds), values.seconds)
measureMemory(Number(values.peers))

async function measureSpeed(rounds: number, seconds: string): Promise<void> {
  const hasOpentracker = spawnSync('sh', ['-c', 'command -v opentracker']).status === 0
  if (!hasOpentracker) console.error('opentracker is left out: it is not installed')
  const contenders = CONTENDERS.filter(({ name }) => hasOpentracker || name !== 'opentracker')
  const results = new Map<string, Rate[]>(contenders.map(({ name }) => [name, []]))
  const ratesOf = (name: string): number[] => (results.get(name) ?? []).map(({ perSecond }) => perSecond)
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(round + i) % contenders.length]!
      const rate = await measure(contender, seconds)
      const [perSecond, perCpuSecond] = [rate.perSecond, rate.perCpuSecond].map(Math.round)
      console.error(`round ${round + 1}, ${contender.name}: ${perSecond}/s, ${perCpuSecond} a CPU second`)
      results.get(contender.name)?.push(rate)
    }
  }
  const rows = contenders.map(({ name }) => {
    const spread = spreadOf(ratesOf(name), 'high')
    const perCpu = spreadOf(
      (results.get(name) ?? []).map(({ perCpuSecond }) => perCpuSecond),
      'high',
    )
    return [
      name,
      ...[spread.best, spread.median, perCpu.best, perCpu.median].map((value) => value.toFixed(0)),
    ]
  })
  const head = ['UDP announces on one core', 'best/s', 'median/s', 'best a CPU second', 'median a CPU second']
  console.log(`\n${markdownTable([head, ...rows])}`)
  const [ours, theirs] = ['torrent-dl', 'opentracker'].map((name) => spreadOf(ratesOf(name), 'high').best)
  const target = Math.min(
    TARGET_PER_SECOND,
    Number.isFinite(theirs) ? TARGET_OF_OPENTRACKER * theirs! : Infinity,
  )
  console.log(`\ntarget ${target.toFixed(0)}/s: ${ours! >= target ? 'reached' : 'missed'}`)
}

/** Announces that were answered. */
interface Rate {
  readonly perSecond: number
  /** Of the tracker's own time, kernel included: what counts on a machine that does other things, too. */
  readonly perCpuSecond: number
}

async function measure({ command, isEcho }: Contender, seconds: string): Promise<Rate> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-bench-'))
  const hashes = Array.from({ length: LOAD.torrents }, (_, i) => `${i.toString(16).padStart(40, '0')}\n`)
  writeFileSync(join(directory, 'whitelist'), hashes.join(''))
  chmodSync(directory, 0o755) // opentracker drops its rights before it reads
  const freePort = await findFreePort()
  const server = spawn('taskset', ['-c', SERVER_CORE, ...command(freePort, directory)], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const port = isEcho === true ? await announcedPort(server) : freePort
    if (isEcho !== true) await answering(port)
    const cpuBefore = cpuSecondsOf(server)
    const { answers, took } = generate(port, seconds, isEcho === true)
    return { perSecond: answers / took, perCpuSecond: answers / (cpuSecondsOf(server) - cpuBefore) }
  } finally {
    server.kill('SIGKILL')
    if (server.exitCode === null && server.signalCode === null) await once(server, 'exit')
    rmSync(directory, { recursive: true, force: true })
  }
}

function generate(port: number, seconds: string, isEcho: boolean): { answers: number; took: number } {
  const { torrents, sources, ports, window } = LOAD
  const numbers = [String(port), seconds, ...[window, torrents, sources, ports].map(String)]
  const program = [nativeProgram('announcer'), '127.0.0.1', ...numbers, ...(isEcho ? ['echo'] : [])]
  const result = spawnSync('taskset', ['-c', LOAD_CORE, ...program], { encoding: 'utf8' })
  const [answers = NaN, took = NaN, bytes = NaN, errors = NaN] = result.stdout.split(' ').map(Number)
  // An answer that names nobody is no answer: the tracker does not serve these torrents.
  if (result.status !== 0 || errors !== 0 || bytes / answers < MIN_ANSWER_BYTES)
    throw new Error(`${result.stdout}${result.stderr}`)
  return { answers, took }
}

/** Resolves when the tracker takes connections: its start is not measured. */
async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => {
        resolve(true)
      })
      socket.once('error', () => {
        resolve(false)
      })
    })
    socket.destroy()
    if (isOpen) return
    await sleep(50)
  }
  throw new Error('the tracker does not listen')
}

/** User and system time, all threads. */
function cpuSecondsOf({ pid = 0 }: ChildProcess): number {
  return processFigures(pid)['cpuSeconds'] ?? NaN
}

async function announcedPort(server: ChildProcess): Promise<number> {
  const [text] = (await once(server.stdout!, 'data')) as [Buffer]
  return Number(/:(\d+)\//.exec(text.toString())?.[1])
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface MemoryFigures {
  readonly fullPeers: number
  readonly emptyBytes: number
  readonly fullBytes: number
  readonly fillSeconds: number
  readonly slowestMs: number
  readonly longestSweepMs: number
}

function measureMemory(peers: number): void {
  const head = [
    'peers',
    'torrents',
    'RSS empty MB',
    'RSS full MB',
    'filled in s',
    'slowest ms',
    'longest sweep ms',
  ]
  const rows = [1, 10_000, 100_000].map((torrents) => {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [compiledPath('bench/tracker/memory'), String(peers), String(torrents)],
      { encoding: 'utf8' },
    )
    if (status !== 0) throw new Error(stderr)
    const figures = JSON.parse(stdout) as MemoryFigures
    return { torrents, ...figures }
  })
  const lines = rows.map((row) => [
    ...[
      String(row.fullPeers),
      String(row.torrents),
      (row.emptyBytes / 1e6).toFixed(0),
      (row.fullBytes / 1e6).toFixed(0),
    ],
    ...[row.fillSeconds.toFixed(1), row.slowestMs.toFixed(1), row.longestSweepMs.toFixed(1)],
  ])
  console.log(`\n${markdownTable([head, ...lines])}`)
  const most = Math.max(...rows.map(({ fullBytes }) => fullBytes)) / 1e6
  console.log(`\ntarget ${TARGET_MB} MB: ${most <= TARGET_MB ? 'reached' : 'missed'}`)
}
