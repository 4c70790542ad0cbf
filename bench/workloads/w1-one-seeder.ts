/** W1: one file from one seeder that nobody waits for, and the same at the pace of a gigabit line. */
import type { SeederPeer } from '../course/course.ts'
import { DOWNLOADERS } from '../contenders.ts'
import { downloadCase, singleFile } from './download-case.ts'
import { GIB, GIGABIT_PAYLOAD_BYTES_PER_SECOND, MIB } from './workload.ts'
import type { BenchOptions, Case, Target, Workload } from './workload.ts'

const KIB = 1024

const UNLIMITED_TARGETS: readonly Target[] = [
  { text: 'wall <= 1.15 x floor', key: 'wallSeconds', over: 'floor' },
  { text: 'wall <= 0.75 x libtorrent', key: 'wallSeconds', over: 'libtorrent' },
  { text: 'cpu <= 1.6 x floor', key: 'cpuSeconds', over: 'floor' },
  { text: 'cpu <= 0.85 x libtorrent', key: 'cpuSeconds', over: 'libtorrent' },
  { text: 'peak RSS <= 100 MB', key: 'peakRssBytes', scale: 1e-6, unit: 'MB', isWorst: true },
]

const GIGABIT_TARGETS: readonly Target[] = [
  { text: 'cpu <= 1.35 x floor', key: 'cpuSeconds', over: 'floor' },
  { text: 'cpu <= 1 x aria2', key: 'cpuSeconds', over: 'aria2' },
  { text: 'cpu <= 0.35 x libtorrent', key: 'cpuSeconds', over: 'libtorrent' },
]

interface OneSeeder {
  readonly totalBytes: number
  readonly pieceLength: number
  readonly peer?: SeederPeer
  readonly rounds: number
  readonly targets: readonly Target[]
  readonly contenders: readonly string[]
}

export function oneSeederCase({ totalBytes, pieceLength, peer = {}, ...work }: OneSeeder): Case {
  const { bytesPerSecond } = peer
  const rate = bytesPerSecond === undefined ? 'unlimited' : `at ${bytesPerSecond / 1e6} MB/s`
  return downloadCase({
    ...work,
    title: `${totalBytes / MIB} MiB, pieces of ${pieceLength / KIB} KiB, one seeder, ${rate}`,
    course: { peers: [peer], torrents: singleFile(totalBytes, pieceLength) },
  })
}

function cases({ isQuick, divisor, otherClients }: BenchOptions): Case[] {
  const contenders = DOWNLOADERS
  const unlimited = { contenders, targets: UNLIMITED_TARGETS }
  if (isQuick) {
    const size = { totalBytes: (256 * MIB) / divisor, pieceLength: 256 * KIB }
    return [oneSeederCase({ ...unlimited, ...size, rounds: 3 })]
  }
  const totalBytes = GIB / divisor
  const gigabit = { bytesPerSecond: GIGABIT_PAYLOAD_BYTES_PER_SECOND }
  return [
    oneSeederCase({ ...unlimited, totalBytes, pieceLength: 256 * KIB, rounds: 5 }),
    oneSeederCase({ ...unlimited, totalBytes, pieceLength: MIB, rounds: 3 }),
    oneSeederCase({ ...unlimited, totalBytes, pieceLength: 4 * MIB, rounds: 3 }),
    oneSeederCase({
      totalBytes: totalBytes / 2,
      pieceLength: 256 * KIB,
      peer: gigabit,
      rounds: 5,
      targets: GIGABIT_TARGETS,
      contenders,
    }),
    ...(otherClients.length > 0
      ? [
          oneSeederCase({
            totalBytes: totalBytes / 4,
            pieceLength: 256 * KIB,
            rounds: 2,
            targets: [],
            contenders: ['floor', 'torrent-dl', ...otherClients],
          }),
        ]
      : []),
  ]
}

export const w1: Workload = {
  id: 'W1',
  what: '1 GiB from one seeder, unlimited and at a gigabit',
  cases,
}
