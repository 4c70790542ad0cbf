import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chooseUnchoked } from '../../src/swarm/choker.ts'
import { seededRandom } from '../support/picker-strings.ts'

const facts = fc.record({
  isInterested: fc.boolean(),
  bytesPerSecondFrom: fc.nat(5),
  bytesPerSecondTo: fc.nat(5),
  unchokedAtMs: fc.option(fc.nat(200_000), { nil: undefined }),
  chokedAtMs: fc.nat(200_000),
  isSnubbing: fc.boolean(),
  connectedAtMs: fc.nat(200_000),
})

test('only interested peers are unchoked, and as many as there are slots', () => {
  fc.assert(
    fc.property(
      fc.array(facts, { maxLength: 30 }),
      fc.nat(10),
      fc.record({ isSeeding: fc.boolean(), optimisticRound: fc.boolean(), seed: fc.integer() }),
      (peers, slots, { isSeeding, optimisticRound, seed }) => {
        const keyed = peers.map((peer, key) => ({ ...peer, key }))
        const interested = new Set(keyed.filter((peer) => peer.isInterested).map((peer) => peer.key))
        const random = seededRandom(seed)
        const chosen = chooseUnchoked(keyed, { slots, nowMs: 200_000, isSeeding, random, optimisticRound })
        assert.equal(chosen.size, Math.min(slots, interested.size))
        for (const key of chosen) assert.ok(interested.has(key))
      },
    ),
    { numRuns: 200 },
  )
})
