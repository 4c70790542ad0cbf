import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import { PeerPool } from '../../../src/swarm/peer-pool.ts'
import { seededRandom } from '../../support/picker-strings.ts'

const MINUTE_MS = 60_000

function makePool(options: { maxKnown?: number; maxPerHost?: number } = {}): PeerPool {
  return new PeerPool({ ...options, random: seededRandom(1) })
}

function at(text: string): Endpoint {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) }
}

/** Takes and fails until nothing is due. @returns how many dials that were */
function dialAll(pool: PeerPool, nowMs: number): number {
  for (let dials = 0; ; dials++) {
    const endpoint = pool.takeDialable(nowMs)
    if (endpoint === undefined) return dials
    pool.onDialFailed(endpoint, nowMs)
  }
}

test('an address is dialled once, not while its dial or connection lasts', () => {
  const pool = makePool()
  assert.equal(pool.add(at('80.1.1.1:6881'), 'tracker', 'public'), true)
  assert.equal(pool.add(at('80.1.1.1:6881'), 'tracker', 'public'), false)
  assert.deepEqual(pool.takeDialable(0), at('80.1.1.1:6881'))
  assert.equal(pool.takeDialable(0), undefined)
  assert.equal(pool.nextDialableInMs(0), undefined)
  assert.deepEqual(pool.counts, { known: 1, connected: 0, banned: 0, dialing: 1 })
  pool.onConnected(at('80.1.1.1:6881'))
  assert.equal(pool.takeDialable(1e9), undefined)
  assert.deepEqual(pool.counts, { known: 1, connected: 1, banned: 0, dialing: 0 })
})

test('the user goes first, then addresses never tried, then those that failed least', () => {
  const pool = makePool()
  for (const host of ['80.1.1.1', '80.1.1.2']) pool.add({ host, port: 1000 }, 'tracker', 'public')
  dialAll(pool, 0)
  pool.add(at('80.1.1.3:1000'), 'tracker', 'public')
  pool.add(at('80.1.1.4:1000'), 'user', 'loopback')
  assert.equal(pool.takeDialable(0)?.host, '80.1.1.4')
  assert.equal(pool.takeDialable(0)?.host, '80.1.1.3')
  pool.onClosed(at('80.1.1.2:1000'), { wasUseful: true, nowMs: 0 })
  assert.equal(pool.takeDialable(2 * MINUTE_MS)?.host, '80.1.1.2')
  assert.equal(pool.takeDialable(2 * MINUTE_MS)?.host, '80.1.1.1')
})

test('what a stranger names never leads to this machine or network', () => {
  const pool = makePool()
  assert.equal(pool.add(at('127.0.0.1:6881'), 'tracker', 'public'), false)
  assert.equal(pool.add(at('192.168.0.1:6881'), 'pex', 'public'), false)
  assert.equal(pool.add(at('[fe80::1]:6881'), 'tracker', 'public'), false)
  assert.equal(pool.add(at('127.0.0.1:6881'), 'tracker', 'private'), false)
  assert.equal(pool.add(at('127.0.0.1:6881'), 'tracker', 'loopback'), true)
  assert.equal(pool.add(at('10.0.0.1:6881'), 'pex', 'private'), true)
})

test('what the user names is dialled wherever it leads', () => {
  const pool = makePool()
  assert.equal(pool.add(at('127.0.0.1:80'), 'user', 'public'), true)
  assert.equal(pool.add(at('10.0.0.1:80'), 'user', 'public'), true)
})

test('addresses that cannot be peers are dropped', () => {
  const pool = makePool()
  for (const text of [
    '80.1.1.1:0',
    '80.1.1.1:65536',
    '0.0.0.0:6881',
    '224.0.0.1:6881',
    '255.255.255.255:1',
    '[::]:6881',
  ]) {
    assert.equal(pool.add(at(text), 'user', 'loopback'), false, text)
  }
})

test('peers cannot have us knock at well-known ports', () => {
  const pool = makePool()
  assert.equal(pool.add(at('80.1.1.1:80'), 'pex', 'public'), false)
  assert.equal(pool.add(at('80.1.1.1:22'), 'dht', 'public'), false)
  assert.equal(pool.add(at('80.1.1.1:443'), 'tracker', 'public'), true)
})

