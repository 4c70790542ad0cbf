import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../support/fake-clock.ts'
import { sleep, systemClock } from '../../../src/common/clock.ts'

test('a delay longer than Node allows does not fire at once', async () => {
  let hasFired = false
  const cancel = systemClock.after(2 ** 40, () => {
    hasFired = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  cancel()
  assert.equal(hasFired, false)
})

test('a delay longer than Node allows is waited for to its end', (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] })
  const LONGEST_MS = 2 ** 31 - 1
  let firedCount = 0
  const start = (): (() => void) => systemClock.after(2 * LONGEST_MS + 1000, () => firedCount++)
  start()
  for (const ms of [LONGEST_MS, LONGEST_MS, 999]) context.mock.timers.tick(ms)
  assert.equal(firedCount, 0)
  context.mock.timers.tick(1)
  assert.equal(firedCount, 1)
  const cancel = start()
  context.mock.timers.tick(LONGEST_MS)
  cancel()
  for (const ms of [LONGEST_MS, LONGEST_MS]) context.mock.timers.tick(ms)
  assert.equal(firedCount, 1)
})

test('sleep ends when its time is up', async () => {
  const clock = new FakeClock()
  let isAwake = false
  const done = sleep(clock, 1000).then(() => {
    isAwake = true
  })
  await clock.advance(999)
  assert.equal(isAwake, false)
  await clock.advance(1)
  await done
  assert.equal(clock.timerCount, 0)
})

test('sleep ends at once when aborted, and leaves no timer', async () => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const done = sleep(clock, 1000, controller.signal)
  controller.abort()
  await done
  await sleep(clock, 1000, controller.signal)
  assert.equal(clock.timerCount, 0)
})
