/** W11: CPU per byte over the number of pieces, of peers, of torrents and of files, and the exponent that fits. */
import { commandIn, torrentDl } from '../contenders.ts'
import { Course } from '../course/course.ts'
import type { CoursePlan } from '../course/course.ts'
import { makeTorrent } from '../course/torrents.ts'
import type { BenchTorrent } from '../course/torrents.ts'
import { projectDirectory } from '../../test/interop/support/project.ts'
import { figureSpread, growthExponent } from '../report/figures.ts'
import { manyTorrents, SMALL_TORRENT_BYTES } from './w7-many-torrents.ts'
import { COST_COLUMNS, GIB, GIGABIT_PAYLOAD_BYTES_PER_SECOND, MIB } from './workload.ts'
import type { BenchOptions, Case, Column, Results, Workload } from './workload.ts'

/** The cost of a download of next to nothing: what starting costs is not growth. */
const BASE = 'start (1 piece)'
const ROUNDS = 3
/** So that as many work at once as the row says. */
const OPTIONS = ['--max-peers', '1000']
const BLOCK = 16 * 1024

interface Growth {
  readonly title: string
  readonly course: CoursePlan
  /** n and which of the course's torrents (the first one is the base) are downloaded for it. */
  readonly points: readonly { readonly n: number; readonly torrents: readonly [first: number, end: number] }[]
}

const COLUMNS: readonly Column[] = [
  ...COST_COLUMNS,
  { key: 'cpuSecondsPerGib', title: 'cpu s/GiB' },
  // As the seeders counted them: whether there were as many as the row says.
  { key: 'connections', title: 'connections', better: 'high', shows: 'best' },
]

function growthCase({ title, course: plan, points }: Growth): Case {
  return {
    title: `growth over ${title}`,
    contenders: [BASE, ...points.map(({ n }) => String(n))],
    rounds: ROUNDS,
    columns: COLUMNS,
    ratios: [],
    targets: [],
    open: async () => {
      const course = await Course.open(plan)
      const bytesOf = new Map<string, number>()
      return {
        run: async (contender) => {
          const torrents = torrentsFor(contender, points, course.torrents)
          const totalBytes = torrents.reduce((sum, torrent) => sum + torrent.totalBytes, 0)
          bytesOf.set(contender, totalBytes)
          const client = torrentDl(commandIn(projectDirectory), { course, torrents }, OPTIONS)
          const figures = await course.run(client, { torrents })
          const perGib = contender === BASE ? NaN : (figures['cpuSeconds']! / totalBytes) * GIB
          return { ...figures, cpuSecondsPerGib: perGib }
        },
        conclude: (results) => [describeFit(results, points, bytesOf)],
        close: async () => course.close(),
      }
    },
  }
}

function torrentsFor(
  contender: string,
  points: Growth['points'],
  torrents: readonly BenchTorrent[],
): readonly BenchTorrent[] {
  const point = points.find(({ n }) => String(n) === contender)
  return point === undefined ? torrents.slice(0, 1) : torrents.slice(...point.torrents)
}

function describeFit(
  results: Results,
  points: Growth['points'],
  bytesOf: ReadonlyMap<string, number>,
): string {
  const cpuOf = (name: string): number => figureSpread(results.get(name) ?? [], 'cpuSeconds').best
  const base = cpuOf(BASE)
  const perByte = points.map(({ n }) => {
    const name = String(n)
    return [n, (cpuOf(name) - base) / (bytesOf.get(name) ?? NaN)] as const
  })
  const exponent = 1 + growthExponent(perByte)
  return `target exponent of cpu (without start) <= 1.05 where work grows with n, which is cpu per byte flat: ${exponent.toFixed(2)}`
}

