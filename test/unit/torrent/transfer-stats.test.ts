import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TransferStats } from '../../../src/torrent/transfer-stats.ts'

test('the time left follows the rate of the last ten seconds', () => {
  const stats = new TransferStats(0)
  for (let nowMs = 0; nowMs < 20_000; nowMs += 100) stats.onUsefulBytes(1_000, nowMs)
  assert.equal(stats.etaSeconds(100_000, 19_999), 10)
  assert.equal(stats.downloadedBytes, 200_000)
})

test('nothing comes: no time left is named, and the idle time grows', () => {
  const stats = new TransferStats(1_000)
  assert.equal(stats.etaSeconds(1, 5_000), undefined)
  assert.equal(stats.idleSeconds(5_000), 4)
  stats.onUsefulBytes(1, 6_000)
  assert.equal(stats.idleSeconds(6_500), 0.5)
  stats.restartIdleTime(10_000)
  assert.equal(stats.idleSeconds(10_000), 0)
})

test('what was received less what was wasted is what is of use', () => {
  const stats = new TransferStats(0)
  stats.onUsefulBytes(100, 0)
  stats.onUselessBytes(5, 0)
  stats.onLostBytes(20)
  stats.onUploaded(7, 0)
  assert.deepEqual([stats.downloadedBytes, stats.wastedBytes, stats.uploadedBytes], [105, 25, 7])
})
