import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AddressScope } from '../../src/common/address-scope.ts'
import type { Endpoint } from '../../src/common/endpoint.ts'
import type { PeerSource } from '../../src/swarm/peer-pool.ts'
import { PeerPool } from '../../src/swarm/peer-pool.ts'
import { formatEndpoint } from '../../src/common/endpoint.ts'
import { seededRandom } from '../support/picker-strings.ts'

/** A pool and what we know of its dials from outside. */
class Dials {
  readonly pool: PeerPool
  readonly busy = new Map<string, Endpoint>()
  readonly failedAtMs = new Map<string, number>()
  nowMs = 0

  constructor(seed: number) {
    this.pool = new PeerPool({ maxKnown: 6, maxPerHost: 3, random: seededRandom(seed) })
  }

  get oldest(): [string, Endpoint] | undefined {
    return [...this.busy][0]
  }

  take(): void {
    const waitMs = this.pool.nextDialableInMs(this.nowMs)
    const taken = this.pool.takeDialable(this.nowMs)
    assert.equal(taken !== undefined, waitMs === 0)
    if (taken === undefined) return
    const key = formatEndpoint(taken)
    assert.ok(!this.busy.has(key), `${key} is dialled already`)
    assert.ok(!this.pool.isBanned(taken, this.nowMs), `${key} is banned`)
    assert.ok(taken.port !== 0 && taken.host !== '0.0.0.0')
    assert.ok(this.nowMs - (this.failedAtMs.get(key) ?? -Infinity) > 4_000)
    this.busy.set(key, taken)
  }

  fail(): void {
    if (this.oldest === undefined) return
    const [key, oldest] = this.oldest
    this.pool.onDialFailed(oldest, this.nowMs)
    this.failedAtMs.set(key, this.nowMs)
    this.busy.delete(key)
  }

  connect(): void {
    if (this.oldest !== undefined) this.pool.onConnected(this.oldest[1])
  }

  close(wasUseful: boolean): void {
    if (this.oldest === undefined) return
    const [key, oldest] = this.oldest
    this.pool.onClosed(oldest, { wasUseful, nowMs: this.nowMs })
    this.busy.delete(key)
  }
}

interface Event {
  readonly kind: keyof typeof EVENTS
  readonly endpoint: Endpoint
  readonly source: PeerSource
  readonly scope: AddressScope
  readonly waitMs: number
}

const EVENTS = {
  add({ pool }: Dials, { endpoint, source, scope }: Event): void {
    pool.add(endpoint, source, scope)
  },
  take(dials: Dials): void {
    dials.take()
  },
  fail(dials: Dials): void {
    dials.fail()
  },
  connect(dials: Dials): void {
    dials.connect()
  },
  close(dials: Dials, { source }: Event): void {
    dials.close(source === 'pex')
  },
  self({ pool }: Dials, { endpoint }: Event): void {
    pool.markSelf(endpoint)
  },
  ban({ pool, nowMs }: Dials, { endpoint }: Event): void {
    pool.ban(endpoint, nowMs)
  },
  banLast({ pool, nowMs }: Dials, { endpoint }: Event): void {
    pool.ban(endpoint, nowMs, true)
  },
}

const event: fc.Arbitrary<Event> = fc.record({
  kind: fc.constantFrom(...(Object.keys(EVENTS) as (keyof typeof EVENTS)[]), 'add', 'take', 'take'),
  endpoint: fc.record({
    host: fc.constantFrom(
      ...['80.1.1.1', '80.1.1.2', '10.0.0.1', '127.0.0.1', '2001:db8::1', '2001:db8::2', '::1', '0.0.0.0'],
    ),
    port: fc.constantFrom(0, 80, 6881, 6882, 6883),
  }),
  source: fc.constantFrom('user', 'tracker', 'pex'),
  scope: fc.constantFrom('public', 'private', 'loopback'),
  waitMs: fc.nat(400_000),
})

test('whatever happens, no address is dialled twice at once, while banned, or within 4 s of its failure', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 120 }), fc.integer(), (events, seed) => {
      const dials = new Dials(seed)
      for (const one of events) {
        dials.nowMs += one.waitMs
        EVENTS[one.kind](dials, one)
      }
      const { known, connected, dialing } = dials.pool.counts
      assert.ok(connected + dialing <= dials.busy.size && known >= 0)
    }),
    { numRuns: 150 },
  )
})