function piecesGrowth({ divisor }: BenchOptions): Growth {
  const counts = [1_000, 10_000, 100_000].map((count) => Math.round(count / divisor))
  return {
    title: `pieces of 16 KiB, one seeder, unlimited`,
    course: {
      peers: [{}],
      torrents: async (place) => {
        const torrents = []
        for (const count of [1, ...counts]) {
          const content = count * BLOCK
          torrents.push(
            await makeTorrent({ ...place, name: `pieces-${count}.bin`, content, pieceLength: BLOCK }),
          )
        }
        return torrents
      },
    },
    points: counts.map((n, index) => ({ n, torrents: [index + 1, index + 2] })),
  }
}

/** However many they are, they send as fast together: so all of them are needed, and n is the only difference. */
function peersGrowth({ divisor }: BenchOptions): Growth {
  const counts = [1, 10, 100, 500]
  const ends = counts.map((_, index) => counts.slice(0, index + 1).reduce((sum, count) => sum + count, 0))
  const content = (512 * MIB) / divisor
  return {
    title: `peers, all seeders, ${GIGABIT_PAYLOAD_BYTES_PER_SECOND / 1e6} MB/s together, ${content / MIB} MiB in pieces of 256 KiB`,
    course: {
      peers: counts.flatMap((count) =>
        Array.from({ length: count }, () => ({ bytesPerSecond: GIGABIT_PAYLOAD_BYTES_PER_SECOND / count })),
      ),
      swarmOf: (index) => (index === 0 ? [0, 1] : [ends[index - 1]! - counts[index - 1]!, ends[index - 1]!]),
      torrents: async (place) => {
        const base = { ...place, name: 'start.bin', content: BLOCK, pieceLength: BLOCK }
        const torrents = [await makeTorrent(base)]
        for (const count of counts) {
          const name = `peers-${count}.bin`
          torrents.push(await makeTorrent({ ...place, name, content, pieceLength: 256 * 1024 }))
        }
        return torrents
      },
    },
    points: counts.map((n, index) => ({ n, torrents: [index + 1, index + 2] })),
  }
}

function torrentsGrowth({ divisor }: BenchOptions): Growth {
  const counts = [1, 10, 50, 200].map((count) => Math.max(1, Math.round(count / divisor)))
  return {
    title: `torrents of ${SMALL_TORRENT_BYTES / MIB} MiB, one seeder, unlimited`,
    course: {
      peers: [{}],
      torrents: async (place) => {
        const base = { ...place, name: 'start.bin', content: BLOCK, pieceLength: BLOCK }
        return [await makeTorrent(base), ...(await manyTorrents(Math.max(...counts))(place))]
      },
    },
    points: [...new Set(counts)].map((n) => ({ n, torrents: [1, 1 + n] })),
  }
}

function filesGrowth({ divisor, isHuge }: BenchOptions): Growth {
  const counts = [1_000, 10_000, ...(isHuge ? [100_000] : [])].map((count) => Math.round(count / divisor))
  return {
    title: 'files of 16 KiB, 100 in a folder, pieces of 256 KiB, one seeder, unlimited',
    course: {
      peers: [{}],
      torrents: async (place) => {
        const torrents = [
          await makeTorrent({ ...place, name: 'start.bin', content: BLOCK, pieceLength: BLOCK }),
        ]
        for (const count of counts) {
          const content = Array.from({ length: count }, (_, i) => ({
            path: [`folder-${Math.floor(i / 100)}`, `file-${i}.bin`],
            lengthBytes: BLOCK,
          }))
          torrents.push(
            await makeTorrent({ ...place, name: `files-${count}`, content, pieceLength: 256 * 1024 }),
          )
        }
        return torrents
      },
    },
    points: counts.map((n, index) => ({ n, torrents: [index + 1, index + 2] })),
  }
}

export const w11: Workload = {
  id: 'W11',
  what: 'growth: exponents over pieces, peers, torrents and files',
  cases: (options) =>
    [piecesGrowth, peersGrowth, torrentsGrowth, filesGrowth].map((growth) => growthCase(growth(options))),
}
