import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatEta,
  formatLimit,
  formatPercent,
  formatProgress,
  formatRate,
  plural,
} from '../../../src/cli/format.ts'

test('sizes are IEC, with one decimal from KiB on', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [262_144, '256.0 KiB'],
    [661_651_456, '631.0 MiB'],
    [1024 ** 2 - 1, '1.0 MiB'], // never 1024.0 KiB
    [2 ** 40, '1.0 TiB'],
    [Number.MAX_SAFE_INTEGER, '8.0 PiB'],
  ]
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text)
})

test('done and total share the unit of the total', () => {
  assert.equal(formatProgress(386_000_000, 661_651_456), '368.1/631.0 MiB')
  assert.equal(formatProgress(0, 2 ** 31), '0.0/2.0 GiB')
  assert.equal(formatProgress(3, 5), '3/5 B')
})

test('percent is rounded down, so 100% means all', () => {
  assert.equal(formatPercent(999_999, 1_000_000), '99%')
  assert.equal(formatPercent(1_000_000, 1_000_000), '100%')
  assert.equal(formatPercent(58, 100), '58%') // 100 * 0.58 is below 58
  assert.equal(formatPercent(0, 0), '100%')
})

test('rates, counts and plurals', () => {
  assert.equal(formatRate(0), '0 B/s')
  assert.equal(formatRate(43_306_189), '41.3 MiB/s')
  assert.equal(formatCount(661_651_456), '661,651,456')
  assert.equal(formatCount(999), '999')
  assert.equal(plural(1, 'peer'), '1 peer')
  assert.equal(plural(2524, 'piece'), '2,524 pieces')
})

test('time left reads like a clock', () => {
  const cases: [number, string][] = [
    [0, '0:00'],
    [5.2, '0:06'],
    [60, '1:00'],
    [3723, '1:02:03'],
    [99 * 3600, '99:00:00'],
    [127 * 3600, '5d 07h'],
  ]
  for (const [seconds, text] of cases) assert.equal(formatEta(seconds), text)
})

test('time taken has a decimal below a minute', () => {
  const cases: [number, string][] = [
    [0.31, '0.3 s'],
    [15.16, '15.2 s'],
    [59.96, '1m 00s'],
    [154, '2m 34s'],
    [3725, '1h 02m'],
    [127 * 3600, '5d 07h'],
  ]
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text)
})

test('limits are named in the unit they were probably typed in', () => {
  assert.equal(formatLimit(500), '0.5 s')
  assert.equal(formatLimit(30_000), '30 s')
  assert.equal(formatLimit(300_000), '5 min')
  assert.equal(formatLimit(5_400_000), '1.5 h')
  assert.equal(formatLimit(172_800_000), '2 d')
})
