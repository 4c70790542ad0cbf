/**
 * LIM: a download limit, how exact and how smooth, and an upload limit the same. A short line counts what it delivers each
 * 100 ms; of uploads the leechers count what they got.
 */
import { Course } from '../course/course.ts'
import type { Figures } from '../course/course.ts'
import { UploadCourse } from '../course/upload-course.ts'
import { limitedDownloader, limitedUploader } from '../contenders.ts'
import { singleFile } from './download-case.ts'
import { CPU, MIB, WALL } from './workload.ts'
import type { BenchOptions, Case, Column, Target, Workload } from './workload.ts'

const KIB = 1024
const SECONDS = 15
/** Connecting is over then, and the end not near. */
const [FROM_SECONDS, TO_SECONDS] = [2, 12]
const WINDOW_SECONDS = 0.5
/** IP, TCP with timestamps, and the length of a block's message, at 1500 bytes a packet. */
const PAYLOAD_SHARE = 1448 / 1500

const COLUMNS: readonly Column[] = [
  { key: 'errorPercent', title: '10 s off by %' },
  { key: 'spreadPercent', title: 'windows of 0.5 s: deviation %' },
  { key: 'worstPercent', title: 'fullest of them, % of limit' },
  WALL,
  CPU,
]

const TARGETS: readonly Target[] = [{ text: 'off by 5 % at the most', key: 'errorPercent', unit: '%' }]

/** Bytes that had arrived by then, headers included. */
function deliveredAt(reports: Course['linkReports'], at: number): number {
  return reports.findLast(([time]) => time <= at)?.[1] ?? 0
}

function limitFigures({ firstRequestAt = NaN }: Figures, { linkReports }: Course, rate: number): Figures {
  return figuresOf((at) => deliveredAt(linkReports, firstRequestAt + at) * PAYLOAD_SHARE, rate)
}

/** @param payloadAt bytes that had come so many seconds after the begin */
function figuresOf(payloadAt: (seconds: number) => number, rate: number): Figures {
  const share = (from: number, to: number): number => (payloadAt(to) - payloadAt(from)) / (to - from) / rate
  const windows: number[] = []
  for (let at = FROM_SECONDS; at + WINDOW_SECONDS <= TO_SECONDS; at += WINDOW_SECONDS)
    windows.push(share(at, at + WINDOW_SECONDS))
  const mean = windows.reduce((sum, value) => sum + value, 0) / windows.length
  const variance = windows.reduce((sum, value) => sum + (value - mean) ** 2, 0) / windows.length
  return {
    errorPercent: 100 * Math.abs(share(FROM_SECONDS, TO_SECONDS) - 1),
    spreadPercent: 100 * Math.sqrt(variance),
    worstPercent: 100 * Math.max(...windows),
  }
}

function shownRate(bytesPerSecond: number): string {
  return bytesPerSecond < MIB ? `${bytesPerSecond / KIB} KiB/s` : `${bytesPerSecond / MIB} MiB/s`
}

function limitCase(bytesPerSecond: number, peerCount: number): Case {
  return {
    title: `${shownRate(bytesPerSecond)} from ${peerCount === 1 ? 'one seeder' : `${peerCount} seeders`}, ${SECONDS} s`,
    contenders: ['torrent-dl', 'aria2'],
    rounds: 1,
    columns: COLUMNS,
    ratios: [],
    targets: TARGETS,
    open: async () => {
      const course = await Course.open({
        peers: Array.from({ length: peerCount }, () => ({})),
        torrents: singleFile(Math.ceil((SECONDS * bytesPerSecond) / MIB) * MIB, 256 * KIB),
        link: {
          interfaceName: 'lan0',
          roundTripMs: 2,
          bytesPerSecond: 500e6,
          queueBytes: 16 * MIB,
          lossRatio: 0,
        },
      })
      const entry = { course, torrents: course.torrents }
      return {
        run: async (contender) => {
          const figures = await course.run(limitedDownloader(contender, entry, bytesPerSecond))
          return { ...figures, ...limitFigures(figures, course, bytesPerSecond) }
        },
        close: async () => course.close(),
      }
    },
  }
}

function uploadLimitCase(bytesPerSecond: number, leecherCount: number): Case {
  return {
    title: `${shownRate(bytesPerSecond)} to ${leecherCount === 1 ? 'one leecher' : `${leecherCount} leechers`}, ${TO_SECONDS} s`,
    contenders: ['torrent-dl', 'libtorrent'],
    rounds: 1,
    columns: COLUMNS,
    ratios: [],
    targets: TARGETS,
    open: async () => {
      const course = await UploadCourse.open({
        totalBytes: Math.ceil((SECONDS * bytesPerSecond) / MIB) * MIB,
        pieceLength: 256 * KIB,
        leecherCount,
        isShuffled: true,
        seconds: TO_SECONDS,
      })
      return {
        run: async (contender) => {
          const figures = await course.run(limitedUploader(contender, bytesPerSecond))
          const payloadAt = (seconds: number): number => course.samples[Math.round(10 * seconds) - 1] ?? NaN
          return { ...figures, ...figuresOf(payloadAt, bytesPerSecond) }
        },
        close: async () => course.close(),
      }
    },
  }
}

export const limit: Workload = {
  id: 'LIM',
  what: 'a download or upload limit of 100 KiB/s, 5 and 50 MiB/s: off by how much over 10 s, how smooth',
  cases: (_options: BenchOptions) => [
    limitCase(100 * KIB, 1),
    limitCase(100 * KIB, 20),
    limitCase(5 * MIB, 1),
    limitCase(5 * MIB, 20),
    limitCase(50 * MIB, 20),
    uploadLimitCase(100 * KIB, 1),
    uploadLimitCase(100 * KIB, 4), // more would wait for a slot: each gets a block a second
    uploadLimitCase(5 * MIB, 1),
    uploadLimitCase(5 * MIB, 8),
    uploadLimitCase(50 * MIB, 8),
  ],
}
