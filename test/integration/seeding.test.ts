/** What a seed does by itself: whom it calls, what trackers hear, and that it stops when its files are no longer what they were. */
import assert from 'node:assert/strict'
import { rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, afterEach, beforeEach, test } from 'node:test'
import { TrackerServer } from '../../src/tracker/tracker-server.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'
import { Swarm, type Client } from '../support/swarm.ts'
import { assertNothingOpen } from '../support/leaks.ts'
import { makeTorrent, type MadeTorrent } from '../support/make-torrent.ts'

const PIECE_BYTES = 65_536
/** How often a seed looks at its files. */
const LOOK_MS = 10_000

let swarm: Swarm
let clock: FakeClock
let made: MadeTorrent

beforeEach(async () => {
  clock = new FakeClock()
  swarm = await Swarm.make(clock)
  made = makeTorrent({ files: [{ path: 'made', length: 4 * PIECE_BYTES }], pieceBytes: PIECE_BYTES })
})

afterEach(async () => {
  await swarm.close()
})

after(assertNothingOpen)

async function until(isDone: () => boolean, what: string, limitMs = 60_000): Promise<void> {
  await clock.until(isDone, what, limitMs)
}

/** Through so much of the torrent's time, with turns for the disk on the way. */
async function pass(ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 50) await clock.advance(50)
}

/** It shares the data as it lies there. */
async function openSeed(): Promise<Client> {
  await made.writeTo(swarm.directory('seed'))
  const seed = await swarm.join(made.metainfo, { name: 'seed', isReadOnly: true })
  await seed.complete
  return seed
}

const pathOf = ({ directory }: Client): string => join(directory, made.metainfo.name)

test('files that change or go away end a running seed at its next look at them', async () => {
  for (const harm of [
    (path: string): void => {
      writeFileSync(path, Buffer.alloc(4 * PIECE_BYTES, 7))
    },
    (path: string): void => {
      rmSync(path)
    },
  ]) {
    const seed = await openSeed()
    await pass(2 * LOOK_MS)
    assert.equal(seed.torrent.snapshot().state, 'complete')
    harm(pathOf(seed))
    await until(() => seed.torrent.snapshot().state === 'failed', 'noticed')
    assert.equal((await seed.failed).code, 'FILE_CHANGED')
    await swarm.leave(seed)
  }
})

test('a file that was only touched is hashed again and shared on', async () => {
  const seed = await openSeed()
  utimesSync(pathOf(seed), 1, 1)
  await pass(3 * LOOK_MS)
  assert.equal(seed.torrent.snapshot().state, 'complete')
})

test('a seed calls known peers until it has 40 connections, and another when one parts', async () => {
  await made.writeTo(swarm.directory('seed'))
  const { infoHash } = made.metainfo
  const callees = await Promise.all(
    Array.from({ length: 45 }, async (_, i) =>
      ScriptedPeer.listen({ infoHash, name: String(i).padStart(12, 'x') }),
    ),
  )
  try {
    const peers = callees.map(({ endpoint }) => endpoint)
    const seed = await swarm.join(made.metainfo, { name: 'seed', isReadOnly: true, peers })
    const connected = (): number => seed.torrent.snapshot().peers.connected
    const called = (): ScriptedPeer[] => callees.filter(({ received }) => received.length > 0)
    await until(() => connected() === 40, '40 connections')
    await clock.advance(5_000)
    assert.equal(connected(), 40)
    assert.equal(called().length, 40)
    called()[0]?.hangUp()
    await until(() => called().length === 41, 'another is called')
    assert.ok(connected() <= 40)
  } finally {
    await Promise.all(callees.map(async (peer) => peer.close()))
  }
})

test('trackers hear `completed` of data that came in this run, not of data that was there', async () => {
  const heard: string[] = []
  const tracker = await TrackerServer.open({
    ...{ host: '127.0.0.1', port: 0, intervalSeconds: 1800 },
    onAnnounce: ({ event, port, leftBytes }) =>
      heard.push(`${names.get(port) ?? port} ${event} ${leftBytes}`),
  })
  const names = new Map<number, string>()
  try {
    made = makeTorrent({
      ...{ files: [{ path: 'made', length: 4 * PIECE_BYTES }], pieceBytes: PIECE_BYTES },
      trackers: [[tracker.udpUrl]],
    })
    const seed = await openSeed()
    names.set(seed.session.listenPort, 'seed')
    await until(() => heard.length === 1, 'the seed says that it is there')
    const leech = await swarm.join(made.metainfo)
    names.set(leech.session.listenPort, 'leech')
    await until(() => leech.torrent.snapshot().state === 'complete', 'downloaded')
    await until(() => heard.some((line) => line.includes('completed')), 'the end of the download')
    for (const client of [leech, seed]) {
      const parting = swarm.leave(client)
      await until(() => heard.at(-1)?.includes('stopped') === true, 'its end')
      await parting
      if (client === leech) heard.push('-')
    }
    assert.deepEqual(
      heard.map((line) => line.replace(/^\d+ /, '')),
      [
        'seed started 0',
        'leech started 262144',
        'leech completed 0',
        'leech stopped 0',
        '-',
        'seed stopped 0',
      ],
    )
  } finally {
    await tracker.close()
  }
})
