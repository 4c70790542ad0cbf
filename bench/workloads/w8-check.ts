/** W8: everything is there already and has to be checked, with a warm cache and without any record of it. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { Course } from '../course/course.ts'
import { checker } from '../contenders.ts'
import { singleFile } from './download-case.ts'
import { COST_COLUMNS, COST_RATIOS, GIB, MIB } from './workload.ts'
import type { Stage, Workload } from './workload.ts'

async function open(totalBytes: number): Promise<Stage> {
  const course = await Course.open({ peers: [{}], torrents: singleFile(totalBytes, MIB) })
  const [torrent] = course.torrents
  return {
    run: async (contender) =>
      course.run(checker(contender, { course, torrents: course.torrents }), {
        prepare: (directory) => {
          copyFileSync(torrent!.payloadFile, join(directory, torrent!.files[0]!))
        },
      }),
    close: async () => course.close(),
  }
}

export const w8: Workload = {
  id: 'W8',
  what: 'checking 1 GiB that is there',
  cases: ({ divisor }) => [
    {
      title: `${GIB / divisor / MIB} MiB in pieces of 1 MiB, all there, in memory (the floor: one core)`,
      contenders: ['floor', 'torrent-dl', 'libtorrent', 'libtorrent-tuned', 'aria2'],
      rounds: 5,
      columns: COST_COLUMNS,
      ratios: COST_RATIOS,
      targets: [
        { text: 'wall <= 0.6 x libtorrent', key: 'wallSeconds', over: 'libtorrent' },
        { text: 'wall <= 0.6 x libtorrent-tuned', key: 'wallSeconds', over: 'libtorrent-tuned' },
      ],
      open: async () => open(GIB / divisor),
    },
  ],
}
