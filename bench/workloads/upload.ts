/** UP: the other direction. One who has it all gives 1 GiB to leechers that nobody waits for. */
import { UploadCourse } from '../course/upload-course.ts'
import type { UploadPlan } from '../course/upload-course.ts'
import { uploader } from '../contenders.ts'
import { COST_COLUMNS, COST_RATIOS, GIB, MIB } from './workload.ts'
import type { BenchOptions, Case, Target, Workload } from './workload.ts'

const KIB = 1024

const TARGETS: readonly Target[] = [
  { text: 'cpu <= 1 x libtorrent', key: 'cpuSeconds', over: 'libtorrent' },
  { text: 'cpu <= 1 x libtorrent-tuned', key: 'cpuSeconds', over: 'libtorrent-tuned' },
  { text: 'wall <= 1.25 x libtorrent', key: 'wallSeconds', over: 'libtorrent' },
  { text: 'peak RSS <= 120 MB', key: 'peakRssBytes', scale: 1e-6, unit: 'MB', isWorst: true },
]

function uploadCase(plan: UploadPlan, contenders: readonly string[]): Case {
  const { totalBytes, pieceLength, leecherCount, bytesPerSecond, openRequests, isShuffled, idleCount } = plan
  const title = [
    `${totalBytes / MIB} MiB to ${leecherCount === 1 ? 'one leecher' : `each of ${leecherCount} leechers`}`,
    `pieces of ${pieceLength / KIB} KiB${isShuffled ? ' in random order' : ''}`,
    ...(openRequests === undefined ? [] : [`${openRequests} requests open`]),
    ...(idleCount === undefined ? [] : [`${idleCount} more connected`]),
    bytesPerSecond === undefined ? 'unlimited' : `at ${bytesPerSecond / 1e6} MB/s`,
  ]
  return {
    title: title.join(', '),
    contenders,
    rounds: 5,
    columns: COST_COLUMNS,
    ratios: COST_RATIOS,
    targets: TARGETS,
    open: async () => {
      const course = await UploadCourse.open(plan)
      return {
        run: async (contender) => course.run(uploader(contender)),
        close: async () => course.close(),
      }
    },
  }
}

function cases({ divisor, otherClients }: BenchOptions): Case[] {
  const contenders = ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned']
  // webtorrent has no command that seeds and is told where
  const others = otherClients.filter((name) => name !== 'webtorrent')
  const all = others.length > 0 ? [...contenders, 'aria2', ...others] : contenders
  const totalBytes = GIB / divisor
  return [
    uploadCase({ totalBytes, pieceLength: 256 * KIB, leecherCount: 1, isShuffled: false }, all),
    uploadCase({ totalBytes, pieceLength: 4 * MIB, leecherCount: 1, isShuffled: true }, contenders),
    uploadCase(
      { totalBytes: totalBytes / 4, pieceLength: 256 * KIB, leecherCount: 4, isShuffled: true },
      contenders,
    ),
    uploadCase(
      { totalBytes: totalBytes / 4, pieceLength: 16 * KIB, leecherCount: 1, isShuffled: true },
      contenders,
    ),
    uploadCase(
      {
        ...{ totalBytes: totalBytes / 16, pieceLength: MIB, leecherCount: 8, isShuffled: true },
        ...{ bytesPerSecond: 12.5e6, openRequests: 64 },
      },
      contenders,
    ),
    uploadCase(
      {
        ...{ totalBytes: totalBytes / 4, pieceLength: 256 * KIB, leecherCount: 8, isShuffled: true },
        idleCount: 92,
      },
      ['torrent-dl'], // libtorrent chokes one of the eight for one of the others
    ),
  ]
}

export const upload: Workload = {
  id: 'UP',
  what: 'uploading 1 GiB, to one, to four at once, to eight at their pace, to eight of a hundred',
  cases,
}
