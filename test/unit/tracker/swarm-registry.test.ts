import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_PEERS_PER_TORRENT, MAX_TORRENTS, SwarmRegistry } from '../../../src/tracker/swarm-registry.ts'

const HASH = Buffer.alloc(20, 1)

function participant(host: string, isSeed = false) {
  return { endpoint: { host, port: 6881 }, peerId: Buffer.alloc(20), isSeed }
}

const all = { count: 5000, family: undefined, random: () => 0 }

function hostsSeenBy(registry: SwarmRegistry, host: string, options = {}): string[] {
  return registry.others(HASH, participant(host), { ...all, ...options }).map(({ endpoint }) => endpoint.host)
}

test('a peer learns of the others, not of itself, and a seed not of seeds', () => {
  const registry = new SwarmRegistry(1000)
  registry.announce(HASH, participant('10.0.0.1', true), 'started', 0)
  registry.announce(HASH, participant('10.0.0.2', true), 'started', 0)
  registry.announce(HASH, participant('10.0.0.3'), 'started', 0)
  assert.deepEqual(hostsSeenBy(registry, '10.0.0.3'), ['10.0.0.1', '10.0.0.2'])
  const seen = registry.others(HASH, participant('10.0.0.1', true), all)
  assert.deepEqual(
    seen.map(({ endpoint }) => endpoint.host),
    ['10.0.0.3'],
  )
  assert.deepEqual(hostsSeenBy(registry, '10.0.0.9', { count: 2, random: () => 0.99 }), [
    '10.0.0.3',
    '10.0.0.1',
  ])
  assert.deepEqual(registry.others(Buffer.alloc(20, 2), participant('10.0.0.1'), all), [])
})

test('addresses of one family can be asked for', () => {
  const registry = new SwarmRegistry(1000)
  registry.announce(HASH, participant('10.0.0.1'), 'none', 0)
  registry.announce(HASH, participant('2001:db8::1'), 'none', 0)
  assert.deepEqual(hostsSeenBy(registry, '10.0.0.9', { family: 'v6' }), ['2001:db8::1'])
  assert.deepEqual(hostsSeenBy(registry, '10.0.0.9', { family: 'v4' }), ['10.0.0.1'])
})

test('who says stopped or goes silent is forgotten; completed counts once an event', () => {
  const registry = new SwarmRegistry(1000)
  registry.announce(HASH, participant('10.0.0.1'), 'started', 0)
  registry.announce(HASH, participant('10.0.0.2'), 'started', 500)
  registry.announce(HASH, participant('10.0.0.2', true), 'completed', 600)
  assert.deepEqual(registry.counts(HASH, 700), { seederCount: 1, completedCount: 1, leecherCount: 1 })
  assert.deepEqual(registry.counts(HASH, 1000), { seederCount: 1, completedCount: 1, leecherCount: 0 })
  registry.announce(HASH, participant('10.0.0.2', true), 'stopped', 1100)
  assert.deepEqual(registry.counts(HASH, 1100), { seederCount: 0, completedCount: 1, leecherCount: 0 })
})

test('memory is bounded in peers and in torrents', () => {
  const registry = new SwarmRegistry(1000)
  for (let i = 0; i < MAX_PEERS_PER_TORRENT + 5; i++) {
    registry.announce(HASH, participant(`10.0.${i >> 8}.${i & 255}`), 'started', 0)
  }
  assert.equal(registry.counts(HASH, 0).leecherCount, MAX_PEERS_PER_TORRENT)
  for (let i = 0; i < MAX_TORRENTS; i++) {
    const hash = Buffer.alloc(20)
    hash.writeUInt32BE(i)
    registry.announce(hash, participant('10.0.0.1'), 'started', 0)
  }
  assert.equal(registry.counts(HASH, 0).leecherCount, 0)
})
