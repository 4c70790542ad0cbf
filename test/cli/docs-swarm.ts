/** What the commands of README.md and docs/ find: some .torrent files, and a swarm on this machine that has their data. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { makeTorrent } from '../support/make-torrent.ts'
import type { MadeTorrent, TorrentSpec } from '../support/make-torrent.ts'
import { seedAll } from './local-seed.ts'

/** By the name of the .torrent. */
const SPECS: Readonly<Record<string, TorrentSpec>> = {
  linux: { name: 'linux.bin' },
  a: { name: 'a.bin', seed: 2 },
  b: { name: 'b.bin', seed: 3 },
  dataset: {
    name: 'dataset',
    seed: 4,
    files: [
      { path: 'README.txt', length: 500 },
      { path: 'train/part-0.csv', length: 60_000 },
      { path: 'train/part-1.csv', length: 70_000 },
      { path: 'test/part-0.csv', length: 30_000 },
      { path: 'video.mkv', length: 200_000 },
    ],
  },
}

export interface DocsSwarm {
  /** An empty directory but for the .torrent files. */
  readonly root: string
  readonly torrents: Readonly<Record<string, MadeTorrent>>
}

/** Each torrent has a tracker that names the seed. */
export async function withDocsSwarm(use: (swarm: DocsSwarm) => Promise<void>): Promise<void> {
  let seedPort = 0
  const tracker = createServer((_request, response) => {
    const peers = Buffer.from([127, 0, 0, 1, seedPort >> 8, seedPort & 0xff])
    response.end(Buffer.concat([Buffer.from('d8:intervali1800e5:peers6:'), peers, Buffer.from('e')]))
  })
  tracker.listen(0, '127.0.0.1')
  await once(tracker, 'listening')
  const trackers = [[`http://127.0.0.1:${(tracker.address() as AddressInfo).port}/announce`]]
  const torrents = Object.fromEntries(
    Object.entries(SPECS).map(([name, spec]) => [name, makeTorrent({ ...spec, trackers })]),
  )
  try {
    await seedAll(Object.values(torrents), async ({ root, port }) => {
      seedPort = port
      for (const [name, { bytes }] of Object.entries(torrents)) {
        writeFileSync(join(root, `${name}.torrent`), bytes)
      }
      await use({ root, torrents })
    })
  } finally {
    tracker.closeAllConnections()
    tracker.close()
    await once(tracker, 'close')
  }
}
