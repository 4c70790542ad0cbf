/** Downloads that go on to seed, on a session that does what the test says, by a fake clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StorageError } from '../../../src/common/errors.ts'
import { readEvents } from '../../support/event-schema.ts'
import { DownloadRig, MIB, makePeers } from './fake-session.ts'

const SIZE = 100 * MIB

test('the path is printed when it is whole, the summary when the ratio is reached', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ item: { seeding: { goal: { ratio: 0.5 }, isOnly: false } } })
  const [torrent] = rig.torrents
  await rig.clock.advance(4000)
  torrent!.complete()
  await rig.clock.advance(1000)
  assert.equal(torrent!.settings.seedWhenComplete, true)
  assert.equal(rig.stdout.text, 'out/a.iso\n')
  assert.deepEqual(rig.stderr.lines.slice(-2), [
    'torrent-dl: a.iso: 100.0 MiB in 4.0 s (25.0 MiB/s) -> ./out/a.iso',
    'torrent-dl: a.iso: seeding 100.0 MiB, until ratio 0.5',
  ])
  torrent!.fields = { ...torrent!.fields, uploadedBytes: SIZE / 2 }
  await rig.clock.advance(2000)
  assert.equal(await code, 0)
  assert.equal(rig.stderr.lines.at(-1), 'torrent-dl: a.iso: seeded 50.0 MiB (ratio 0.50) in 3.0 s')
  assert.equal(rig.stdout.text, 'out/a.iso\n')
  assert.equal(rig.clock.timerCount, 0)
})

test('plain progress of a seed comes every 10 s, and only when something changed', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ item: { seeding: { goal: {}, isOnly: false } } })
  const [torrent] = rig.torrents
  torrent!.complete()
  await rig.clock.advance(60_000)
  const before = rig.stderr.lines.length
  torrent!.fields = {
    ...torrent!.fields,
    uploadedBytes: MIB,
    uploadBytesPerSecond: 2048,
    peers: makePeers({ connected: 3, interested: 1 }),
  }
  await rig.clock.advance(60_000)
  assert.deepEqual(rig.stderr.lines.slice(before), [
    'torrent-dl: a.iso  seeding: 1.0 MiB sent, 2.0 KiB/s, ratio 0.01, 1 of 3 peers asks',
  ])
  rig.signal('SIGINT')
  assert.equal(await code, 130)
})

test('one that seeds leaves its place to the next; beyond the bound it keeps it', async () => {
  const item = { seeding: { goal: { timeMs: 30_000 }, isOnly: false } }
  const rig = new DownloadRig('a.iso', 'b.iso', 'c.iso')
  const { code } = await rig.start({ item, options: { jobs: 1, maxSeeding: 1 } })
  rig.torrents[0]!.complete()
  await rig.clock.advance(0)
  assert.equal(rig.torrents.length, 2)
  rig.torrents[1]!.complete()
  await rig.clock.advance(1000)
  assert.equal(rig.torrents.length, 2)
  await rig.clock.advance(31_000)
  assert.equal(rig.torrents.length, 3)
  rig.torrents[2]!.complete()
  await rig.clock.advance(31_000)
  assert.equal(await code, 0)
})

test('one that fails while it seeds fails the run, after its path was printed', async () => {
  const rig = new DownloadRig('a.iso')
  const { code } = await rig.start({ json: true, item: { seeding: { goal: {}, isOnly: true } } })
  const [torrent] = rig.torrents
  assert.equal(torrent!.settings.isReadOnly, true)
  torrent!.complete()
  await rig.clock.advance(1000)
  torrent!.observer.onFailed(
    new StorageError('FILE_CHANGED', 'out/a.iso changed while we were working on it'),
  )
  assert.equal(await code, 10)
  const types = readEvents(rig.stdout.lines.filter((line) => line.startsWith('{')).join('\n') + '\n').map(
    ({ type }) => type,
  )
  assert.deepEqual(
    types.filter((type) => type !== 'progress'),
    ['start', 'complete', 'error', 'exit'],
  )
})

test('a torrent that is given again shares the result', async () => {
  const rig = new DownloadRig('a.iso', 'a.iso')
  const { code } = await rig.start({ item: { seeding: { goal: { timeMs: 5000 }, isOnly: false } } })
  rig.torrents[0]!.complete()
  await rig.clock.advance(6000)
  assert.equal(await code, 0)
  assert.equal(rig.torrents.length, 1)
})

test('totals of a batch tell the seeds apart', async () => {
  const rig = new DownloadRig('a.iso', 'b.iso', 'c.iso', 'd.iso')
  const item = { seeding: { goal: {}, isOnly: false } }
  const { code } = await rig.start({ item, options: { jobs: 4 } })
  for (const torrent of rig.torrents) torrent.complete()
  rig.torrents[0]!.fields = { ...rig.torrents[0]!.fields, uploadedBytes: MIB, uploadBytesPerSecond: 1024 }
  await rig.clock.advance(11_000)
  assert.equal(
    rig.stderr.lines.at(-1),
    'torrent-dl: 4 of 4 done, 400.0/400.0 MiB, 4 seeding, 1.0 MiB sent, 1.0 KiB/s up',
  )
  rig.signal('SIGTERM')
  assert.equal(await code, 143)
  assert.match(rig.stderr.lines.at(-1)!, /0 of 4 done, 4 stopped: 400\.0 MiB, 1\.0 MiB sent in 11\.0 s$/)
})
