/** W8: everything is there already, or nearly, and has to be checked without any record of it. */
import { closeSync, copyFileSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { projectDirectory } from '../../test/interop/support/project.ts'
import { runNow } from '../../test/interop/support/processes.ts'
import { checker, commandIn, downloader, torrentDl } from '../contenders.ts'
import type { Entry } from '../contenders.ts'
import { Course } from '../course/course.ts'
import type { RunOptions } from '../course/course.ts'
import { singleFile } from './download-case.ts'
import { COST_COLUMNS, COST_RATIOS, GIB, MIB, US } from './workload.ts'
import type { Case, Stage, Target, Workload } from './workload.ts'

const TMPFS_MAGIC = 0x01021994
const WRONG_PIECES = [0.1, 0.5, 0.9]

type CheckedCourse = Course & { readonly payloadFile: string; readonly fileName: string }

async function openCourse(totalBytes: number): Promise<CheckedCourse> {
  const course = await Course.open({ peers: [{}], torrents: singleFile(totalBytes, MIB) })
  const [torrent] = course.torrents
  return Object.assign(course, { payloadFile: torrent!.payloadFile, fileName: torrent!.files[0]! })
}

async function openInMemory(totalBytes: number): Promise<Stage> {
  const course = await openCourse(totalBytes)
  const prepare: RunOptions['prepare'] = (directory) => {
    copyFileSync(course.payloadFile, join(directory, course.fileName))
  }
  return {
    run: async (contender) =>
      course.run(checker(contender, { course, torrents: course.torrents }), { prepare }),
    close: async () => course.close(),
  }
}

/** The file lies on the disk that this project lies on, and not in memory when a run begins. */
async function openOnDisk(totalBytes: number): Promise<Stage> {
  const course = await openCourse(totalBytes)
  const directory = join(projectDirectory, '.cache', `check-${process.pid}`)
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', remove)
  mkdirSync(directory, { recursive: true })
  if (statfsSync(directory).type === TMPFS_MAGIC) throw new Error(`${directory} is not on a disk`)
  const file = join(directory, course.fileName)
  copyFileSync(course.payloadFile, file)
  const prepare = (): void => {
    runNow(['sync', file])
    runNow(['dd', `if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
  }
  return {
    run: async (contender) =>
      course.run(checker(contender, { course, torrents: course.torrents }), { directory, prepare }),
    close: async () => {
      remove()
      await course.close()
    },
  }
}

/** Three pieces are wrong and have to be downloaded again; for us the file counts as somebody else's. */
async function openWithFaults(totalBytes: number): Promise<Stage> {
  const course = await openCourse(totalBytes)
  const repairer = (contender: string, entry: Entry): ReturnType<typeof checker> =>
    contender === US
      ? torrentDl(commandIn(projectDirectory), entry, ['--force'])
      : downloader(contender, entry)
  const prepare: RunOptions['prepare'] = (directory) => {
    const file = join(directory, course.fileName)
    copyFileSync(course.payloadFile, file)
    const fd = openSync(file, 'r+')
    for (const share of WRONG_PIECES) writeSync(fd, 'not what it was', Math.floor(totalBytes * share))
    closeSync(fd)
  }
  return {
    run: async (contender) =>
      course.run(repairer(contender, { course, torrents: course.torrents }), { prepare }),
    close: async () => course.close(),
  }
}

const OVER_LIBTORRENT: Target = { text: 'wall <= 0.6 x libtorrent', key: 'wallSeconds', over: 'libtorrent' }
const OUR_MEMORY: Target = {
  text: 'peak RSS <= 100 MB',
  key: 'peakRssBytes',
  scale: 1e-6,
  unit: 'MB',
  isWorst: true,
}

export const w8: Workload = {
  id: 'W8',
  what: 'checking 1 GiB that is there',
  cases: ({ divisor }) => {
    const totalBytes = GIB / divisor
    const size = `${totalBytes / MIB} MiB in pieces of 1 MiB`
    const common = { rounds: 5, columns: COST_COLUMNS, ratios: COST_RATIOS }
    const everybody = ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2']
    const cases: Case[] = [
      {
        ...common,
        title: `${size}, all there, in memory (the floor: one core)`,
        contenders: everybody,
        targets: [
          OVER_LIBTORRENT,
          { text: 'wall <= 0.6 x libtorrent-tuned', key: 'wallSeconds', over: 'libtorrent-tuned' },
          OUR_MEMORY,
        ],
        open: async () => openInMemory(totalBytes),
      },
      {
        ...common,
        title: `${size}, all there, on disk, nothing cached`,
        contenders: everybody,
        targets: [OVER_LIBTORRENT, OUR_MEMORY],
        open: async () => openOnDisk(totalBytes),
      },
      {
        ...common,
        title: `${size}, 3 of them wrong, in memory, one unlimited seeder`,
        contenders: ['torrent-dl', 'libtorrent', 'libtorrent-tuned'],
        ratios: COST_RATIOS.filter(({ over }) => over !== 'floor'),
        targets: [OVER_LIBTORRENT, OUR_MEMORY],
        open: async () => openWithFaults(totalBytes),
      },
    ]
    return cases
  },
}
