import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FloodLimit } from '../../../src/peer/flood-limit.ts'

test('as many events as the limit pass in a window, then none until the next', () => {
  const limit = new FloodLimit(3, 1000)
  const taken = [0, 10, 20, 30, 999, 1000, 1001, 1002, 1003].map((nowMs) => limit.take(nowMs))
  assert.deepEqual(taken, [true, true, true, false, false, true, true, true, false])
})
