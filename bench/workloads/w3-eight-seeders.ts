/** W3: eight seeders on eight addresses, as fast as they go and at a rate each. */
import { downloadCase, singleFile } from './download-case.ts'
import { againstBound, boundSeconds, SWARM_COLUMNS, SWARM_TARGETS } from './rate-bound.ts'
import { AHEAD_TARGETS, GIB, MIB } from './workload.ts'
import type { Workload } from './workload.ts'

const SEEDERS = 8
const BYTES_PER_SECOND = 12.5e6
const CONTENDERS = ['torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2']

export const w3: Workload = {
  id: 'W3',
  what: 'eight seeders, unlimited and at 12.5 MB/s each',
  cases: ({ divisor }) => {
    const [fastBytes, limitedBytes] = [GIB / divisor, GIB / 2 / divisor]
    const limited = Array.from({ length: SEEDERS }, () => ({ bytesPerSecond: BYTES_PER_SECOND }))
    const bound = boundSeconds(limitedBytes, limited)
    return [
      downloadCase({
        title: `${fastBytes / MIB} MiB, pieces of 1 MiB, ${SEEDERS} seeders, unlimited`,
        contenders: ['floor', ...CONTENDERS],
        rounds: 5,
        targets: AHEAD_TARGETS,
        course: { peers: Array.from(limited, () => ({})), torrents: singleFile(fastBytes, MIB) },
      }),
      downloadCase({
        title: `${limitedBytes / MIB} MiB, pieces of 1 MiB, ${SEEDERS} seeders at ${BYTES_PER_SECOND / 1e6} MB/s each (bound ${bound.toFixed(2)} s)`,
        contenders: CONTENDERS,
        rounds: 3,
        columns: SWARM_COLUMNS,
        ratios: [],
        targets: SWARM_TARGETS,
        course: { peers: limited, torrents: singleFile(limitedBytes, MIB) },
        also: (figures) => againstBound(figures, bound),
      }),
    ]
  },
}
