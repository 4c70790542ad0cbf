/** W4: a hundred slow peers and two fast ones; the same with ten that fall silent before the end. */
import type { SeederPeer } from '../course/course.ts'
import { downloadCase, singleFile } from './download-case.ts'
import { againstBound, boundSeconds, SWARM_COLUMNS, SWARM_TARGETS } from './rate-bound.ts'
import { MIB } from './workload.ts'
import type { BenchOptions, Case, Workload } from './workload.ts'

const SLOW: SeederPeer = { bytesPerSecond: 256e3 }
const FAST: SeederPeer = { bytesPerSecond: 12.5e6 }
const SLOW_COUNT = 100
const FAST_COUNT = 2
const STALLING_COUNT = 10
/** Of what a peer would send, had it gone on. */
const STALL_AT = 0.9

function swarm(totalBytes: number, stallingCount: number): SeederPeer[] {
  const peers = [
    ...Array.from({ length: FAST_COUNT }, () => FAST),
    ...Array.from({ length: SLOW_COUNT + stallingCount }, () => SLOW),
  ]
  const { bytesPerSecond = 0 } = SLOW
  const stallAfterBytes = STALL_AT * bytesPerSecond * boundSeconds(totalBytes, peers)
  const stalling = Array.from({ length: stallingCount }, () => ({ ...SLOW, stallAfterBytes }))
  return [...peers.slice(0, FAST_COUNT + SLOW_COUNT), ...stalling]
}

function swarmCase({ divisor, otherClients }: BenchOptions, stallingCount: number): Case {
  const totalBytes = (512 * MIB) / divisor
  const peers = swarm(totalBytes, stallingCount)
  const bound = boundSeconds(totalBytes, peers)
  const stalling = stallingCount > 0 ? `, and ${stallingCount} more that fall silent at 90 %` : ''
  return downloadCase({
    title: `${totalBytes / MIB} MiB, pieces of 256 KiB, ${SLOW_COUNT} peers at 0.256 MB/s and ${FAST_COUNT} at 12.5 MB/s${stalling} (bound ${bound.toFixed(2)} s)`,
    contenders: ['torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2', ...otherClients],
    rounds: 3,
    columns: SWARM_COLUMNS,
    ratios: [],
    targets: SWARM_TARGETS,
    course: { peers, torrents: singleFile(totalBytes, 256 * 1024) },
    also: (figures) => againstBound(figures, bound),
  })
}

export const w4: Workload = {
  id: 'W4',
  what: 'a hundred slow peers and two fast ones, and some that fall silent',
  cases: (options) => [swarmCase(options, 0), swarmCase(options, STALLING_COUNT)],
}
