/** The least time that a swarm of limited peers needs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { boundSeconds } from '../../../bench/workloads/rate-bound.ts'

void test('bytes over the sum of rates', () => {
  assert.equal(boundSeconds(1000, [{ bytesPerSecond: 100 }, { bytesPerSecond: 300 }]).toFixed(6), '2.500000')
})

void test('a peer that falls silent gives no more than it gave until then', () => {
  const peers = [{ bytesPerSecond: 100 }, { bytesPerSecond: 300, stallAfterBytes: 300 }]
  assert.equal(boundSeconds(1000, peers).toFixed(6), '7.000000')
})
