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
