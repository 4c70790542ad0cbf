import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateMeter } from '../../../src/common/rate-meter.ts'
import { backoffMs } from '../../../src/common/backoff.ts'

test('a steady stream shows its rate', () => {
  const meter = new RateMeter(1000)
  for (let nowMs = 5000; nowMs < 7000; nowMs += 10) meter.add(100, nowMs)
  assert.equal(meter.bytesPerSecond(6999), 10_000)
  assert.equal(meter.totalBytes, 20_000)
})

test('the first bytes are not averaged over time that has not been', () => {
  const meter = new RateMeter(1000)
  meter.add(1000, 5000)
  assert.equal(meter.bytesPerSecond(5050), 10_000)
})

test('silence brings the rate to zero within the window', () => {
  const meter = new RateMeter(1000)
  meter.add(1000, 5000)
  assert.equal(meter.bytesPerSecond(6100), 0)
  assert.equal(meter.bytesPerSecond(1e9), 0)
})

test('no bytes, no rate', () => {
  assert.equal(new RateMeter(1000).bytesPerSecond(1234), 0)
})

test('a clock that goes back does no harm', () => {
  const meter = new RateMeter(1000)
  meter.add(1000, 9000)
  meter.add(1000, 5000)
  assert.equal(meter.totalBytes, 2000)
})

test('delays double up to the limit and spread by the jitter', () => {
  const policy = { firstMs: 1000, maxMs: 5000, jitter: 0.2 }
  assert.deepEqual(
    [0, 1, 2, 3, 50].map((attempt) => backoffMs(policy, attempt, 0.5)),
    [1000, 2000, 4000, 5000, 5000],
  )
  assert.equal(backoffMs(policy, 0, 0), 800)
})