test('500 ports of one victim lead to 10 dials at the most', () => {
  const pool = makePool()
  for (let port = 2_000; port < 2_500; port++) pool.add({ host: '80.0.0.9', port }, 'pex', 'public')
  assert.equal(pool.counts.known, 10)
  assert.equal(dialAll(pool, 0), 10)
  assert.equal(dialAll(pool, 59_000), 0)
})

test('a /64 counts as one host', () => {
  const pool = makePool()
  for (let i = 0; i < 50; i++) pool.add({ host: `2001:db8::${i}`, port: 6881 }, 'tracker', 'public')
  assert.equal(pool.counts.known, 10)
  assert.equal(pool.add(at('[2001:db8:0:1::1]:6881'), 'tracker', 'public'), true)
})

test('many downloads on this machine may know each other', () => {
  const pool = makePool()
  for (let port = 2001; port <= 2300; port++) pool.add({ host: '127.0.0.1', port }, 'tracker', 'loopback')
  assert.equal(pool.counts.known, 200)
})

test('the user may name any number of endpoints of one host', () => {
  const pool = makePool({ maxPerHost: 2 })
  for (let port = 1; port <= 5; port++)
    assert.equal(pool.add({ host: '127.0.0.1', port }, 'user', 'loopback'), true)
})

test('our own address is never dialled again', () => {
  const pool = makePool()
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  pool.takeDialable(0)
  pool.markSelf(at('80.1.1.1:6881'))
  pool.onDialFailed(at('80.1.1.1:6881'), 0)
  assert.equal(pool.counts.known, 0)
  assert.equal(pool.add(at('80.1.1.1:6881'), 'user', 'public'), false)
  assert.equal(pool.takeDialable(1e9), undefined)
})

test('a failing address is tried after a minute or more, then later and later', () => {
  const pool = makePool()
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  const waits: number[] = []
  let nowMs = 0
  for (let i = 0; i < 5; i++) {
    pool.onDialFailed(pool.takeDialable(nowMs)!, nowMs)
    const waitMs = pool.nextDialableInMs(nowMs)!
    waits.push(waitMs / MINUTE_MS)
    nowMs += waitMs
  }
  const [first = 0, second = 0, ...later] = waits
  assert.ok(first >= 1 && first < 1.3 && second >= 2 && second < 2.6, waits.join(' '))
  assert.deepEqual(later, [15, 15, 15])
})

test('a local peer that starts late is found within seconds', () => {
  for (const source of ['user', 'tracker'] as const) {
    const pool = makePool()
    pool.add(at('127.0.0.1:6881'), source, 'loopback')
    dialAll(pool, 0)
    const waitMs = pool.nextDialableInMs(0)!
    assert.ok(waitMs >= 4_000 && waitMs <= 6_000, `${waitMs}`)
    let dials = 0
    for (let nowMs = 1_000; nowMs <= 10 * MINUTE_MS; nowMs += 1_000) dials += dialAll(pool, nowMs)
    assert.ok(dials >= 10 && dials < 20, `${dials}`)
  }
})

test('a connection that gave us something clears earlier failures', () => {
  const pool = makePool()
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  for (const nowMs of [0, 2 * MINUTE_MS, 10 * MINUTE_MS]) dialAll(pool, nowMs)
  assert.equal(pool.nextDialableInMs(10 * MINUTE_MS), 15 * MINUTE_MS)
  pool.takeDialable(25 * MINUTE_MS)
  pool.onConnected(at('80.1.1.1:6881'))
  pool.onClosed(at('80.1.1.1:6881'), { wasUseful: true, nowMs: 26 * MINUTE_MS })
  assert.ok(pool.nextDialableInMs(26 * MINUTE_MS)! < 1.3 * MINUTE_MS)
})

test('a peer that called us is counted while it is connected, and never dialled', () => {
  const pool = makePool()
  pool.onConnected(at('80.1.1.1:50001'))
  assert.deepEqual(pool.counts, { known: 0, connected: 1, banned: 0, dialing: 0 })
  assert.equal(pool.connectionsOf('80.1.1.1'), 1)
  pool.onClosed(at('80.1.1.1:50001'), { wasUseful: true, nowMs: 0 })
  assert.equal(pool.counts.connected, 0)
  assert.equal(pool.takeDialable(1e9), undefined)
})

