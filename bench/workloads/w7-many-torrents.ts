/** W7: 200 torrents of 8 MiB at once. */
import type { CoursePlan } from '../course/course.ts'
import { makeTorrent } from '../course/torrents.ts'
import { downloadCase } from './download-case.ts'
import { AHEAD_TARGETS, MIB } from './workload.ts'
import type { Workload } from './workload.ts'

const TORRENTS = 200
export const SMALL_TORRENT_BYTES = 8 * MIB

export function manyTorrents(count: number): CoursePlan['torrents'] {
  return async (place) => {
    const torrents = []
    for (let i = 0; i < count; i += 1) {
      const name = `torrent-${String(i).padStart(3, '0')}.bin`
      torrents.push(
        await makeTorrent({ ...place, name, content: SMALL_TORRENT_BYTES, pieceLength: 256 * 1024 }),
      )
    }
    return torrents
  }
}

export const w7: Workload = {
  id: 'W7',
  what: '200 torrents of 8 MiB at once',
  cases: ({ divisor }) => {
    const count = Math.round(TORRENTS / divisor)
    return [
      downloadCase({
        title: `${count} torrents of 8 MiB, pieces of 256 KiB, one unlimited seeder (the floor: one after the other)`,
        contenders: ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2'],
        rounds: 3,
        targets: AHEAD_TARGETS,
        course: { peers: [{}], torrents: manyTorrents(count) },
      }),
    ]
  },
}
