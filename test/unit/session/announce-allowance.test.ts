import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnnounceAllowance } from '../../../src/session/announce-allowance.ts'

test('five announces may follow each other, then there is one a minute', () => {
  const allowance = new AnnounceAllowance(0)
  for (let i = 0; i < 5; i++) {
    assert.equal(allowance.nextInMs(0), 0)
    allowance.take(0)
  }
  assert.equal(allowance.nextInMs(0), 60_000)
  assert.equal(allowance.nextInMs(59_000), 1_000)
  assert.equal(allowance.nextInMs(60_000), 0)
  allowance.take(60_000)
  assert.equal(allowance.nextInMs(60_000), 60_000)
})

test('a quiet hour saves no more than five', () => {
  const allowance = new AnnounceAllowance(0)
  for (let i = 0; i < 5; i++) allowance.take(3_600_000)
  assert.equal(allowance.nextInMs(3_600_000), 60_000)
})
