import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TrackerError } from '../../../src/common/errors.ts'
import { silentLog } from '../../../src/common/log.ts'
import { Announcer } from '../../../src/tracker/announcer.ts'
import type { AnnounceResponse } from '../../../src/tracker/tracker.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MINUTE, setup } from './announcer-setup.ts'
import { ANSWER, answers, fails, isSilent } from './fake-tracker.ts'

describe('asking trackers', () => {
  test('start asks the first tracker of each tier before it returns, four in all', () => {
    const { announcer, trackers } = setup({ tiers: [['a', 'b'], ['c'], ['d'], ['e'], ['f']] })
    announcer.start()
    assert.deepEqual(trackers.told, ['a started@0', 'c started@0', 'd started@0', 'e started@0'])
  })

  test('an announce says who we are and how we stand', async () => {
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: answers() } })
    announcer.start()
    await clock.advance(0)
    const { infoHash, peerId, ...rest } = trackers.requests[0]!
    assert.deepEqual([infoHash.length, peerId.length], [20, 20])
    assert.deepEqual(rest, {
      key: 7,
      port: 6881,
      uploadedBytes: 1,
      downloadedBytes: 2,
      leftBytes: 3,
      event: 'started',
      numWant: 200,
    })
  })

  test('peers go to the handler with the scope of the tracker, and the status says what is known', async () => {
    const { announcer, found, clock, reported, status } = setup({
      tiers: [['a']],
      behaviours: { a: answers({ scope: 'private' }) },
    })
    announcer.start()
    await clock.advance(0)
    assert.deepEqual(found, ['a private 1'])
    assert.deepEqual(status('a'), {
      url: 'a',
      tier: 0,
      state: 'working',
      lastError: undefined,
      lastErrorCode: undefined,
      seederCount: 4,
      leecherCount: 2,
      endpointCount: 1,
      nextAnnounceInMs: 30 * MINUTE,
    })
    assert.deepEqual(
      reported.map(({ state }) => state),
      ['announcing', 'working'],
    )
  })

  test('a tracker that fails hands on at once, one that is silent after 15 s, and goes on trying', async () => {
    const { announcer, trackers, clock, state, status } = setup({
      tiers: [['a', 'b', 'c']],
      behaviours: { a: fails(), c: answers() },
    })
    announcer.start()
    await clock.advance(14_999)
    assert.deepEqual(trackers.told, ['a started@0', 'b started@0'])
    assert.equal(state(), 'a:failing b:announcing c:idle')
    await clock.advance(1)
    assert.deepEqual(trackers.told.slice(2), ['c started@15'])
    assert.equal(state(), 'c:working a:idle b:idle')
    assert.equal(status('a').lastError, 'connection refused')
    assert.equal(status('b').lastError, 'no answer in 15 s')
    assert.equal(trackers.underWay, 0)
  })

  test('a slow one that answers in the end is taken, and whoever is being asked meanwhile called off', async () => {
    let answer: (response: AnnounceResponse) => void = () => undefined
    const { announcer, trackers, clock, state, found } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: async () => new Promise((resolve) => (answer = resolve)) },
    })
    announcer.start()
    await clock.advance(20_000)
    assert.equal(state(), 'a:failing b:announcing')
    answer(ANSWER)
    await clock.advance(0)
    assert.equal(state(), 'a:working b:idle')
    assert.deepEqual(found, ['a public 1'])
    assert.equal(trackers.underWay, 0)
  })

  test('the tracker that answered is asked first from then on (BEP 12)', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: fails(), b: answers() },
    })
    announcer.start()
    await clock.advance(31 * MINUTE)
    assert.deepEqual(trackers.told, ['a started@0', 'b started@0', 'b none@1800'])
    trackers.behaviours.set('b', fails())
    trackers.behaviours.set('a', answers())
    await clock.advance(30 * MINUTE)
    assert.deepEqual(trackers.told.slice(3), ['b none@3600', 'a started@3600'])
  })

  test('when all of a tier have failed it waits 5 s, then twice as long each time, up to half an hour', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: fails(), b: fails() },
    })
    announcer.start()
    await clock.advance(8 * 60 * MINUTE)
    const times = trackers.told
      .filter((line) => line.startsWith('a'))
      .map((line) => Number(line.split('@')[1]))
    // The random source of these tests is at the upper end of the jitter: 5 s * 1.2 and so on.
    const waits = times.slice(1).map((time, i) => time - times[i]!)
    assert.deepEqual(waits.slice(0, 9), [6, 12, 24, 48, 96, 192, 384, 768, 1536])
    assert.ok(waits.slice(9).every((wait) => wait === 2160))
    assert.equal(trackers.told.filter((line) => line.startsWith('b')).length, times.length)
  })

  test('trackers beside one that only keeps silent are tried again without waiting for its end', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: isSilent, b: fails() },
    })
    announcer.start()
    await clock.advance(30_000)
    assert.deepEqual(trackers.told, ['a started@0', 'b started@15', 'b started@21'])
    trackers.behaviours.set('b', answers())
    await clock.advance(10_000)
    assert.equal(trackers.told.at(-1), 'b started@33')
    assert.equal(trackers.underWay, 0)
  })

  test('the next announce comes within a minute and a day, whatever the tracker says', async () => {
    for (const [answer, seconds] of [
      [{ intervalSeconds: 0 }, 60],
      [{ intervalSeconds: 1 }, 60],
      [{ intervalSeconds: 2 ** 32 - 1 }, 86_400],
      [{ intervalSeconds: 100, minIntervalSeconds: 900 }, 900],
      [{ intervalSeconds: 1800, minIntervalSeconds: 2 ** 31 }, 86_400],
    ] as const) {
      const { announcer, clock, status } = setup({ tiers: [['a']], behaviours: { a: answers(answer) } })
      announcer.start()
      await clock.advance(0)
      assert.equal(status('a').nextAnnounceInMs, seconds * 1000)
    }
  })

  test('two hundred dead trackers: four young announces at a time, a bounded number in all, every one gets its turn', async () => {
    const tiers = Array.from({ length: 199 }, (_, i) => [`dead${i}`])
    const { announcer, trackers, clock, found } = setup({
      tiers: [...tiers, ['alive']],
      behaviours: { alive: answers() },
    })
    announcer.start()
    assert.equal(trackers.mostUnderWay, 4)
    await clock.advance(15 * MINUTE)
    assert.deepEqual(found, ['alive public 1'])
    assert.ok(trackers.mostUnderWay <= 4 + 32, `${trackers.mostUnderWay}`)
    await announcer.stop()
    assert.deepEqual([trackers.underWay, clock.timerCount], [0, 0])
  })

  test('no more than four answers are waited for when trackers are quick', async () => {
    const tiers = Array.from({ length: 50 }, (_, i) => [`t${i}`])
    const behaviours = Object.fromEntries(tiers.map(([url]) => [url!, answers()]))
    const { announcer, trackers, clock, found } = setup({ tiers, behaviours })
    announcer.start()
    await clock.advance(0)
    assert.deepEqual([trackers.mostUnderWay, found.length], [4, 50])
  })
})

