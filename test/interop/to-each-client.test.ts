/** Each real client downloads from us: one `torrent-dl seed` has a torrent for each, through a real tracker. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { CLIENTS, CLIENT_NAMES } from './support/clients.ts'
import { download } from './support/run-client.ts'
import { assertWhole, MIB, openSwarm, startOurSeeder } from './support/swarm.ts'
import type { Swarm } from './support/swarm.ts'
import type { RunningProcess } from './support/processes.ts'

describe('we seed 64 MiB and it is downloaded whole', { concurrency: true }, () => {
  let swarm: Swarm
  let ours: RunningProcess
  before(async () => {
    swarm = await openSwarm(
      CLIENT_NAMES.map((name) => ({ name: `to-${name}.bin`, content: 64 * MIB, pieceLength: 256 * 1024 })),
    )
    ours = startOurSeeder(swarm, ['--seed-ratio', '1'])
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

  it(
    'and our seeder ends with 0: each had all of its torrent from us alone',
    { timeout: 90_000 },
    async () => {
      const { exitCode, stderr } = await ours.exit
      assert.equal(exitCode, 0, stderr)
    },
  )
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
