import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descriptorLimit, limitJobs } from '../../../src/cli/job-limit.ts'

test('no more torrents run than there are descriptors for, and never none', () => {
  assert.equal(limitJobs(200, 20_000), 200)
  assert.equal(limitJobs(200, 1024), 123)
  assert.equal(limitJobs(3, 1024), 3)
  assert.equal(limitJobs(200, 64), 3)
  assert.equal(limitJobs(200, 16), 1)
  assert.equal(limitJobs(200, undefined), 200)
})

test('the limit of this process is read where the system tells it', () => {
  const limit = descriptorLimit()
  assert.ok(limit === undefined || limit >= 16)
})