describe('trackers that say no', () => {
  test('are left alone for half an hour, say why, and make the torrent hopeless only all together', async () => {
    const refuses = fails('TRACKER_REFUSED', 'not registered')
    const { announcer, trackers, clock, status, state } = setup({
      tiers: [['a', 'b'], ['c']],
      behaviours: { a: refuses, b: fails(), c: refuses },
    })
    announcer.start()
    await clock.advance(29 * MINUTE)
    assert.equal(status('a').lastError, 'refused: not registered')
    assert.equal(state(), 'a:refused b:failing c:refused')
    assert.equal(trackers.told.filter((line) => line.startsWith('a')).length, 1)
    assert.equal(announcer.isHopeless, false)
    trackers.behaviours.set('b', refuses)
    trackers.behaviours.set('c', answers())
    await clock.advance(29_000)
    assert.equal(trackers.told.filter((line) => line.startsWith('c')).length, 1)
    await clock.advance(3 * MINUTE)
    assert.equal(trackers.told.filter((line) => line.startsWith('c')).length, 2)
    assert.equal(status('c').state, 'working')
  })

  test('all of them: hopeless, also while they are being asked again', async () => {
    const { announcer, clock, trackers } = setup({
      tiers: [['a']],
      behaviours: { a: fails('TRACKER_REFUSED', 'no') },
    })
    announcer.start()
    assert.equal(announcer.isHopeless, false)
    await clock.advance(0)
    assert.equal(announcer.isHopeless, true)
    trackers.behaviours.set('a', isSilent)
    await clock.advance(31 * MINUTE)
    assert.deepEqual(trackers.told, ['a started@0', 'a started@1800'])
    assert.equal(announcer.isHopeless, true)
  })

  test('no tracker at all is hopeless; one of an unknown kind as well, and it is not asked again', async () => {
    assert.equal(setup({ tiers: [] }).announcer.isHopeless, true)
    assert.equal(setup({ tiers: [[]] }).announcer.isHopeless, true)
    const { announcer, clock, state } = setup({
      tiers: [['a']],
      behaviours: { a: fails('TRACKER_URL_UNSUPPORTED', 'wss: trackers are not supported') },
    })
    announcer.start()
    await clock.advance(0)
    assert.deepEqual([announcer.isHopeless, state(), clock.timerCount], [true, 'a:refused', 0])
  })

  test('one of an unknown kind has no next time, whatever its neighbour does', async () => {
    const { announcer, clock, status } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: fails('TRACKER_URL_UNSUPPORTED', 'wss: trackers are not supported'), b: fails() },
    })
    announcer.start()
    await clock.advance(0)
    assert.deepEqual(
      [status('a').nextAnnounceInMs, status('b').nextAnnounceInMs !== undefined],
      [undefined, true],
    )
  })

  test('a tracker that cannot even be made is one that fails', async () => {
    const clock = new FakeClock()
    const announcer = new Announcer({
      tiers: [['x']],
      makeTracker: () => {
        throw new TrackerError('TRACKER_URL_INVALID', 'not a tracker address: x')
      },
      clock,
      random: () => 0,
      log: silentLog,
      counters: () => ({ uploadedBytes: 0, downloadedBytes: 0, leftBytes: 0 }),
      identity: { infoHash: Buffer.alloc(20), peerId: Buffer.alloc(20), key: 0, port: 1 },
      handler: { onEndpoints: () => undefined, onStatus: () => undefined, onWarning: () => undefined },
    })
    announcer.start()
    await clock.advance(0)
    assert.equal(announcer.statuses()[0]?.lastError, 'not a tracker address: x')
    assert.equal(announcer.isHopeless, true)
  })
})

