/**
 * Base against branch: `npm run bench:compare -- REV [--rounds N] [--size MIB] [--micro-only]`. REV is unpacked into a
 * temporary folder and built there with the benches of this working tree, so that both are measured by the same; what of
 * them does not fit REV's sources is left out. Rounds are interleaved: the micro benches, then W1, unlimited
 * and at a gigabit. Needs root for W1.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { spawnSync } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { commandIn, downloader, torrentDl } from './contenders.ts'
import { Course } from './course/course.ts'
import type { SeederPeer } from './course/course.ts'
import type { MicroResult } from './micro.ts'
import { figure, markdownTable } from './report/markdown-table.ts'
import { spreadOf } from './report/figures.ts'
import { singleFile } from './workloads/download-case.ts'
import { runCase } from './workloads/run-case.ts'
import { COST_COLUMNS, GIGABIT_PAYLOAD_BYTES_PER_SECOND, MIB } from './workloads/workload.ts'
import type { Case } from './workloads/workload.ts'
import { runNow } from '../test/interop/support/processes.ts'
import { projectDirectory } from '../test/interop/support/project.ts'

const USAGE = 'usage: npm run bench:compare -- REV [--rounds N] [--size MIB] [--micro-only]'
const MICRO_ROUNDS = 2

interface Plan {
  readonly revision: string
  readonly rounds: number
  readonly totalBytes: number
  readonly isMicroOnly: boolean
}

async function compare({ revision, rounds, totalBytes, isMicroOnly }: Plan): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-base-'))
  const removeAtExit = (): void => {
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', removeAtExit)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  console.error(`building ${revision}`)
  buildBase(revision, directory)
  console.log(`base: ${revision}; branch: the working tree; ${rounds} interleaved rounds`)
  console.log(`\n${compareMicro(directory, rounds)}`)
  if (isMicroOnly) return 0
  let failureCount = 0
  for (const peer of [{}, { bytesPerSecond: GIGABIT_PAYLOAD_BYTES_PER_SECOND }]) {
    const work = downloadCase(directory, peer, totalBytes, rounds)
    const { report, failures } = await runCase(work, { ...work, onRun: console.error })
    console.log(`\n### ${work.title}\n\n${report}`)
    failureCount += failures.length
  }
  return failureCount === 0 ? 0 : 1
}

/** Its sources, our benches. Errors of the compiler are those of benches that it has no parts for. */
function buildBase(revision: string, directory: string): void {
  const archive = join(directory, 'base.tar')
  runNow(['git', '-C', projectDirectory, 'archive', '--format=tar', '-o', archive, revision])
  runNow(['tar', '-xf', archive, '-C', directory])
  rmSync(archive)
  for (const path of ['bench', 'test/interop/support', 'test/support/bencode-raw.ts']) {
    rmSync(join(directory, path), { recursive: true, force: true })
    mkdirSync(join(directory, path, '..'), { recursive: true })
    cpSync(join(projectDirectory, path), join(directory, path), { recursive: true, dereference: true })
  }
  symlinkSync(join(projectDirectory, 'node_modules'), join(directory, 'node_modules'))
  const config = { extends: './tsconfig.json', include: ['src', 'bench'] }
  writeFileSync(join(directory, 'tsconfig.base.json'), JSON.stringify(config))
  const compiler = join(projectDirectory, 'node_modules/typescript/bin/tsc')
  const result = spawnSync(process.execPath, [compiler, '-p', join(directory, 'tsconfig.base.json')], {
    encoding: 'utf8',
  })
  const command = join(directory, 'dist/src/cli/main.js')
  if (!existsSync(command)) throw new Error(`${revision} cannot be built:\n${result.stdout}${result.stderr}`)
  // Earlier revisions run the compiled sources as they are.
  runNow(['npm', '--prefix', directory, 'run', '--if-present', 'bundle'])
}

/** A B, B A, ...: each in a process of its own. */
function compareMicro(baseDirectory: string, rounds: number): string {
  const programs = {
    base: join(baseDirectory, 'dist/bench/micro.js'),
    branch: new URL('micro.js', import.meta.url).pathname,
  }
  const all = { base: [] as MicroResult[], branch: [] as MicroResult[] }
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? (['base', 'branch'] as const) : (['branch', 'base'] as const)
    for (const name of order) {
      console.error(`micro benches, round ${round + 1}: ${name}`)
      all[name].push(...runMicro(programs[name], join(baseDirectory, 'micro.json')))
    }
  }
  const names = new Map(all.branch.map((result) => [`${result.bench}: ${result.name}`, result]))
  const rows = Array.from(names, ([title, { bench, name, unit, better }]) => {
    const bestOf = (results: readonly MicroResult[]): number => {
      const own = results.filter((result) => result.bench === bench && result.name === name)
      return spreadOf(
        own.map(({ best }) => best),
        better,
      ).best
    }
    const [base, branch] = [bestOf(all.base), bestOf(all.branch)]
    const gain = better === 'high' ? branch / base : base / branch
    return [`${title}, ${unit}`, figure(base), figure(branch), figure(gain)]
  })
  return markdownTable([['micro', 'base', 'branch', 'gain (1 = same)'], ...rows])
}

function runMicro(program: string, jsonFile: string): MicroResult[] {
  rmSync(jsonFile, { force: true })
  const command = ['--enable-source-maps', program, '--rounds', String(MICRO_ROUNDS), '--json', jsonFile]
  const result = spawnSync(process.execPath, command, { stdio: ['ignore', 'ignore', 'inherit'] })
  if (result.status !== 0) throw new Error(`${program}: exit ${result.status ?? 'by signal'}`)
  return JSON.parse(readFileSync(jsonFile, 'utf8')) as MicroResult[]
}

function downloadCase(baseDirectory: string, peer: SeederPeer, totalBytes: number, rounds: number): Case {
  const { bytesPerSecond } = peer
  const rate = bytesPerSecond === undefined ? 'unlimited' : `at ${bytesPerSecond / 1e6} MB/s`
  return {
    title: `W1: ${totalBytes / MIB} MiB, pieces of 256 KiB, one seeder, ${rate}`,
    contenders: ['floor', 'base', 'branch'],
    rounds,
    columns: COST_COLUMNS,
    ratios: [
      { key: 'wallSeconds', over: 'floor', title: 'wall/floor' },
      { key: 'cpuSeconds', over: 'floor', title: 'cpu/floor' },
      { key: 'wallSeconds', over: 'base', title: 'wall/base' },
      { key: 'cpuSeconds', over: 'base', title: 'cpu/base' },
    ],
    targets: [],
    open: async () => {
      const course = await Course.open({ peers: [peer], torrents: singleFile(totalBytes, 256 * 1024) })
      const entry = { course, torrents: course.torrents }
      return {
        run: async (contender) =>
          course.run(
            contender === 'floor'
              ? downloader(contender, entry)
              : torrentDl(commandIn(contender === 'base' ? baseDirectory : projectDirectory), entry),
          ),
        close: async () => course.close(),
      }
    },
  }
}

function parseCommandLine(): Plan | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      size: { type: 'string', default: '1024' },
      'micro-only': { type: 'boolean', default: false },
    },
  })
  const [revision, ...more] = positionals
  const [rounds, mebibytes] = [Number(values.rounds), Number(values.size)]
  const isSound = more.length === 0 && Number.isInteger(rounds) && rounds > 0 && mebibytes > 0
  if (revision === undefined || !isSound) return undefined
  return { revision, rounds, totalBytes: mebibytes * MIB, isMicroOnly: values['micro-only'] }
}

const plan = parseCommandLine()
if (plan === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  process.exitCode = await compare(plan)
}
