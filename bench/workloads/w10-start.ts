/** W10: how long it takes to start, to send a first packet, and to end. Everything in milliseconds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Course } from '../course/course.ts'
import type { Figures } from '../course/course.ts'
import { commandIn, torrentDl } from '../contenders.ts'
import { runNow } from '../../test/interop/support/processes.ts'
import { projectDirectory } from '../../test/interop/support/project.ts'
import { costing } from '../../test/interop/support/run-cost.ts'
import type { RunCost } from '../../test/interop/support/run-cost.ts'
import { downloadCase, singleFile } from './download-case.ts'
import { MIB, RSS } from './workload.ts'
import type { Case, Column, Stage, Workload } from './workload.ts'

const MS = 1000

const OURS = commandIn(projectDirectory)
const NODE = 'node -e 0'
const COMMANDS: ReadonlyMap<string, readonly string[]> = new Map([
  [NODE, [process.execPath, '-e', '0']],
  ['torrent-dl --version', [...OURS, '--version']],
  ['torrent-dl --help', [...OURS, '--help']],
  ['aria2c --version', ['aria2c', '--version']],
])

async function openCommands(): Promise<Stage> {
  // For the folder, which is removed at the end.
  const course = await Course.open({ peers: [{}], torrents: singleFile(MIB, MIB) })
  const costFile = join(course.lab.directory, 'cost')
  return {
    run: async (contender) => {
      runNow(costing(costFile, COMMANDS.get(contender)!))
      const cost = JSON.parse(readFileSync(costFile, 'utf8')) as RunCost
      const cpuSeconds = cost.userSeconds + cost.systemSeconds
      return Promise.resolve({ wallSeconds: cost.wallSeconds, cpuSeconds, peakRssBytes: cost.peakRssBytes })
    },
    close: async () => course.close(),
  }
}

const commandsCase: Case = {
  title: 'commands that only print',
  contenders: [...COMMANDS.keys()],
  rounds: 20,
  columns: [
    { key: 'wallSeconds', title: 'wall ms', scale: MS },
    { key: 'cpuSeconds', title: 'cpu ms', scale: MS },
    RSS,
  ],
  ratios: [{ key: 'wallSeconds', over: NODE, title: 'wall/node' }],
  targets: [
    {
      text: '--version <= 1.6 x node -e 0',
      key: 'wallSeconds',
      of: 'torrent-dl --version',
      over: NODE,
    },
  ],
  open: openCommands,
}

const COLUMNS: readonly Column[] = [
  { key: 'firstPacketSeconds', title: 'first packet ms', scale: MS },
  { key: 'firstRequestSeconds', title: 'first request ms', scale: MS },
  { key: 'exitSeconds', title: 'exit after last write ms', scale: MS },
  { key: 'wallSeconds', title: 'wall ms', scale: MS },
  { key: 'cpuSeconds', title: 'cpu ms', scale: MS },
  RSS,
]

const smallDownloadCase: Case = downloadCase({
  title:
    '16 MiB from one unlimited seeder: from exec to the first packet and request, from the last write to the end',
  contenders: ['torrent-dl', 'libtorrent', 'aria2'],
  rounds: 10,
  columns: COLUMNS,
  ratios: [],
  targets: [
    { text: 'exec to first packet <= 100 ms', key: 'firstPacketSeconds', scale: MS, unit: 'ms' },
    { text: 'exit <= 50 ms after the last write', key: 'exitSeconds', scale: MS, unit: 'ms' },
  ],
  course: { peers: [{}], torrents: singleFile(16 * MIB, 256 * 1024) },
})

const namedPeerCase: Case = {
  ...smallDownloadCase,
  title: 'the same with the seeder named by --peer',
  contenders: ['torrent-dl'],
  rounds: 10,
  targets: [],
  open: async () => {
    const course = await Course.open({ peers: [{}], torrents: singleFile(16 * MIB, 256 * 1024) })
    const { address, port } = course.seeder
    const entry = { course, torrents: course.torrents }
    return {
      run: async (): Promise<Figures> =>
        course.run(torrentDl(commandIn(projectDirectory), entry, ['--peer', `${address}:${port}`])),
      close: async () => course.close(),
    }
  },
}

export const w10: Workload = {
  id: 'W10',
  what: 'start and end',
  cases: () => [commandsCase, smallDownloadCase, namedPeerCase],
}
