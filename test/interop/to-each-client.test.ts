/** Each real client downloads from us: one of our sessions seeds a torrent for each, through a real tracker. */
import { after, before, describe, it } from 'node:test'
import { join } from 'node:path'
import { CLIENTS, CLIENT_NAMES } from './support/clients.ts'
import { download } from './support/run-client.ts'
import { compiledPath } from './support/project.ts'
import { assertWhole, MIB, openSwarm } from './support/swarm.ts'
import type { Swarm } from './support/swarm.ts'
import type { RunningProcess } from './support/processes.ts'

describe('we seed 64 MiB and it is downloaded whole', { concurrency: true }, () => {
  let swarm: Swarm
  let ours: RunningProcess
  before(async () => {
    swarm = await openSwarm(
      CLIENT_NAMES.map((name) => ({ name: `to-${name}.bin`, content: 64 * MIB, pieceLength: 256 * 1024 })),
    )
    ours = startOurSeeder(swarm)
  })
  after(async () => swarm.lab.close())

  CLIENT_NAMES.forEach((name, index) => {
    it(`by ${name}`, async () => {
      const torrent = swarm.torrents[index]!
      await swarm.tracker.waitForSeeds(torrent, 1, [ours])
      const directory = swarm.lab.newDirectory('downloaded')
      const job = { host: swarm.lab.addHost(name), torrent, directory }
      assertWhole(torrent, directory, await download(swarm.lab, CLIENTS[name], job, { timeoutMs: 60_000 }))
    })
  })
})

describe('we seed 32 MiB one piece after another (BEP 16)', { concurrency: true }, () => {
  let swarm: Swarm
  let ours: RunningProcess
  before(async () => {
    swarm = await openSwarm([{ name: 'super.bin', content: 32 * MIB, pieceLength: 256 * 1024 }])
    ours = startOurSeeder(swarm, ['--super-seed'])
  })
  after(async () => swarm.lab.close())

  for (const name of CLIENT_NAMES) {
    it(`and ${name} has it all, with the others' help`, async () => {
      const torrent = swarm.torrents[0]!
      await swarm.tracker.waitForSeeds(torrent, 1, [ours])
      const directory = swarm.lab.newDirectory('downloaded')
      const job = { host: swarm.lab.addHost(name), torrent, directory }
      assertWhole(torrent, directory, await download(swarm.lab, CLIENTS[name], job, { timeoutMs: 120_000 }))
    })
  }
})

function startOurSeeder({ lab, torrents }: Swarm, options: readonly string[] = []): RunningProcess {
  const program = compiledPath('test/interop/support/our-seeder')
  const sources = torrents.flatMap((torrent) => [torrent.torrentFile, torrent.dataDirectory])
  const stateDirectory = join(lab.newDirectory('our-seeder'), 'state')
  return lab.start(
    lab.addHost('our seeder'),
    [process.execPath, program, ...options, stateDirectory, ...sources],
    {
      label: 'our-seeder',
    },
  )
}
