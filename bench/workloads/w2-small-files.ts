/** W2: 10,000 files of 20 to 27 KB in 100 folders. */
import type { PlannedFile } from '../../test/interop/support/big-torrent.ts'
import { makeTorrent } from '../course/torrents.ts'
import { downloadCase } from './download-case.ts'
import type { Workload } from './workload.ts'

const FOLDERS = 100
const FILES = 10_000
const SHORTEST = 20_000
const LONGEST = 27_000

function plannedFiles(count: number): PlannedFile[] {
  return Array.from({ length: count }, (_, i) => ({
    path: [`folder-${String(i % FOLDERS).padStart(3, '0')}`, `file-${String(i).padStart(5, '0')}.bin`],
    // The same each time, and in no order.
    lengthBytes: SHORTEST + ((i * 7919) % (LONGEST - SHORTEST)),
  }))
}

export const w2: Workload = {
  id: 'W2',
  what: '10,000 small files in 100 folders from one seeder',
  cases: ({ divisor }) => [
    downloadCase({
      title: `${Math.round(FILES / divisor)} files of 20-27 KB in ${FOLDERS} folders, pieces of 256 KiB, one seeder, unlimited`,
      contenders: ['torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2'],
      rounds: 5,
      targets: [
        { text: 'wall <= 1 x libtorrent', key: 'wallSeconds', over: 'libtorrent' },
        { text: 'cpu <= 1 x aria2', key: 'cpuSeconds', over: 'aria2' },
      ],
      ratios: [
        { key: 'wallSeconds', over: 'libtorrent', title: 'wall/lt' },
        { key: 'cpuSeconds', over: 'libtorrent', title: 'cpu/lt' },
        { key: 'cpuSeconds', over: 'aria2', title: 'cpu/aria2' },
      ],
      course: {
        peers: [{}],
        torrents: async (place) => [
          await makeTorrent({
            ...place,
            name: 'small-files',
            content: plannedFiles(Math.round(FILES / divisor)),
            pieceLength: 256 * 1024,
          }),
        ],
      },
    }),
  ],
}
