import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DownloadRig, MIB, makeTracker } from './fake-session.ts'

const MOVING = {
  doneBytes: 58 * MIB,
  downloadBytesPerSecond: 4 * MIB,
  etaSeconds: 10.5,
  peers: {
    connected: 12,
    seeds: 1,
    unchoking: 3,
    interested: 0,
    unchoked: 0,
    dialing: 0,
    known: 20,
    banned: 0,
  },
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

test('each line of a torrent that stands still says why', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start()
  const trackers = [makeTracker({ seederCount: 412, nextAnnounceInMs: 25_000 })]
  const peers = { ...MOVING.peers, connected: 3, unchoking: 0 }
  const still = { ...MOVING, downloadBytesPerSecond: 0, etaSeconds: undefined, peers, trackers }
  rig.torrents[0]!.fields = { ...still, idleSeconds: 5 }
  await rig.clock.advance(10_000)
  rig.torrents[0]!.fields = { ...still, idleSeconds: 30 }
  await rig.clock.advance(20_000)
  const why =
    'torrent-dl: a.iso  58% 58.0/100.0 MiB, 0 B/s for 30 s: 3 peers, all choking; tracker.example: 412 seeds, next try in 25 s'
  assert.deepEqual(rig.stderr.lines, [
    'torrent-dl: a.iso: downloading 100.0 MiB',
    'torrent-dl: a.iso  58% 58.0/100.0 MiB, 0 B/s, 3 peers',
    why,
    why,
  ])
  rig.torrents[0]!.complete()
  await code
})

test('three sources have lines of their own, more of them one line for all', async () => {
  const few = new DownloadRig('a', 'b', 'c')
  const ended = await few.start()
  for (const torrent of few.torrents) torrent.fields = MOVING
  await few.clock.advance(10_000)
  assert.equal(few.stderr.lines.filter((line) => / {2}58% /.test(line)).length, 3)
  for (const torrent of few.torrents) torrent.complete()
  await ended.code

  const many = new DownloadRig('a', 'b', 'c', 'd', 'e', 'bad')
  const { code } = await many.start()
  many.torrents[0]!.complete()
  await many.clock.advance(0)
  for (const torrent of many.torrents.slice(1)) torrent.fields = MOVING
  await many.clock.advance(20_000)
  const said = many.stderr.lines.filter((line) => !line.includes('a: 100.0 MiB in'))
  assert.deepEqual(said, [
    ...['a', 'b', 'c', 'd'].map((name) => `torrent-dl: ${name}: downloading 100.0 MiB`),
    ...Array<string>(2).fill('torrent-dl: 1 of 6 done, 3 running, 2 waiting, 274.0 MiB so far, 12.0 MiB/s'),
  ])
  while (many.torrents.some(({ isStopped }) => !isStopped)) {
    for (const torrent of many.torrents) if (!torrent.isStopped) torrent.complete()
    await many.clock.advance(1000)
  }
  await code
  assert.match(many.stderr.lines.at(-1)!, /^torrent-dl: 5 of 6 done, 1 failed/)
})

test('a crowd that stands still is told of three at a time, and counted', async () => {
  const rig = new DownloadRig(...'abcdefgh')
  const { code } = await rig.start({ options: { jobs: 8 } })
  while (rig.torrents.length < 8) await rig.clock.advance(0)
  for (const torrent of rig.torrents) torrent.fields = { idleSeconds: 40 }
  await rig.clock.advance(31_000)
  const why = rig.stderr.lines.filter((line) => line.includes('0 B/s for 40 s'))
  assert.deepEqual(why.map((line) => line.charAt('torrent-dl: '.length)).join(''), 'abcdef')
  assert.equal(
    rig.stderr.lines.at(-2 - 3),
    'torrent-dl: 0 of 8 done, 8 running, 8 stalled, 0.0/800.0 MiB, 0 B/s',
  )
  for (const torrent of rig.torrents) torrent.complete()
  await code
})

test('-q says nothing but failures', async () => {
  const rig = new DownloadRig('a.iso', 'bad.iso')
  const { code } = await rig.start({ amount: 'errors' })
  rig.torrents[0]!.fields = { idleSeconds: 40 }
  await rig.clock.advance(60_000)
  rig.torrents[0]!.observer.onWarning('the record cannot be read')
  rig.torrents[0]!.complete()
  await code
  assert.equal(rig.stderr.lines.length, 1)
  assert.match(rig.stderr.lines[0]!, /piece length is 0/)
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