test('peers that called us and left take no room', () => {
  const pool = makePool({ maxKnown: 2 })
  for (let port = 50_000; port < 50_010; port++) {
    pool.onConnected({ host: '80.1.1.1', port })
    pool.onClosed({ host: '80.1.1.1', port }, { wasUseful: true, nowMs: 0 })
  }
  assert.equal(pool.add(at('80.1.1.2:6881'), 'tracker', 'public'), true)
  assert.equal(pool.add(at('80.1.1.3:6881'), 'tracker', 'public'), true)
})

test('a ban holds for every port of the host, for the session', () => {
  const pool = makePool()
  pool.add(at('10.77.0.9:6881'), 'tracker', 'private')
  pool.add(at('10.77.0.9:6882'), 'tracker', 'private')
  pool.ban(at('10.77.0.9:50001'), 0)
  assert.equal(pool.isBanned(at('10.77.0.9:6999')), true)
  assert.equal(pool.isBanned(at('10.77.0.8:6999')), false)
  assert.equal(pool.takeDialable(1e12), undefined)
  assert.equal(pool.add(at('10.77.0.9:6883'), 'tracker', 'private'), false)
  assert.deepEqual(pool.counts, { known: 0, connected: 0, banned: 1, dialing: 0 })
})

test('a ban of an IPv6 address holds for its /64, of an IPv4 address also when it comes mapped', () => {
  const pool = makePool()
  pool.ban(at('[2001:db8::1]:6881'), 0)
  assert.equal(pool.isBanned(at('[2001:db8::ffff:1]:1')), true)
  assert.equal(pool.isBanned(at('[2001:db8:0:1::1]:1')), false)
  pool.ban(at('80.1.1.1:6881'), 0)
  assert.equal(pool.isBanned(at('[::ffff:80.1.1.1]:7000')), true)
})

test('on loopback a ban is for one endpoint', () => {
  const pool = makePool()
  pool.ban(at('127.0.0.1:6881'), 0)
  pool.ban(at('[::1]:6881'), 0)
  assert.equal(pool.isBanned(at('127.0.0.1:6881')), true)
  assert.equal(pool.isBanned(at('127.0.0.1:6882')), false)
  assert.equal(pool.isBanned(at('[::1]:6881')), true)
  assert.equal(pool.isBanned(at('[::1]:6882')), false)
})

test('a connected peer that is banned is not dialled again after it is closed', () => {
  const pool = makePool()
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  pool.onConnected(pool.takeDialable(0)!)
  pool.ban(at('80.1.1.1:6881'), 0)
  pool.onClosed(at('80.1.1.1:6881'), { wasUseful: true, nowMs: 0 })
  assert.equal(pool.takeDialable(1e12), undefined)
})

test('the last source of a piece is banned for 10 minutes, then for twice as long', () => {
  const pool = makePool()
  const source = at('80.1.1.1:6881')
  pool.add(source, 'tracker', 'public')
  let nowMs = 0
  for (const minutes of [10, 20, 40]) {
    assert.deepEqual(pool.takeDialable(nowMs), source)
    pool.onConnected(source)
    pool.ban(source, nowMs, true)
    pool.onClosed(source, { wasUseful: true, nowMs })
    assert.equal(pool.nextDialableInMs(nowMs), minutes * MINUTE_MS)
    assert.equal(pool.isBanned(source, nowMs + minutes * MINUTE_MS - 1), true)
    nowMs += minutes * MINUTE_MS
    assert.equal(pool.isBanned(source, nowMs), false)
  }
})

test('a ban that is told of twice does not last longer, one for the session replaces it', () => {
  const pool = makePool()
  pool.ban(at('80.1.1.1:6881'), 0, true)
  pool.ban(at('80.1.1.1:6882'), 0, true)
  assert.equal(pool.isBanned(at('80.1.1.1:6881'), 10 * MINUTE_MS), false)
  pool.ban(at('80.1.1.1:6881'), 0)
  assert.equal(pool.isBanned(at('80.1.1.1:6881'), 1e12), true)
})

