import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allowedFastCount, allowedFastSet } from '../../../src/swarm/allowed-fast.ts'

const INFO_HASH = Buffer.alloc(20, 0xaa)

test('the sets are those of BEP 6', () => {
  const seven = [1059, 431, 808, 1217, 287, 376, 1188]
  assert.deepEqual(allowedFastSet('80.4.4.200', INFO_HASH, 1313, 7), seven)
  assert.deepEqual(allowedFastSet('80.4.4.200', INFO_HASH, 1313, 9), [...seven, 353, 508])
})

test('a network has one set, an IPv6 address none', () => {
  assert.deepEqual(
    allowedFastSet('80.4.4.1', INFO_HASH, 1313, 9),
    allowedFastSet('80.4.4.200', INFO_HASH, 1313, 9),
  )
  assert.notDeepEqual(
    allowedFastSet('80.4.5.1', INFO_HASH, 1313, 9),
    allowedFastSet('80.4.4.200', INFO_HASH, 1313, 9),
  )
  assert.deepEqual(allowedFastSet('2001:db8::1', INFO_HASH, 1313, 9), [])
})

test('so many pieces that it is little of the torrent, and not much in bytes', () => {
  assert.equal(allowedFastCount(10_000, 262_144), 10)
  assert.equal(allowedFastCount(100, 262_144), 5)
  assert.equal(allowedFastCount(10, 262_144), 0)
  assert.equal(allowedFastCount(10_000, 1 << 20), 4)
  assert.equal(allowedFastCount(10_000, 16 << 20), 0)
})
