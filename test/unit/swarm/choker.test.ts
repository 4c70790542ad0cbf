import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChokerPeer, ChokerRound } from '../../../src/swarm/choker.ts'
import { chooseNext, chooseUnchoked } from '../../../src/swarm/choker.ts'
import { seededRandom } from '../../support/picker-strings.ts'

const NOW_MS = 1_000_000

function peer(key: number, changes: Partial<ChokerPeer> = {}): ChokerPeer {
  return {
    ...{ key, isInterested: true, bytesPerSecondFrom: 0, bytesPerSecondTo: 0 },
    ...{ unchokedAtMs: undefined, chokedAtMs: 0, isSnubbing: false, connectedAtMs: 0 },
    ...changes,
  }
}

function round(changes: Partial<ChokerRound> = {}): ChokerRound {
  const random = seededRandom(3)
  return { slots: 4, nowMs: NOW_MS, isSeeding: false, random, optimisticRound: false, ...changes }
}

/** Peer 1 gives least. */
const givers = (count: number): ChokerPeer[] =>
  Array.from({ length: count }, (_, i) => peer(i + 1, { bytesPerSecondFrom: 1000 * (i + 1) }))

test('while slots are free everybody interested gets one', () => {
  const peers = [peer(1), peer(2, { isInterested: false }), peer(3, { isSnubbing: true })]
  assert.deepEqual(chooseUnchoked(peers, round()), new Set([1, 3]))
})

test('those who give most keep the slots, one slot is for somebody else', () => {
  const chosen = chooseUnchoked(givers(10), round())
  assert.equal(chosen.size, 4)
  assert.ok([8, 9, 10].every((key) => chosen.has(key)))
})

test('a peer that is not interested takes no slot, however fast it is', () => {
  const peers = [...givers(10), peer(11, { isInterested: false, bytesPerSecondFrom: 1e9 })]
  assert.equal(chooseUnchoked(peers, round()).has(11), false)
})

test('a peer that owes us blocks is not rewarded', () => {
  const peers = givers(10).map((giver) =>
    giver.key === 10 ? { ...giver, isSnubbing: true, unchokedAtMs: 5 } : giver,
  )
  const chosen = chooseUnchoked(peers, round({ optimisticRound: true }))
  assert.ok([7, 8, 9].every((key) => chosen.has(key)))
  assert.equal(chosen.has(10), false)
})

test('the optimistic slot stays with its peer until the round that passes it on', () => {
  const peers = givers(10).map((giver) =>
    giver.key === 2 ? { ...giver, unchokedAtMs: NOW_MS - 10_000 } : giver,
  )
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed)
    assert.equal(chooseUnchoked(peers, round({ random })).has(2), true)
    assert.equal(chooseUnchoked(peers, round({ random, optimisticRound: true })).has(2), false)
  }
})

test('a newcomer is three times likelier to get the optimistic slot', () => {
  const peers = [...givers(10), peer(11, { connectedAtMs: NOW_MS - 1_000 })]
  const random = seededRandom(1)
  let newcomer = 0
  for (let i = 0; i < 3_000; i++) {
    if (chooseUnchoked(peers, round({ random, optimisticRound: true })).has(11)) newcomer++
  }
  assert.ok(newcomer > 760 && newcomer < 1_040, `${newcomer} of 3000, 900 expected`) // 3 of 7 + 3 shares
})

test('equal peers do not lose their slots to each other', () => {
  const peers = Array.from({ length: 10 }, (_, i) =>
    peer(i, { unchokedAtMs: i < 4 ? NOW_MS - 10_000 - i : undefined }),
  )
  for (let seed = 0; seed < 10; seed++) {
    assert.deepEqual(chooseUnchoked(peers, round({ random: seededRandom(seed) })), new Set([0, 1, 2, 3]))
  }
})

test('while seeding everybody gets a turn', () => {
  const random = seededRandom(5)
  const since = new Map<number, number>()
  const served = new Set<number>()
  for (let nowMs = 0; nowMs < 1_800_000; nowMs += 10_000) {
    const peers = Array.from({ length: 20 }, (_, key) =>
      peer(key, { unchokedAtMs: since.get(key), bytesPerSecondTo: since.has(key) ? 1000 * key : 0 }),
    )
    const optimisticRound = (nowMs / 10_000) % 3 === 0
    const chosen = chooseUnchoked(peers, round({ nowMs, isSeeding: true, random, optimisticRound }))
    assert.equal(chosen.size, 4)
    for (const key of since.keys()) if (!chosen.has(key)) since.delete(key)
    for (const key of chosen) if (!since.has(key)) since.set(key, nowMs)
    for (const key of chosen) served.add(key)
  }
  assert.equal(served.size, 20)
})

test('while seeding a peer whose turn has begun is not cut off', () => {
  const peers = Array.from({ length: 10 }, (_, key) =>
    peer(key, { unchokedAtMs: key < 3 ? NOW_MS - 20_000 : undefined }),
  )
  const chosen = chooseUnchoked(peers, round({ isSeeding: true, optimisticRound: true }))
  assert.ok([0, 1, 2].every((key) => chosen.has(key)))
})

test('without slots nobody is unchoked', () => {
  assert.equal(chooseUnchoked(givers(3), round({ slots: 0 })).size, 0)
})

test('a slot that becomes free goes to the best giver, or of a seed to who has waited longest', () => {
  const served = peer(1, { unchokedAtMs: 1, bytesPerSecondFrom: 9000 })
  const idle = peer(2, { isInterested: false, bytesPerSecondFrom: 9000 })
  const waiting = [
    peer(3, { chokedAtMs: 500, bytesPerSecondFrom: 10 }),
    peer(4, { chokedAtMs: 300, bytesPerSecondFrom: 20 }),
    peer(5, { chokedAtMs: 400, bytesPerSecondFrom: 30 }),
  ]
  assert.equal(chooseNext([served, idle, ...waiting], round()), 5)
  assert.equal(chooseNext([served, idle, ...waiting], round({ isSeeding: true })), 4)
  assert.equal(chooseNext([served, idle], round()), undefined)
})

test('a seed with few slots serves everybody in turn: none waits much longer than others', () => {
  const peers = Array.from({ length: 12 }, (_, key) => peer(key, { bytesPerSecondTo: 1000 * key }))
  const servedRounds = peers.map(() => 0)
  let now = peers
  for (let number = 0; number < 120; number++) {
    const nowMs = NOW_MS + 10_000 * number
    const chosen = chooseUnchoked(
      now,
      round({ nowMs, isSeeding: true, optimisticRound: number % 3 === 0, random: seededRandom(number) }),
    )
    now = now.map((one) => {
      if (chosen.has(one.key)) {
        servedRounds[one.key]!++
        return { ...one, unchokedAtMs: one.unchokedAtMs ?? nowMs }
      }
      return {
        ...one,
        unchokedAtMs: undefined,
        chokedAtMs: one.unchokedAtMs === undefined ? one.chokedAtMs : nowMs,
      }
    })
  }
  assert.ok(Math.min(...servedRounds) >= 20, `of 120 rounds with 4 slots for 12: ${servedRounds.join(' ')}`)
})
