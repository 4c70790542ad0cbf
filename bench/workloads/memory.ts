/** Memory: peak RSS must not grow with the torrent. The payload is one unit of 64 MiB again and again. */
import { makeRepeatedTorrent } from '../course/torrents.ts'
import { downloadCase } from './download-case.ts'
import { CPU, GIB, MIB, RSS, WALL } from './workload.ts'
import type { Case, Workload } from './workload.ts'

const UNIT_BYTES = 64 * MIB

function memoryCase(totalBytes: number): Case {
  return downloadCase({
    title: `${totalBytes / GIB} GiB (a unit of 64 MiB repeated), pieces of 1 MiB, one seeder, unlimited`,
    contenders: ['torrent-dl'],
    rounds: 2,
    columns: [RSS, WALL, CPU],
    ratios: [],
    targets: [{ text: 'peak RSS <= 100 MB', key: 'peakRssBytes', scale: 1e-6, unit: 'MB', isWorst: true }],
    course: {
      peers: [{}],
      torrents: async (place) =>
        Promise.resolve([
          makeRepeatedTorrent({
            ...place,
            name: 'huge.bin',
            pieceLength: MIB,
            unitBytes: UNIT_BYTES,
            repeats: totalBytes / UNIT_BYTES,
          }),
        ]),
    },
  })
}

export const memory: Workload = {
  id: 'RSS',
  what: 'memory at 1 and 4 GiB (10 GiB with --huge)',
  cases: ({ divisor, isHuge }) => [
    memoryCase(GIB / divisor),
    memoryCase(((isHuge ? 10 : 4) * GIB) / divisor),
  ],
}
