/** The least time a swarm of limited peers needs, and the columns that are read against it. */
import type { Figures, SeederPeer } from '../course/course.ts'
import { CPU, RSS, WALL } from './workload.ts'
import type { Column, Target } from './workload.ts'

export const SWARM_COLUMNS: readonly Column[] = [
  WALL,
  { key: 'wallOverBound', title: 'wall/bound' },
  { key: 'transferOverBound', title: 'transfer/bound' },
  { key: 'tailSeconds', title: '99-100 % s' },
  { key: 'firstRequestSeconds', title: 'first request s' },
  CPU,
  RSS,
]

export const SWARM_TARGETS: readonly Target[] = [
  { text: 'wall <= 1.05 x (bytes / sum of rates)', key: 'wallOverBound' },
  { text: '99 % to 100 % <= 0.3 s', key: 'tailSeconds', unit: 's' },
]

/** The whole process, and only from the first request to the last block, each against the bound. */
export function againstBound({ wallSeconds = NaN, transferSeconds = NaN }: Figures, bound: number): Figures {
  return { wallOverBound: wallSeconds / bound, transferOverBound: transferSeconds / bound }
}

/** T where all peers together have sent `totalBytes`: bytes / sum of rates, or later where some fall silent. */
export function boundSeconds(totalBytes: number, peers: readonly SeederPeer[]): number {
  const sentBy = (seconds: number): number =>
    peers.reduce(
      (sum, { bytesPerSecond = Infinity, stallAfterBytes = Infinity }) =>
        sum + Math.min(bytesPerSecond * seconds, stallAfterBytes),
      0,
    )
  let [early, late] = [0, 1]
  while (sentBy(late) < totalBytes) late *= 2
  for (let i = 0; i < 50; i += 1) {
    const middle = (early + late) / 2
    if (sentBy(middle) < totalBytes) early = middle
    else late = middle
  }
  return late
}
