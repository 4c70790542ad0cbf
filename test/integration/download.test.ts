/** Our own clients among themselves, over real sockets and files on this machine. */
import assert from 'node:assert/strict'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { assertNothingOpen } from '../support/leaks.ts'
import { Swarm } from '../support/swarm.ts'
import { TrackerServer } from '../../src/tracker/tracker-server.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

let swarm: Swarm
let tracker: TrackerServer

beforeEach(async () => {
  swarm = await Swarm.make()
  tracker = await TrackerServer.open({ host: '127.0.0.1', port: 0, intervalSeconds: 1800 })
})

afterEach(async () => {
  await swarm.close()
  await tracker.close()
})

after(assertNothingOpen)

const udpUrl = (): string => `udp://127.0.0.1:${tracker.port}/announce`
const httpUrl = (): string => `http://127.0.0.1:${tracker.port}/announce`

async function startSeed(made: MadeTorrent): Promise<Awaited<ReturnType<Swarm['join']>>> {
  await made.writeTo(swarm.directory('seed'))
  const seed = await swarm.join(made.metainfo, { name: 'seed' })
  await seed.complete
  return seed
}

async function assertWhole(directory: string, made: MadeTorrent): Promise<void> {
  for (const [index, file] of made.metainfo.files.entries()) {
    if (file.isPadding) continue
    assert.ok(
      (await readFile(join(directory, ...file.path))).equals(made.fileData(index)),
      file.path.join('/'),
    )
  }
}

for (const [kind, url] of [['UDP', udpUrl] as const, ['HTTP', httpUrl] as const]) {
  test(`a torrent is downloaded whole from a seed found through a ${kind} tracker`, async () => {
    const made = makeTorrent({ files: [{ path: 'made', length: 3_000_000 }], trackers: [[url()]] })
    await startSeed(made)
    const leech = await swarm.join(made.metainfo)
    await leech.complete
    await assertWhole(leech.directory, made)
    assert.deepEqual(await readdir(leech.directory), ['made'])
    assert.deepEqual(leech.wholeFiles, [0])
  })
}

test('many files, empty ones, padding and nested directories come out as they were', async () => {
  const made = makeTorrent({
    name: 'tree',
    pieceBytes: 65_536,
    files: [
      { path: 'empty', length: 0 },
      { path: 'a/b/c.bin', length: 100_001 },
      { path: '.pad/1', length: 31_071, attr: 'p' },
      ...Array.from({ length: 40 }, (_, i) => ({ path: `many/${i}.txt`, length: 777 * i })),
      { path: 'last', length: 1 },
    ],
    trackers: [[udpUrl()]],
  })
  await startSeed(made)
  const leech = await swarm.join(made.metainfo)
  await leech.complete
  await assertWhole(leech.directory, made)
  await assert.rejects(stat(join(leech.directory, 'tree', '.pad')), 'padding is never written')
})

test('a peer that the user names is enough', async () => {
  const made = makeTorrent({ files: [{ path: 'made', length: 500_000 }] })
  const seed = await startSeed(made)
  const leech = await swarm.join(made.metainfo, {
    peers: [{ host: '127.0.0.1', port: seed.session.listenPort }],
  })
  await leech.complete
  await assertWhole(leech.directory, made)
})

test('what a leecher has it gives to other leechers', async () => {
  const made = makeTorrent({ files: [{ path: 'made', length: 2_000_000 }] })
  const seed = await startSeed(made)
  const middle = await swarm.join(made.metainfo, {
    peers: [{ host: '127.0.0.1', port: seed.session.listenPort }],
  })
  const far = await swarm.join(made.metainfo, {
    peers: [{ host: '127.0.0.1', port: middle.session.listenPort }],
  })
  await Promise.all([middle.complete, far.complete])
  await assertWhole(far.directory, made)
  assert.ok(middle.torrent.snapshot().uploadedBytes >= 2_000_000)
})

test('a torrent of only empty files is complete at once', async () => {
  const made = makeTorrent({
    name: 'hollow',
    files: [
      { path: 'x', length: 0 },
      { path: 'd/y', length: 0 },
    ],
  })
  const client = await swarm.join(made.metainfo, { seedWhenComplete: false })
  await client.complete
  await assertWhole(client.directory, made)
})

test('what was stopped goes on where it stopped, without fetching again', async () => {
  const made = makeTorrent({ files: [{ path: 'made', length: 4_000_000 }] })
  const half = makeTorrent({ files: [{ path: 'made', length: 4_000_000 }] })
  const seed = await startSeed(made)
  const peers = [{ host: '127.0.0.1', port: seed.session.listenPort }]
  const first = await swarm.join(half.metainfo, { name: 'again', peers })
  await first.complete
  await swarm.leave(first)
  const second = await swarm.join(made.metainfo, { name: 'again', peers, seedWhenComplete: false })
  await second.complete
  assert.equal(second.torrent.snapshot().downloadedBytes, 0)
  await assertWhole(second.directory, made)
})

test('data that changed after it was complete is found and fetched again', async () => {
  const made = makeTorrent({ files: [{ path: 'made', length: 1_000_000 }] })
  const seed = await startSeed(made)
  const peers = [{ host: '127.0.0.1', port: seed.session.listenPort }]
  const first = await swarm.join(made.metainfo, { name: 'again', peers })
  await first.complete
  await swarm.leave(first)
  const file = await open(join(first.directory, 'made'), 'r+')
  await file.write(Buffer.from([made.data.readUInt8(500_000) ^ 1]), 0, 1, 500_000)
  await file.close()
  const second = await swarm.join(made.metainfo, { name: 'again', peers })
  await second.complete
  await assertWhole(second.directory, made)
  assert.equal(second.torrent.snapshot().downloadedBytes, made.metainfo.geometry.pieceBytes)
})

test('a peer that sends bad data is banned, and the download ends whole from the good one', async () => {
  const made = makeTorrent({ files: [{ path: 'made', length: 2_000_000 }] })
  const good = await startSeed(made)
  await made.writeTo(swarm.directory('liar'))
  const liar = await swarm.join(made.metainfo, { name: 'liar' })
  await liar.complete
  const file = await open(join(liar.directory, 'made'), 'r+')
  for (let start = 0; start < 2_000_000; start += 200_000) await file.write(Buffer.from('liar'), 0, 4, start)
  await file.close()
  const lines: string[] = []
  const leech = await swarm.join(made.metainfo, {
    peers: [liar, good].map(({ session }) => ({ host: '127.0.0.1', port: session.listenPort })),
    log: (level, scope, message) => lines.push(`${level} ${scope} ${message}`),
  })
  await leech.complete
  await assertWhole(leech.directory, made)
  const bans = lines.filter((line) => line.startsWith('warn peer banned'))
  assert.ok(
    bans.length > 0 && bans.every((line) => line.includes(`127.0.0.1:${liar.session.listenPort} `)),
    bans.join('\n'),
  )
})

test('a torrent that nobody could ever give ends with NO_SOURCE', async () => {
  const made = makeTorrent({})
  const client = await swarm.join(made.metainfo)
  assert.equal((await client.failed).code, 'NO_SOURCE')
})

test('a second client on the same files is refused', async () => {
  const made = makeTorrent({})
  const first = await swarm.join(made.metainfo, { name: 'same', peers: [{ host: '127.0.0.1', port: 9 }] })
  const second = await swarm.join(made.metainfo, { name: 'same', peers: [{ host: '127.0.0.1', port: 9 }] })
  assert.equal((await second.failed).code, 'LOCKED')
  assert.equal(first.torrent.snapshot().state, 'downloading')
})
