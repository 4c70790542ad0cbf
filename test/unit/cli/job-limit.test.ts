import assert from 'node:assert/strict'
import { test } from 'node:test'
import { descriptorLimit, limitConnections, limitJobs } from '../../../src/cli/job-limit.ts'

test('no more torrents run than there are descriptors for, and never none', () => {
  assert.equal(limitJobs(200, 20_000), 200)
  assert.equal(limitJobs(200, 1024), 123)
  assert.equal(limitJobs(3, 1024), 3)
  assert.equal(limitJobs(200, 64), 3)
  assert.equal(limitJobs(200, 16), 1)
  assert.equal(limitJobs(200, undefined), 200)
})

test('connections leave room for files, strangers and the process itself', () => {
  assert.equal(limitConnections(undefined, 3), undefined)
  for (const [limit, jobs] of [
    [1024, 3],
    [1024, 100],
    [4096, 200],
    [65_536, 1000],
  ] as const) {
    const connections = limitConnections(limit, jobs)!
    assert.ok(1.25 * connections + 4 * jobs + 40 <= limit, `${connections} of ${limit}`)
    assert.ok(connections > limit / 4, `${connections} of ${limit}`)
  }
  assert.equal(limitConnections(64, 3), 8)
})

test('the limit of this process is read where the system tells it', () => {
  const limit = descriptorLimit()
  assert.ok(limit === undefined || limit >= 16)
})
