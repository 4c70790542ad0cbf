import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DownloadRig, MIB, makeTracker } from './fake-session.ts'

const MOVING = {
  doneBytes: 58 * MIB,
  downloadBytesPerSecond: 4 * MIB,
  etaSeconds: 10.5,
  peers: { connected: 12, seeds: 1, unchoking: 3, dialing: 0, known: 20, banned: 0 },
}

test('without a terminal there is a line at the start and every 10 s, without any control character', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.fields = MOVING
  await rig.clock.advance(25_000)
  assert.deepEqual(rig.stderr.lines, [
    'torrent-dl: a.iso: downloading 100.0 MiB',
    'torrent-dl: a.iso  58% 58.0/100.0 MiB, 4.0 MiB/s, 12 peers, 0:11 left',
    'torrent-dl: a.iso  58% 58.0/100.0 MiB, 4.0 MiB/s, 12 peers, 0:11 left',
  ])
  rig.torrents[0]!.complete()
  await code
})

test('a stall is explained after 30 s and every 30 s', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  const trackers = [makeTracker({ seederCount: 412, nextAnnounceInMs: 25_000 })]
  const peers = { ...MOVING.peers, connected: 3, unchoking: 0 }
  rig.torrents[0]!.fields = {
    ...MOVING,
    downloadBytesPerSecond: 0,
    etaSeconds: undefined,
    idleSeconds: 30,
    peers,
    trackers,
  }
  await rig.clock.advance(32_000)
  const why = rig.stderr.lines.filter((line) => line.includes('all choking'))
  assert.equal(why.length, 2)
  assert.equal(
    why[0],
    'torrent-dl: a.iso  58% 58.0/100.0 MiB, 0 B/s for 30 s: 3 peers, all choking; tracker.example: 412 seeds, next try in 25 s',
  )
  rig.torrents[0]!.complete()
  await code
})

test('a long check of existing data is shown as such', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.fields = { state: 'checking', checkedBytes: 51 * MIB, bytesToCheck: 100 * MIB }
  await rig.clock.advance(10_000)
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: a.iso  checking 51% 51.0/100.0 MiB')
  rig.torrents[0]!.complete()
  await code
})

test('a check of which nothing is known yet has no percent', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.fields = { state: 'checking' }
  await rig.clock.advance(10_000)
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: a.iso  looking at what is there')
  rig.torrents[0]!.complete()
  await code
})

test('--progress none leaves the summary', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ amount: 'summary' })
  await rig.clock.advance(20_000)
  assert.deepEqual(rig.stderr.lines, [])
  rig.torrents[0]!.complete()
  await code
  assert.equal(rig.stderr.lines.length, 1)
})

test('warnings of the engine and odd names are told, the first five', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  rig.torrents[0]!.observer.onWarning('the record\x1b[2J cannot be read')
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: the record\\x1b[2J cannot be read')
  rig.torrents[0]!.complete()
  await code
})
