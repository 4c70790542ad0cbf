/** Each real client against our tracker: it downloads from us, and it is found as a seeder by another. UDP, HTTP, IPv6. */
import { after, before, describe, it } from 'node:test'
import { makeBigTorrent } from './support/big-torrent.ts'
import { CLIENTS, CLIENT_NAMES } from './support/clients.ts'
import type { ClientName } from './support/clients.ts'
import type { Host, Lab } from './support/lab.ts'
import { runNow } from './support/processes.ts'
import type { RunningProcess } from './support/processes.ts'
import { download } from './support/run-client.ts'
import { assertWhole, MIB, openSwarm, seedWith, startOurs, startOurSeeder, withLab } from './support/swarm.ts'
import type { Swarm } from './support/swarm.ts'
import { startOurTracker, TRACKER_PORT } from './support/trackers.ts'

const PIECE_LENGTH = 256 * 1024
const LIMITS = { timeoutMs: 60_000 }

/** aria2 asks UDP trackers through its DHT socket only. */
const SPEAKERS: Readonly<Record<'udp' | 'http', readonly ClientName[]>> = {
  udp: CLIENT_NAMES.filter((name) => name !== 'aria2'),
  http: CLIENT_NAMES,
}

for (const protocol of ['udp', 'http'] as const) {
  describe(`with our tracker over ${protocol}`, { concurrency: true }, () => {
    const names = SPEAKERS[protocol]
    let swarm: Swarm
    let ours: RunningProcess
    before(async () => {
      const plans = names.map((name) => ({
        name: `${protocol}-${name}.bin`,
        content: 8 * MIB,
        pieceLength: PIECE_LENGTH,
      }))
      swarm = await openSwarm(plans, { program: 'torrent-dl', protocol })
      ours = startOurSeeder(swarm)
    })
    after(async () => swarm.lab.close())

    names.forEach((name, index) => {
      it(`${name} downloads from our seeder`, async () => {
        const torrent = swarm.torrents[index]!
        await swarm.tracker.waitForSeeds(torrent, 1, [ours])
        const directory = swarm.lab.newDirectory('downloaded')
        const job = { host: swarm.lab.addHost(name), torrent, directory }
        assertWhole(torrent, directory, await download(swarm.lab, CLIENTS[name], job, LIMITS))
      })
    })
  })
}

describe('with our tracker, by whichever protocol it likes', { concurrency: true }, () => {
  let swarm: Swarm
  before(async () => {
    const plans = CLIENT_NAMES.map((name) => ({
      name: `by-${name}.bin`,
      content: 8 * MIB,
      pieceLength: PIECE_LENGTH,
    }))
    swarm = await openSwarm(plans, { program: 'torrent-dl' })
  })
  after(async () => swarm.lab.close())

  CLIENT_NAMES.forEach((name, index) => {
    it(`${name} seeds, and torrent-dl finds it`, async () => {
      const torrent = swarm.torrents[index]!
      await seedWith(swarm, [CLIENTS[name]], torrent)
      const { finished, directory } = startOurs(swarm.lab, torrent, LIMITS)
      assertWhole(torrent, directory, await finished)
    })
  })
})

describe('with our tracker over IPv6', () => {
  for (const protocol of ['udp', 'http'] as const) {
    it(`libtorrent seeds and downloads, announced over ${protocol}`, async () => {
      await withLab(async (lab) => {
        const trackerHost = addV6Host(lab, 'tracker', 1)
        const tracker = await startOurTracker(lab, trackerHost, ['--bind', '::'])
        const torrent = makeBigTorrent({
          name: 'v6.bin',
          content: 8 * MIB,
          pieceLength: PIECE_LENGTH,
          trackers: { [protocol]: `${protocol}://[fd77::1]:${TRACKER_PORT}/announce` },
          directory: lab.newDirectory('torrent'),
        })
        // It listens on its IPv6 address alone: there is no other way to it.
        const seeder = { ...addV6Host(lab, 'seeder', 2), address: '[fd77::2]' }
        const leecher = { ...addV6Host(lab, 'leecher', 3), address: '[fd77::3]' }
        const seeding = { lab, trackerHost, tracker, torrents: [torrent] }
        await seedWith(seeding, [CLIENTS.libtorrent], torrent, () => seeder)
        const directory = lab.newDirectory('downloaded')
        const job = { host: leecher, torrent, directory }
        assertWhole(torrent, directory, await download(lab, CLIENTS.libtorrent, job, LIMITS))
      })
    })
  }
})

function addV6Host(lab: Lab, label: string, number: number): Host {
  const host = lab.addHost(label)
  runNow(['ip', '-n', host.namespace, 'addr', 'add', `fd77::${number}/64`, 'dev', 'eth0', 'nodad'])
  return host
}
