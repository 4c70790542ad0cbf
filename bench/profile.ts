/**
 * Where our CPU time goes: `npm run bench:profile -- [ROW] [--case TEXT] [--divide N] [--keep DIRECTORY]`. Each case of
 * the row that is a download is run twice by torrent-dl: once plainly, when the system counts the time of each thread,
 * and once under Node's --cpu-prof, which says how each JavaScript thread shares its time out. Needs root.
 */
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { torrentDl } from './contenders.ts'
import type { Figures } from './course/course.ts'
import { summarize } from './profile/cpu-profile.ts'
import type { CpuProfile, ProfileSummary } from './profile/cpu-profile.ts'
import { ThreadTimes } from './profile/thread-times.ts'
import type { ThreadTime } from './profile/thread-times.ts'
import { figure, markdownTable } from './report/markdown-table.ts'
import { WORKLOADS } from './workloads/list.ts'
import type { Case, Stage } from './workloads/workload.ts'
import type { Client } from '../test/interop/support/clients.ts'
import { compiledPath, projectDirectory } from '../test/interop/support/project.ts'

const USAGE = 'usage: npm run bench:profile -- [ROW] [--case TEXT] [--divide N] [--keep DIRECTORY]'
const FUNCTIONS_SHOWN = 15
const SOURCES = pathToFileURL(compiledPath('src/x')).href.replace(/x\.js$/, '')

interface Plan {
  readonly cases: readonly Case[]
  /** Where the .cpuprofile files go, for Chrome's developer tools or speedscope; undefined: nowhere. */
  readonly keepDirectory: string | undefined
}

type RunClient = NonNullable<Stage['runClient']>

interface ThreadRun {
  readonly figures: Figures
  readonly threads: readonly ThreadTime[]
  /** Holds a profile of each JavaScript thread, if it was asked for, until the stage is closed. */
  readonly profileDirectory: string
}

async function profile({ cases, keepDirectory }: Plan): Promise<void> {
  for (const work of cases) {
    const stage = await work.open()
    try {
      if (stage.runClient === undefined) continue
      console.log(`\n### ${work.title}`)
      // What the profiler costs itself is not in these figures.
      console.log(`\n${describeThreads(await runWatched(stage.runClient, false))}`)
      console.log(`\n${await describeProfiles(stage.runClient, keepDirectory)}`)
    } finally {
      await stage.close()
    }
  }
}

async function runWatched(run: RunClient, isProfiled: boolean): Promise<ThreadRun> {
  let [pidFile, profileDirectory] = ['', '']
  const times = new ThreadTimes(() => readPid(pidFile))
  try {
    const figures = await run((entry) => {
      pidFile = join(entry.course.lab.newDirectory('profiled'), 'pid')
      profileDirectory = entry.course.lab.newDirectory('profiles')
      const command = nodeCommand(isProfiled ? profileDirectory : undefined)
      return leavingPid(pidFile, torrentDl(command, entry))
    })
    return { figures, threads: times.threads, profileDirectory }
  } finally {
    times.stop()
  }
}

function describeThreads({ figures, threads }: ThreadRun): string {
  const { wallSeconds = NaN, userSeconds = NaN, systemSeconds = NaN, peakRssBytes = NaN } = figures
  const row = (name: string, user: number, system: number): string[] => [
    ...[name, figure(user), figure(system), figure(user + system)],
    percent((user + system) / (userSeconds + systemSeconds)),
  ]
  const rest = (key: 'userSeconds' | 'systemSeconds'): number =>
    threads.reduce((left, thread) => left - thread[key], figures[key] ?? NaN)
  const table = markdownTable([
    ['thread', 'user s', 'sys s', 'cpu s', 'share'],
    ...threads.map((thread) => row(thread.name, thread.userSeconds, thread.systemSeconds)),
    row('not seen by the samples', rest('userSeconds'), rest('systemSeconds')),
    row('whole process', userSeconds, systemSeconds),
  ])
  return `Without profiler: wall ${figure(wallSeconds)} s, peak RSS ${figure(peakRssBytes / 1e6)} MB\n\n${table}`
}

async function describeProfiles(run: RunClient, keepDirectory: string | undefined): Promise<string> {
  const { figures, threads, profileDirectory } = await runWatched(run, true)
  if (keepDirectory !== undefined) cpSync(profileDirectory, keepDirectory, { recursive: true })
  const profiles = readdirSync(profileDirectory).map((file) => {
    const name = threadOf(file)
    const profile = JSON.parse(readFileSync(join(profileDirectory, file), 'utf8')) as CpuProfile
    const time = threads.find((thread) => thread.name === name)
    return describeProfile(name, summarize(profile, SOURCES), time)
  })
  const wall = figure(figures['wallSeconds'] ?? NaN)
  return [`Under --cpu-prof: wall ${wall} s; times in which the thread could run`, ...profiles].join('\n\n')
}

/** Node calls it CPU.DATE.TIME.PID.THREAD.N.cpuprofile */
function threadOf(fileName: string): string {
  const thread = fileName.split('.')[4]
  return thread === '0' ? 'js-main' : `js-worker-${thread ?? '?'}`
}

/** @param time of the thread, as the system counted it in that run */
function describeProfile(thread: string, summary: ProfileSummary, time: ThreadTime | undefined): string {
  const { userSeconds = 0, systemSeconds = 0, waitingSeconds = 0 } = time ?? {}
  const { busySeconds, categories, functions } = summary
  // The profile's time goes on while another thread has the core.
  const outside = Math.max(0, userSeconds + systemSeconds + waitingSeconds - busySeconds)
  const total = busySeconds + outside
  const row = ([name, seconds]: readonly [string, number]): string[] => [
    ...[name, figure(seconds), percent(seconds / total)],
  ]
  const outsideRow = ['receive, event loop (the rest of its time)', outside] as const
  return [
    markdownTable([
      [`${thread}: what`, 's', 'share'],
      ...[...categories, outsideRow].sort((a, b) => b[1] - a[1]).map(row),
    ]),
    markdownTable([
      [`${thread}: our functions`, 's', 'share'],
      ...functions.slice(0, FUNCTIONS_SHOWN).map(row),
    ]),
  ].join('\n\n')
}

function nodeCommand(profileDirectory: string | undefined): string[] {
  return [
    ...[process.execPath, '--require', join(projectDirectory, 'bench/profile/name-threads.cjs')],
    ...(profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`]),
    compiledPath('bench/profile/unbundled'),
  ]
}

/** The same client, whose process id is in `file` while it runs. */
function leavingPid(file: string, client: Client): Client {
  return {
    ...client,
    launch: (job) => {
      const launch = client.launch(job)
      return { ...launch, command: ['sh', '-c', 'echo $$ >"$0"; exec "$@"', file, ...launch.command] }
    },
  }
}

function readPid(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch {
    // It has not been started yet.
    return undefined
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function parseCommandLine(): Plan | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      case: { type: 'string', default: '' },
      divide: { type: 'string', default: '1' },
      keep: { type: 'string' },
    },
  })
  const [id = 'W1', ...more] = positionals
  const workload = WORKLOADS.find((candidate) => candidate.id === id)
  const divisor = Number(values.divide)
  if (workload === undefined || more.length > 0 || !Number.isInteger(divisor) || divisor <= 0)
    return undefined
  const options = { isQuick: false, isHuge: false, otherClients: [], divisor }
  const cases = workload.cases(options).filter(({ title }) => title.includes(values.case))
  return { cases, keepDirectory: values.keep }
}

const plan = parseCommandLine()
if (plan === undefined) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  await profile(plan)
}