test('a full pool makes room by forgetting the address that failed most', () => {
  const pool = makePool({ maxKnown: 2 })
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  dialAll(pool, 0)
  pool.add(at('80.1.1.2:6881'), 'tracker', 'public')
  assert.equal(pool.add(at('80.1.1.3:6881'), 'tracker', 'public'), true)
  assert.equal(pool.counts.known, 2)
  assert.equal(pool.add(at('80.1.1.4:6881'), 'tracker', 'public'), false)
  assert.equal(pool.add(at('80.1.1.5:6881'), 'user', 'public'), true)
})

test('behind 500 dead addresses the honest one gets its dial in the first round', () => {
  const pool = makePool()
  for (let i = 0; i < 500; i++)
    pool.add({ host: `80.2.${i >> 8}.${i & 255}`, port: 6881 }, 'tracker', 'public')
  pool.add(at('80.1.1.1:6881'), 'tracker', 'public')
  const dialled = new Set<string>()
  for (let nowMs = 0; nowMs < 20_000; nowMs += 1_000) {
    for (let i = 0; i < 30; i++) {
      const endpoint = pool.takeDialable(nowMs)
      if (endpoint === undefined) continue
      dialled.add(endpoint.host)
      pool.onDialFailed(endpoint, nowMs)
    }
  }
  assert.equal(dialled.size, 501)
})

test('who is refused is never dialled, whoever names it, and counts once a host', () => {
  const pool = new PeerPool({
    random: seededRandom(1),
    refusalOf: (host) =>
      host.startsWith('81.') ? 'blocked' : host.includes(':') ? 'unreachable' : undefined,
  })
  assert.deepEqual(pool.refusedCounts, { blocked: 0, unreachable: 0 })
  for (const text of ['81.1.1.1:6881', '81.1.1.1:6882', '[2001:db8::1]:6881', '80.1.1.1:6881']) {
    for (const source of ['tracker', 'user'] as const) pool.add(at(text), source, 'public')
  }
  assert.deepEqual(pool.refusedCounts, { blocked: 1, unreachable: 1 })
  assert.equal(pool.takeDialable(0)?.host, '80.1.1.1')
  assert.equal(pool.takeDialable(0), undefined)
})

test('of addresses never tried those come first whose source knows best', () => {
  const pool = makePool()
  pool.add(at('10.0.0.1:1025'), 'pex', 'private')
  pool.add(at('10.0.0.2:1025'), 'tracker', 'private')
  pool.add(at('10.0.0.3:1025'), 'lsd', 'private')
  const order = Array.from({ length: 3 }, () => pool.takeDialable(0)?.host)
  assert.deepEqual(order, ['10.0.0.3', '10.0.0.2', '10.0.0.1'])
})

test('peers name 1,000 addresses at the most, and trackers still have room', () => {
  const pool = makePool()
  const host = (i: number): string => `80.${Math.floor(i / 250)}.0.${(i % 250) + 1}`
  for (let i = 0; i < 10_000; i++) pool.add({ host: host(i), port: 6881 }, 'pex', 'public')
  assert.equal(pool.countOf('pex'), 1_000)
  assert.equal(pool.add(at('81.0.0.1:6881'), 'tracker', 'public'), true)
  const failing = pool.takeDialable(0)!
  assert.equal(failing.host, '81.0.0.1')
  const another = pool.takeDialable(0)!
  pool.onDialFailed(another, 0)
  assert.equal(pool.add(at('82.0.0.1:6881'), 'pex', 'public'), true, 'one that failed makes room')
  assert.equal(pool.countOf('pex'), 1_000)
})

test('what a better source names once more counts as named by it', () => {
  const pool = makePool()
  pool.add(at('80.1.1.1:6881'), 'pex', 'public')
  assert.equal(pool.add(at('80.1.1.1:6881'), 'tracker', 'public'), false)
  assert.deepEqual([pool.countOf('pex'), pool.countOf('tracker')], [0, 1])
  pool.add(at('80.1.1.1:6881'), 'pex', 'public')
  assert.deepEqual([pool.countOf('pex'), pool.countOf('tracker')], [0, 1])
})