describe('asking early', () => {
  test('more peers are asked for after a minute at the soonest, and once', async () => {
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: answers() } })
    announcer.start()
    await clock.advance(10_000)
    announcer.wantPeers()
    announcer.wantPeers()
    await clock.advance(10 * MINUTE)
    announcer.wantPeers()
    await clock.advance(0)
    assert.deepEqual(trackers.told, ['a started@0', 'a none@60', 'a none@610'])
  })

  test('and not before the tracker allows it', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a']],
      behaviours: { a: answers({ minIntervalSeconds: 300 }) },
    })
    announcer.start()
    await clock.advance(0)
    announcer.wantPeers()
    await clock.advance(10 * MINUTE)
    assert.deepEqual(trackers.told, ['a started@0', 'a none@300'])
  })

  test('a tier that is failing keeps to its pauses', async () => {
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: fails() } })
    announcer.start()
    await clock.advance(5000)
    announcer.wantPeers()
    await clock.advance(0)
    assert.deepEqual(trackers.told, ['a started@0'])
  })
})

test('keys in tracker addresses are masked in what is shown', async () => {
  const url = 'https://t.example/0123456789abcdef0123/announce'
  const { announcer, clock, found } = setup({ tiers: [[url]], behaviours: { [url]: answers() } })
  announcer.start()
  await clock.advance(0)
  assert.equal(announcer.statuses()[0]?.url, 'https://t.example/***/announce')
  assert.deepEqual(found, ['https://t.example/***/announce public 1'])
})

test('what a tracker warns of is passed on once, until it says something else', async () => {
  let warning = 'upgrade soon'
  const { announcer, clock, warnings } = setup({
    tiers: [['a']],
    behaviours: { a: async (...args) => answers({ warning })(...args) },
  })
  announcer.start()
  await clock.advance(2 * 1_800_000)
  assert.deepEqual(warnings, ['a warns: upgrade soon'])
  warning = 'upgrade now'
  await clock.advance(1_800_000)
  assert.deepEqual(warnings, ['a warns: upgrade soon', 'a warns: upgrade now'])
})
