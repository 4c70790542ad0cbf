/** W12: a torrent of 1 TiB: from exec to the first request, and the memory 3 s later. Nothing is downloaded. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Course } from '../course/course.ts'
import type { CoursePlan } from '../course/course.ts'
import { makeMetadataOnly } from '../course/torrents.ts'
import { downloader } from '../contenders.ts'
import { GIB, MIB, RSS } from './workload.ts'
import type { Case, Column, Stage, Workload } from './workload.ts'

const TIB = 1024 * GIB
const TOTAL_BYTES = TIB
/** More than the torrent: everybody looks whether it fits. */
const DISK_BYTES = 2 * TIB

const COLUMNS: readonly Column[] = [
  { key: 'firstRequestSeconds', title: 'first request ms', scale: 1000 },
  { key: 'cpuSeconds', title: 'cpu s' },
  { key: 'rssBytes', title: 'rss 3 s later MB', scale: 1e-6, shows: 'worst' },
  RSS,
]

function coursePlan(pieceLength: number): CoursePlan {
  return {
    // It answers the first requests it reads and then no more.
    peers: [{ stallAfterBytes: 1 }],
    torrents: async (place) =>
      Promise.resolve([
        makeMetadataOnly({ ...place, name: 'huge.bin', totalBytes: TOTAL_BYTES, pieceLength }),
      ]),
  }
}

async function open(pieceLength: number): Promise<Stage> {
  const course = await Course.open(coursePlan(pieceLength))
  try {
    const disk = course.lab.mountSparseDisk('disk', DISK_BYTES)
    return {
      run: async (contender) => {
        const directory = join(disk, contender)
        mkdirSync(directory)
        const client = downloader(contender, { course, torrents: course.torrents })
        try {
          return await course.runToFirstRequest(client, directory)
        } finally {
          rmSync(directory, { recursive: true })
        }
      },
      close: async () => course.close(),
    }
  } catch (error) {
    await course.close()
    throw error
  }
}

function metadataCase(pieceLength: number): Case {
  return {
    title: `1 TiB in ${TOTAL_BYTES / pieceLength} pieces of ${pieceLength / MIB} MiB, on a sparse disk`,
    contenders: ['torrent-dl', 'libtorrent', 'aria2'],
    rounds: 3,
    columns: COLUMNS,
    ratios: [],
    targets: [{ text: 'peak RSS <= 100 MB', key: 'peakRssBytes', scale: 1e-6, unit: 'MB', isWorst: true }],
    open: async () => open(pieceLength),
  }
}

export const w12: Workload = {
  id: 'W12',
  what: 'metadata of 1 TiB: start and memory',
  // There is no smaller one to try the bench with: it is quick as it is.
  cases: () => [metadataCase(16 * MIB), metadataCase(4 * MIB)],
}
