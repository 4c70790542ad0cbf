import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AnnounceResponse } from '../../../src/tracker/tracker.ts'
import { MINUTE, setup } from './announcer-setup.ts'
import { ANSWER, answers, fails, isSilent } from './fake-tracker.ts'

describe('completed', () => {
  test('is told at once and once to trackers that work, and starts their interval anew', async () => {
    const { announcer, trackers, clock, status } = setup({
      tiers: [['a'], ['b']],
      behaviours: { a: answers(), b: fails() },
    })
    announcer.start()
    await clock.advance(100_000)
    trackers.told.length = 0
    announcer.completed()
    assert.deepEqual(trackers.told, ['a completed@100'])
    assert.equal(trackers.requests.at(-1)?.numWant, 0)
    await clock.advance(0)
    assert.equal(status('a').nextAnnounceInMs, 30 * MINUTE)
    announcer.completed()
    await clock.advance(31 * MINUTE)
    const toA = trackers.told.filter((line) => line.startsWith('a'))
    assert.deepEqual(toA, ['a completed@100', 'a none@1900'])
  })

  test('is told again when it got lost, and by a tracker whose started was on its way', async () => {
    let answer: (response: AnnounceResponse) => void = () => undefined
    const { announcer, trackers, clock } = setup({
      tiers: [['a']],
      behaviours: { a: async () => new Promise((resolve) => (answer = resolve)) },
    })
    announcer.start()
    announcer.completed()
    trackers.behaviours.set('a', fails())
    answer(ANSWER)
    await clock.advance(0)
    assert.deepEqual(trackers.told, ['a started@0', 'a completed@0'])
    trackers.behaviours.set('a', answers())
    await clock.advance(MINUTE)
    assert.deepEqual(trackers.told.slice(2), ['a completed@6'])
  })

  test('is not told to a tracker that never knew us unfinished', async () => {
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: fails() } })
    announcer.start()
    await clock.advance(1000)
    announcer.completed()
    trackers.behaviours.set('a', answers())
    await clock.advance(MINUTE)
    assert.deepEqual(trackers.told, ['a started@0', 'a started@6'])
  })

  test('a completed that keeps silent brings in the next tracker', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a', 'b']],
      behaviours: { a: answers(), b: answers() },
    })
    announcer.start()
    await clock.advance(0)
    trackers.behaviours.set('a', isSilent)
    announcer.completed()
    await clock.advance(30_000)
    assert.deepEqual(trackers.told, ['a started@0', 'a completed@0', 'b started@21'])
  })
})

describe('stopping', () => {
  test('says stopped to those that know us, calls the rest off and leaves no timer', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a'], ['b'], ['c'], ['d', 'e']],
      behaviours: { a: answers(), b: fails(), c: isSilent, d: answers(), e: answers() },
    })
    announcer.start()
    await clock.advance(20_000)
    trackers.told.length = 0
    await announcer.stop()
    assert.deepEqual(trackers.told.sort(), ['a stopped@20', 'd stopped@20'])
    assert.deepEqual([trackers.underWay, clock.timerCount], [0, 0])
    assert.deepEqual([...new Set(trackers.closed)].sort(), ['a', 'b', 'c', 'd'])
    trackers.told.length = 0
    await announcer.stop()
    announcer.completed()
    announcer.wantPeers()
    await clock.advance(60 * MINUTE)
    assert.deepEqual(trackers.told, [])
  })

  test('takes two seconds at the most', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a'], ['b']],
      behaviours: { a: answers(), b: answers() },
    })
    announcer.start()
    await clock.advance(0)
    trackers.behaviours.set('a', isSilent)
    let isOver = false
    const over = announcer.stop().then(() => (isOver = true))
    await clock.advance(1999)
    assert.equal(isOver, false)
    await clock.advance(1)
    await over
    assert.deepEqual([trackers.underWay, clock.timerCount], [0, 0])
  })

  test('a completed on its way is heard out first', async () => {
    let answer: (response: AnnounceResponse) => void = () => undefined
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: answers() } })
    announcer.start()
    await clock.advance(0)
    trackers.behaviours.set('a', async () => new Promise((resolve) => (answer = resolve)))
    announcer.completed()
    const over = announcer.stop()
    await clock.advance(1000)
    assert.deepEqual(trackers.told, ['a started@0', 'a completed@0'])
    trackers.behaviours.set('a', answers())
    answer(ANSWER)
    await over
    assert.deepEqual(trackers.told.slice(2), ['a stopped@1'])
    assert.equal(clock.timerCount, 0)
  })

  test('a completed that is owed still goes out before the goodbye, and an ordinary announce is called off for it', async () => {
    const { announcer, trackers, clock } = setup({
      tiers: [['a', 'b'], ['c']],
      behaviours: { a: answers({ intervalSeconds: 100 }), b: answers(), c: answers() },
    })
    announcer.start()
    await clock.advance(0)
    trackers.behaviours.set('a', isSilent)
    await clock.advance(100_000)
    trackers.behaviours.set('c', fails())
    announcer.completed()
    await clock.advance(0)
    trackers.behaviours.set('a', answers())
    trackers.told.length = 0
    await announcer.stop()
    await clock.advance(0)
    assert.deepEqual(
      trackers.told.filter((line) => line.startsWith('a')),
      ['a completed@100', 'a stopped@100'],
    )
    assert.deepEqual(
      trackers.told.filter((line) => line.startsWith('c')),
      ['c completed@100', 'c stopped@100'],
    )
    assert.deepEqual([trackers.underWay, clock.timerCount], [0, 0])
  })

  test('does not wait longer for a completed that keeps silent', async () => {
    const { announcer, trackers, clock } = setup({ tiers: [['a']], behaviours: { a: answers() } })
    announcer.start()
    await clock.advance(0)
    trackers.behaviours.set('a', isSilent)
    announcer.completed()
    const over = announcer.stop()
    await clock.advance(2000)
    await over
    await clock.advance(0)
    assert.deepEqual(trackers.told, ['a started@0', 'a completed@0'])
    assert.deepEqual([trackers.underWay, clock.timerCount], [0, 0])
  })

  test('before anything was started is no effort', async () => {
    const { announcer, trackers } = setup({ tiers: [['a']] })
    await announcer.stop()
    assert.deepEqual(trackers.told, [])
  })
})
