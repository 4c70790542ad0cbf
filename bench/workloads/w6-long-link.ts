/**
 * W6: 100 and 200 ms round trip at 500 Mbit/s; seeders with a large send buffer.
 * aria2 is left out: it may keep six requests open for the whole of a download here, and then needs many minutes.
 */
import type { Course, Figures } from '../course/course.ts'
import { downloadCase, singleFile } from './download-case.ts'
import { CPU, MIB, RSS, WALL } from './workload.ts'
import type { Case, Column, Target, Workload } from './workload.ts'

const BYTES_PER_SECOND = 62.5e6
const SEND_BUFFER_BYTES = 64 * MIB
/** What libtorrent and transmission say when they seed. */
const REQQ = 2000
const CONTENDERS = ['torrent-dl', 'libtorrent', 'libtorrent-tuned']
const FULL = 0.9

const COLUMNS: readonly Column[] = [
  { key: 'linkShare', title: '% of link in s 3-4', scale: 100, better: 'high' },
  { key: 'secondsToFull', title: 's to 90 %' },
  { key: 'peakMegabytesPerSecond', title: 'best s MB/s', better: 'high', shows: 'best' },
  { key: 'firstRequestSeconds', title: 'first request s', shows: 'best' },
  WALL,
  CPU,
  RSS,
]

const TARGETS: readonly Target[] = [
  { text: '>= 90 % of the link within 3 s of the first byte', key: 'secondsToFull', unit: 's' },
  {
    text: '>= 90 % of the link in the second after that',
    key: 'linkShare',
    scale: 100,
    better: 'high',
    unit: '%',
  },
]

type Report = readonly [at: number, bytes: number]

/** Bytes that had arrived by then, headers included. */
function deliveredAt(reports: readonly Report[], at: number): number {
  const after = reports.findIndex(([time]) => time >= at)
  if (after === -1) return reports.at(-1)?.[1] ?? 0
  const [later, more] = reports[after]!
  const [earlier, less] = reports[after - 1] ?? [later - 1, 0]
  return less + ((more - less) * (at - earlier)) / (later - earlier)
}

/**
 * How the link filled from the first byte of payload on, which comes a round trip after its request arrived there:
 * the second that begins 3 s later, when the first second began in which it was full, and the fullest second.
 */
function linkFigures(figures: Figures, { linkReports }: Course, roundTripMs: number): Figures {
  const { firstRequestAt = NaN, endedAt = NaN } = figures
  const firstByteAt = firstRequestAt + roundTripMs / 2000
  const shareFrom = (at: number): number =>
    (deliveredAt(linkReports, at + 1) - deliveredAt(linkReports, at)) / BYTES_PER_SECOND
  const starts = linkReports.map(([at]) => at).filter((at) => at >= firstByteAt - 0.1 && at + 1 <= endedAt)
  const full = starts.find((at) => shareFrom(at) >= FULL)
  return {
    linkShare: firstByteAt + 4 > endedAt ? NaN : shareFrom(firstByteAt + 3),
    secondsToFull: full === undefined ? NaN : Math.max(0, full - firstByteAt),
    peakMegabytesPerSecond: (Math.max(0, ...starts.map(shareFrom)) * BYTES_PER_SECOND) / 1e6,
  }
}

interface LongLink {
  readonly totalBytes: number
  readonly roundTripMs: number
  readonly lossRatio?: number
  readonly seederCount?: number
  /** Undefined: the seeders say nothing of how many requests they take, as most clients but libtorrent's. */
  readonly reqq?: number
  readonly otherClients?: readonly string[]
}

function titleOf({ totalBytes, roundTripMs, lossRatio = 0, seederCount = 1, reqq }: LongLink): string {
  return [
    ...[`${totalBytes / MIB} MiB`, 'pieces of 1 MiB', `${roundTripMs} ms round trip`, '500 Mbit/s'],
    ...(lossRatio > 0 ? [`${lossRatio * 100} % of packets lost`] : []),
    ...(seederCount > 1 ? [`${seederCount} seeders`] : []),
    ...(reqq === undefined ? ['no reqq said'] : []),
  ].join(', ')
}

function linkCase(plan: LongLink): Case {
  const { totalBytes, roundTripMs, lossRatio = 0, seederCount = 1, reqq, otherClients = [] } = plan
  return downloadCase({
    title: titleOf(plan),
    contenders: [...CONTENDERS, ...otherClients],
    rounds: 2,
    columns: COLUMNS,
    ratios: [],
    targets: TARGETS,
    course: {
      peers: Array.from({ length: seederCount }, () => ({})),
      torrents: singleFile(totalBytes, MIB),
      ...(reqq !== undefined && { reqq }),
      sendBufferBytes: SEND_BUFFER_BYTES,
      link: {
        interfaceName: 'wan0',
        roundTripMs,
        bytesPerSecond: BYTES_PER_SECOND,
        // What the line carries in one round trip: a router with a full-size buffer.
        queueBytes: (BYTES_PER_SECOND * roundTripMs) / 1000,
        lossRatio,
      },
    },
    also: (figures, course) => linkFigures(figures, course, roundTripMs),
  })
}

export const w6: Workload = {
  id: 'W6',
  what: '100 and 200 ms round trip at 500 Mbit/s: one and four seeders, with and without reqq, with and without loss',
  cases: ({ divisor, isHuge, otherClients }) => {
    const totalBytes = (512 * MIB) / divisor
    return [
      linkCase({ totalBytes, roundTripMs: 100, reqq: REQQ, otherClients }),
      linkCase({ totalBytes, roundTripMs: 200, reqq: REQQ, otherClients }),
      linkCase({ totalBytes, roundTripMs: 200 }),
      linkCase({ totalBytes, roundTripMs: 200, reqq: REQQ, seederCount: 4 }),
      linkCase({ totalBytes, roundTripMs: 200, reqq: REQQ, lossRatio: 0.001 }),
      ...(isHuge ? [linkCase({ totalBytes, roundTripMs: 200, reqq: REQQ, lossRatio: 0.01 })] : []),
    ]
  },
}
