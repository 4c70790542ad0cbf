/** torrent-dl downloads from each real client, found through a real tracker over UDP. */
import { after, before, describe, it } from 'node:test'
import { CLIENTS, CLIENT_NAMES } from './support/clients.ts'
import { downloadWithUs, MIB, openSwarm, seedWith, withSwarm } from './support/swarm.ts'
import type { Swarm } from './support/swarm.ts'

const PIECE_LENGTH = 256 * 1024
const LIMITS = { timeoutMs: 60_000 }

// transmission lets a peer download after one or two rounds of ten seconds: that is its pace, and why all run at once.
describe('torrent-dl downloads 64 MiB from one seeder', { concurrency: true }, () => {
  let swarm: Swarm
  before(async () => {
    swarm = await openSwarm(
      CLIENT_NAMES.map((name) => ({
        name: `from-${name}.bin`,
        content: 64 * MIB,
        pieceLength: PIECE_LENGTH,
      })),
    )
  })
  after(async () => swarm.lab.close())

  CLIENT_NAMES.forEach((name, index) => {
    it(`${name} alone`, async () => {
      const torrent = swarm.torrents[index]!
      await seedWith(swarm, [CLIENTS[name]], torrent)
      await downloadWithUs(swarm.lab, torrent, LIMITS)
    })
  })
})

describe('torrent-dl downloads from many seeders', () => {
  it('all five real clients together', async () => {
    const plan = { name: 'together.bin', content: 64 * MIB, pieceLength: PIECE_LENGTH }
    await withSwarm(plan, async (swarm, torrent) => {
      await seedWith(swarm, Object.values(CLIENTS), torrent)
      await downloadWithUs(swarm.lab, torrent, LIMITS)
    })
  })

  it('500 files in folders, some of them empty, from three clients', async () => {
    const content = Array.from({ length: 500 }, (_, index) => ({
      path: [`folder ${index % 20}`, `sub-${index % 7}`, `datei-ä${index}.dat`],
      lengthBytes: index % 100 === 0 ? 0 : (index * 7919) % 90_000,
    }))
    await withSwarm({ name: 'many-files', content, pieceLength: 64 * 1024 }, async (swarm, torrent) => {
      await seedWith(swarm, [CLIENTS.libtorrent, CLIENTS.rtorrent, CLIENTS.qbittorrent], torrent)
      await downloadWithUs(swarm.lab, torrent, LIMITS)
    })
  })
})
