import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { announced, countsOf, HASH, hostsOf, newRegistry } from './registry-setup.ts'

const infoHash = (number: number): string => String(number).padStart(20, '0')

describe('the registry of a tracker', () => {
  test('names the others, not the asker, and no seeds to a seed', () => {
    const registry = newRegistry()
    registry.announce(announced({ host: '10.0.0.1', isSeed: true }), 0)
    registry.announce(announced({ host: '10.0.0.2', isSeed: true }), 0)
    const self = registry.announce(announced({ host: '10.0.0.3' }), 0) as number
    assert.deepEqual(hostsOf(registry, { self }), ['10.0.0.1', '10.0.0.2'])
    assert.deepEqual(hostsOf(registry, { isForSeed: true }), ['10.0.0.3'])
    assert.deepEqual(hostsOf(registry, { infoHash: infoHash(1) }), [])
  })

  test('keeps the families apart, and counts both', () => {
    const registry = newRegistry()
    registry.announce(announced({ host: '10.0.0.1' }), 0)
    registry.announce(announced({ host: '2001:db8::1', isSeed: true }), 0)
    assert.deepEqual(hostsOf(registry, { family: 'v4' }), ['10.0.0.1'])
    assert.deepEqual(hostsOf(registry, { family: 'v6' }), ['2001:db8::1'])
    assert.deepEqual(countsOf(registry), [1, 1, 0])
  })

  test('forgets who says stopped and who is silent; completed counts once a peer', () => {
    const registry = newRegistry()
    registry.announce(announced({ host: '10.0.0.1', event: 'started' }), 0)
    registry.announce(announced({ host: '10.0.0.2', event: 'started' }), 500)
    for (let i = 0; i < 3; i++)
      registry.announce(announced({ host: '10.0.0.2', event: 'completed', isSeed: true }), 600)
    assert.deepEqual(countsOf(registry), [1, 1, 1])
    assert.equal(registry.removeExpired(999, 10), 0)
    assert.equal(registry.removeExpired(1000, 10), 1)
    assert.deepEqual(countsOf(registry), [1, 0, 1])
    assert.deepEqual([registry.peerCount, registry.seedCount, registry.torrentCount], [1, 1, 1])
    registry.announce(announced({ host: '10.0.0.2', event: 'stopped' }), 1100)
    assert.deepEqual(countsOf(registry), [0, 0, 1])
    assert.deepEqual([registry.peerCount, registry.seedCount, registry.torrentCount], [0, 0, 0])
  })

  test('a peer id takes the place of another, but does not stop it', () => {
    const registry = newRegistry()
    registry.announce(announced({ host: '10.0.0.1', id: 'a' }), 0)
    registry.announce(announced({ host: '10.0.0.1', id: 'b' }), 1)
    registry.announce(announced({ host: '10.0.0.1', id: 'a', event: 'stopped' }), 2)
    assert.equal(registry.peerCount, 1)
    registry.announce(announced({ host: '10.0.0.1', id: 'b', event: 'stopped' }), 3)
    assert.equal(registry.peerCount, 0)
  })

  test('an announce removes a few expired peers on its way, so that they never pile up', () => {
    const registry = newRegistry()
    for (let i = 0; i < 10; i++) registry.announce(announced({ host: `10.0.0.${i}` }), 0)
    registry.announce(announced({ host: '10.0.1.1' }), 5000)
    assert.equal(registry.peerCount, 8)
  })

  test('with too many peers the longest silent makes room', () => {
    const registry = newRegistry({ maxPeers: 3 })
    for (const i of [1, 2, 3, 1, 4]) registry.announce(announced({ host: `10.0.0.${i}` }), 0)
    assert.deepEqual(hostsOf(registry), ['10.0.0.1', '10.0.0.3', '10.0.0.4'])
    assert.equal(registry.peerCount, 3)
  })

  test('a torrent, an address and a /64 have a bound of their own', () => {
    const registry = newRegistry({ maxPeersPerTorrent: 3, maxPeersPerHost: 2 })
    const add = (host: string, port: number, number = 0): unknown =>
      registry.announce(announced({ host, port, infoHash: infoHash(number) }), 0)
    assert.equal(typeof add('10.0.0.1', 1), 'number')
    assert.equal(typeof add('10.0.0.1', 2), 'number')
    assert.equal(add('10.0.0.1', 3), 'too many peers at your address')
    assert.equal(typeof add('10.0.0.1', 2), 'number')
    assert.equal(typeof add('10.0.0.2', 1), 'number')
    assert.equal(add('10.0.0.3', 1), 'too many peers of this torrent')
    assert.equal(typeof add('2001:db8:0:1::1', 1, 1), 'number')
    assert.equal(typeof add('2001:db8:0:1:ffff::9', 1, 1), 'number')
    assert.equal(add('2001:db8:0:1::2', 1, 1), 'too many peers at your address')
    assert.equal(typeof add('2001:db8:0:2::1', 1, 1), 'number')
  })

  test('a torrent without peers makes room for another; those with peers do not', () => {
    const registry = newRegistry({ maxTorrents: 2 })
    const say = (number: number, event: 'completed' | 'stopped'): unknown =>
      registry.announce(announced({ host: '10.0.0.1', infoHash: infoHash(number), event }), 0)
    say(1, 'completed')
    say(2, 'completed')
    assert.equal(say(3, 'completed'), 'too many torrents')
    say(1, 'stopped')
    assert.deepEqual(countsOf(registry, infoHash(1)), [0, 0, 1])
    assert.equal(typeof say(3, 'completed'), 'number')
    assert.equal(registry.swarm(infoHash(1)), undefined)
    assert.deepEqual(countsOf(registry, infoHash(2)), [0, 1, 1])
  })

  test('who stops where nobody is leaves nothing behind', () => {
    const registry = newRegistry()
    registry.announce(announced({ host: '10.0.0.1', event: 'stopped' }), 0)
    assert.equal(registry.swarm(HASH), undefined)
  })

  test('every member is picked about as often as any other', () => {
    const registry = newRegistry()
    for (let i = 0; i < 40; i++) registry.announce(announced({ host: `10.0.0.${i}` }), 0)
    const seen = new Map<string, number>()
    let state = 1
    const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    for (let round = 0; round < 4000; round++) {
      const hosts = hostsOf(registry, { count: 10 }, random)
      assert.equal(new Set(hosts).size, 10)
      for (const host of hosts) seen.set(host, (seen.get(host) ?? 0) + 1)
    }
    // 1000 is the mean, 27 the deviation.
    assert.ok(
      [...seen.values()].every((count) => count > 850 && count < 1150),
      JSON.stringify([...seen.values()]),
    )
    assert.equal(seen.size, 40)
  })
})

test('a hundred thousand made-up peers of as many torrents stay within every bound', () => {
  const limits = { maxPeers: 2000, maxTorrents: 500, maxPeersPerTorrent: 100, maxPeersPerHost: 50 }
  const registry = newRegistry(limits)
  let now = 0
  for (let i = 0; i < 100_000; i++) {
    now += i % 100 === 0 ? 1 : 0
    const host =
      i % 2 === 0
        ? `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`
        : `2001:db8:${i.toString(16).slice(-4)}::${(i >> 8).toString(16)}`
    const refusal = registry.announce(
      announced({ host, infoHash: infoHash(i % 1000), isSeed: i % 3 === 0 }),
      now,
    )
    assert.ok(typeof refusal === 'number' || refusal.startsWith('too many'))
    assert.ok(registry.peerCount <= limits.maxPeers && registry.torrentCount <= limits.maxTorrents)
  }
  assert.ok(registry.peerCount > 0)
  registry.removeExpired(now + 1_000_000, 1_000_000)
  assert.deepEqual([registry.peerCount, registry.seedCount, registry.torrentCount], [0, 0, 0])
})
