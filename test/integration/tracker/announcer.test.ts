import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/common/clock.ts'
import { silentLog } from '../../../src/common/log.ts'
import { Announcer } from '../../../src/tracker/announcer.ts'
import { makeTracker } from '../../../src/tracker/make-tracker.ts'
import { openHandles, openTracker, until } from './loopback.ts'

test('a life with real trackers: started everywhere, peers from each, completed, stopped, nothing left open', async (t) => {
  const before = openHandles().length
  const heard: string[] = []
  const options = { host: '127.0.0.1', port: 0, intervalSeconds: 1800 }
  const good = await openTracker(t, {
    ...options,
    onAnnounce: ({ transport, event, port, leftBytes }) =>
      heard.push(`${transport} ${event} ${port} ${leftBytes}`),
  })
  const refusing = await openTracker(t, { ...options, failWith: 'not registered' })
  const closed = await openTracker(t, options)
  await closed.close()
  const seed = makeTracker(good.udpUrl, { clock: systemClock, userAgent: 'x' })
  const infoHash = Buffer.alloc(20, 3)
  const identity = { infoHash, peerId: Buffer.alloc(20, 4), key: 1, port: 7001 }
  const seeding = {
    uploadedBytes: 0,
    downloadedBytes: 0,
    leftBytes: 0,
    event: 'started',
    numWant: 0,
  } as const
  await seed.announce({ ...identity, ...seeding, port: 7000 }, new AbortController().signal)
  seed.close()
  heard.length = 0

  const found: string[] = []
  let leftBytes = 10
  const announcer = new Announcer({
    tiers: [
      [closed.udpUrl, good.udpUrl],
      [good.httpUrl],
      [refusing.udpUrl],
      [refusing.httpUrl],
      ['wss://x.example/'],
    ],
    makeTracker: (url) => makeTracker(url, { clock: systemClock, userAgent: 'torrent-dl/test' }),
    clock: systemClock,
    random: () => 0.999,
    log: silentLog,
    counters: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes }),
    identity,
    handler: {
      onEndpoints: (endpoints, scope) => found.push(...endpoints.map(({ port }) => `${scope} ${port}`)),
      onStatus: () => undefined,
      onWarning: () => undefined,
    },
  })
  announcer.start()
  const settled = (): boolean =>
    announcer
      .statuses()
      .every(({ state, tier }) => state === 'working' || state === 'refused' || tier === 0) &&
    announcer.statuses()[0]?.state === 'working'
  await until(settled, 'every tier has its answer')
  assert.deepEqual(found.sort(), ['loopback 7000', 'loopback 7000'])
  assert.deepEqual(
    announcer.statuses().map(({ state, lastError }) => [state, lastError]),
    [
      ['working', undefined],
      ['idle', `connection refused by 127.0.0.1:${closed.port || new URL(closed.udpUrl).port}`],
      ['working', undefined],
      ['refused', 'refused: not registered'],
      ['refused', 'refused: not registered'],
      ['refused', 'wss: trackers are not supported'],
    ],
  )
  assert.equal(announcer.isHopeless, false)
  leftBytes = 0
  announcer.completed()
  await announcer.stop()
  assert.deepEqual(heard.sort(), [
    'http completed 7001 0',
    'http started 7001 10',
    'http stopped 7001 0',
    'udp completed 7001 0',
    'udp started 7001 10',
    'udp stopped 7001 0',
  ])
  await good.close()
  await refusing.close()
  await until(() => openHandles().length <= before, `nothing is left open: ${openHandles().join()}`)
})
