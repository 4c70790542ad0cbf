import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostLimit } from '../../../src/session/host-limit.ts'

function countOf(limit: HostLimit, hosts: readonly string[], nowMs: number): number {
  return hosts.filter((host) => limit.take(host, nowMs)).length
}

test('one host is heard 20 times a second, others beside it', () => {
  const limit = new HostLimit()
  assert.equal(countOf(limit, Array<string>(1_000).fill('10.0.0.1'), 0), 20)
  assert.equal(limit.take('10.0.0.2', 999), true)
  assert.equal(countOf(limit, Array<string>(1_000).fill('10.0.0.1'), 1_000), 20)
})

test('all hosts together are heard 1,000 times a second', () => {
  const limit = new HostLimit()
  const hosts = Array.from({ length: 5_000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
  assert.equal(countOf(limit, hosts, 0), 1_000)
})
