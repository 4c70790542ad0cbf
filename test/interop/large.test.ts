/** One gibibyte: from several real clients, and through a kill -9 in the middle. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { CLIENTS, torrentDl } from './support/clients.ts'
import { receivedBytes } from './support/lab.ts'
import { announceSeed } from './support/trackers.ts'
import { startPayloadSeeder } from './support/payload-seeder.ts'
import { waitUntil } from './support/processes.ts'
import { costingClient, readCost } from './support/run-cost.ts'
import { assertWhole, downloadWithUs, GIB, MIB, seedWith, startOurs, withSwarm } from './support/swarm.ts'

const PLAN = { name: 'large.bin', content: GIB, pieceLength: 256 * 1024 }
const LIMITS = { timeoutMs: 60_000 }
/** Streaming costs this much, however large the file. */
const MEMORY_LIMIT_BYTES = 120e6

describe('torrent-dl downloads 1 GiB', () => {
  it('from libtorrent, qbittorrent and rtorrent together, in 120 MB of memory', async () => {
    await withSwarm(PLAN, async (swarm, torrent) => {
      await seedWith(swarm, [CLIENTS.libtorrent, CLIENTS.qbittorrent, CLIENTS.rtorrent], torrent)
      const costFile = join(swarm.lab.directory, 'cost')
      const client = costingClient(costFile, torrentDl)
      await downloadWithUs(swarm.lab, torrent, { ...LIMITS, client })
      const { peakRssBytes } = readCost(costFile)
      assert.ok(peakRssBytes <= MEMORY_LIMIT_BYTES, `${peakRssBytes} bytes of memory at the most`)
    })
  })

  it('killed in the middle, the same command fetches at most 5 % again', async () => {
    await withSwarm(PLAN, async (swarm, torrent) => {
      const seederHost = swarm.lab.addHost('seeder')
      // At a rate, so that hardly anything is under way at the moment of the kill, and that moment is not missed.
      const seeder = await startPayloadSeeder(swarm.lab, seederHost, torrent, { bytesPerSecond: 300 * MIB })
      announceSeed(swarm.trackerHost, seederHost, torrent, seeder.port)

      const first = startOurs(swarm.lab, torrent, LIMITS)
      await waitUntil(
        'half is there',
        60_000,
        () => receivedBytes(first.host) > torrent.totalBytes / 2,
        first.running.output,
      )
      first.running.signal('SIGKILL')
      await first.finished
      await waitUntil('the seeder has counted', 5000, () => seeder.sentBytes() > 0)
      const sentBefore = seeder.sentBytes()

      const second = startOurs(swarm.lab, torrent, { ...LIMITS, again: first })
      assertWhole(torrent, second.directory, await second.finished)
      await waitUntil('the seeder has counted', 5000, () => seeder.sentBytes() > sentBefore)
      const sentAgain = seeder.sentBytes() - torrent.totalBytes
      assert.ok(
        sentAgain <= 0.05 * sentBefore,
        `${sentBefore} bytes were sent before the kill, ${sentAgain} of them were sent again`,
      )
    })
  })
})
