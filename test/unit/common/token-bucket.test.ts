import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TokenBucket } from '../../../src/common/token-bucket.ts'

const UNIT = 16_384

test('it fills at its rate, whatever the steps', () => {
  const bucket = new TokenBucket(100_000, UNIT, 0)
  let moved = 0
  for (let ms = 0; ms <= 10_000; ms += 7) {
    bucket.fill(ms)
    while (bucket.bytes >= 1_000) {
      bucket.take(1_000)
      moved += 1_000
    }
  }
  assert.ok(moved > 990_000 && moved <= 1_000_000, `${moved} in 10 s`)
})

test('a pause is not made up for with more than 200 ms worth, or one unit', () => {
  const fast = new TokenBucket(1_000_000, UNIT, 0)
  fast.fill(60_000)
  assert.equal(fast.bytes, 200_000)
  const slow = new TokenBucket(1_024, UNIT, 0)
  slow.fill(60_000)
  assert.equal(slow.bytes, UNIT)
})

test('what was moved unasked is paid back, 5 s worth at the most', () => {
  const bucket = new TokenBucket(100_000, UNIT, 0)
  bucket.take(300_000)
  bucket.fill(2_000)
  assert.equal(bucket.bytes, -100_000)
  bucket.take(1e9)
  bucket.fill(7_100)
  assert.equal(bucket.bytes, 10_000)
})

test('what is given back can be moved, no more than it holds', () => {
  const bucket = new TokenBucket(100_000, UNIT, 0)
  bucket.fill(100)
  bucket.take(10_000)
  bucket.take(-5_000)
  assert.equal(bucket.bytes, 5_000)
  bucket.take(-1e9)
  assert.equal(bucket.bytes, 20_000)
})

test('a clock that stands still or jumps back fills nothing', () => {
  const bucket = new TokenBucket(100_000, UNIT, 1_000)
  bucket.fill(1_000)
  bucket.fill(500)
  assert.equal(bucket.bytes, 0)
})
