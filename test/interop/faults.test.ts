/** Peers that lie, trackers that are silent, disks that are full: with the whole program and real time. */
import assert from 'node:assert/strict'
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { systemCodeOf } from '../../src/common/errors.ts'
import { receivedBytes } from './support/lab.ts'
import { announceSeed, TRACKER_PORT, trackerUrls } from './support/trackers.ts'
import { startPayloadSeeder } from './support/payload-seeder.ts'
import { waitUntil } from './support/processes.ts'
import { compiledPath } from './support/project.ts'
import { makeBigTorrent } from './support/big-torrent.ts'
import { assertWhole, MIB, startOurs, withLab, withSwarm } from './support/swarm.ts'

const PIECE_LENGTH = 256 * 1024
const EXIT_DISK_FULL = 9

describe('torrent-dl holds out', { concurrency: true }, () => {
  it('against a peer that corrupts every tenth piece: it is banned and named, an honest one is not', async () => {
    const plan = { name: 'corrupted.bin', content: 128 * MIB, pieceLength: PIECE_LENGTH }
    await withSwarm(plan, async (swarm, torrent) => {
      const [liarHost, honestHost] = [swarm.lab.addHost('liar'), swarm.lab.addHost('honest')]
      // Both limited, so that neither could have done it alone before the other began.
      const rate = { bytesPerSecond: 40 * MIB }
      const liar = await startPayloadSeeder(swarm.lab, liarHost, torrent, { ...rate, corruptEvery: 10 })
      const honest = await startPayloadSeeder(swarm.lab, honestHost, torrent, rate)
      announceSeed(swarm.trackerHost, liarHost, torrent, liar.port)
      announceSeed(swarm.trackerHost, honestHost, torrent, honest.port)

      const ours = startOurs(swarm.lab, torrent, { timeoutMs: 60_000, extraArguments: ['-v'] })
      const exit = await ours.finished
      assertWhole(torrent, ours.directory, exit)
      const bans = exit.stderr.split('\n').filter((line) => /\bban/i.test(line))
      const namesLiar = (line: string): boolean => line.includes(`${liarHost.address}:`)
      assert.ok(bans.some(namesLiar), `no ban of ${liarHost.address} in the log:\n${exit.stderr}`)
      assert.ok(!bans.some((line) => line.includes(`${honestHost.address}:`)), bans.join('\n'))
    })
  })

  it('while a UDP tracker drops the first two packets: it asks again after 15 and 30 s', async () => {
    await withLab(async (lab) => {
      const [trackerHost, seederHost] = [lab.addHost('tracker'), lab.addHost('seeder')]
      const torrent = makeBigTorrent({
        directory: lab.newDirectory('torrent'),
        name: 'dropped.bin',
        content: 4 * MIB,
        pieceLength: PIECE_LENGTH,
        trackers: trackerUrls(trackerHost),
      })
      const seeder = await startPayloadSeeder(lab, seederHost, torrent)
      const program = compiledPath('test/interop/support/dropping-tracker')
      const peer = [seederHost.address, String(seeder.port)]
      const command = [process.execPath, program, trackerHost.address, String(TRACKER_PORT), '2', ...peer]
      const tracker = lab.start(trackerHost, command, { label: 'dropping-tracker' })
      await waitUntil('the tracker listens', 5000, () => tracker.output().includes('ready'), tracker.output)

      const ours = startOurs(lab, torrent, { timeoutMs: 90_000 })
      assertWhole(torrent, ours.directory, await ours.finished)
      assert.equal(tracker.output().match(/dropped/g)?.length, 2)
    })
  })

  it('when the disk fills up: exit 9, and with room it goes on from what was there', async () => {
    const plan = { name: 'too-much.bin', content: 64 * MIB, pieceLength: PIECE_LENGTH }
    await withSwarm(plan, async (swarm, torrent) => {
      const { lab } = swarm
      const seederHost = lab.addHost('seeder')
      // Slow enough for somebody else to take the room meanwhile: at the start there was enough.
      const seeder = await startPayloadSeeder(lab, seederHost, torrent, { bytesPerSecond: 20 * MIB })
      announceSeed(swarm.trackerHost, seederHost, torrent, seeder.port)
      const directory = lab.mountDisk('disk', 80 * MIB)
      const filler = join(directory, 'somebody-else')

      const first = startOurs(lab, torrent, { timeoutMs: 30_000, directory })
      await waitUntil(
        'a quarter is there',
        20_000,
        () => receivedBytes(first.host) > 16 * MIB,
        first.running.output,
      )
      fillDisk(filler)
      const firstExit = await first.finished
      assert.equal(firstExit.exitCode, EXIT_DISK_FULL, firstExit.stdout + firstExit.stderr)
      assert.match(firstExit.stderr, /disk full/i)
      await waitUntil('the seeder has counted', 5000, () => seeder.sentBytes() > 0)
      const sentBefore = seeder.sentBytes()

      rmSync(filler)
      const second = await startOurs(lab, torrent, { timeoutMs: 30_000, again: first }).finished
      assertWhole(torrent, directory, second)
      await waitUntil('the seeder has counted', 5000, () => seeder.sentBytes() > sentBefore)
      const sentAfter = seeder.sentBytes() - sentBefore
      assert.ok(
        sentAfter <= torrent.totalBytes - 12 * MIB,
        `${sentAfter} bytes were sent, at least 12 MiB were on the disk already`,
      )
    })
  })
})

/** Takes all the room that is left. */
function fillDisk(file: string): void {
  const chunk = Buffer.alloc(MIB)
  try {
    for (;;) appendFileSync(file, chunk)
  } catch (error) {
    assert.equal(systemCodeOf(error), 'ENOSPC')
  }
}
