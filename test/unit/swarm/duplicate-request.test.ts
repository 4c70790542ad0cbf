import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuplicatePlan } from '../../../src/swarm/duplicate-request.ts'

function planOf(arrivals: Record<number, number>): DuplicatePlan {
  const plan = new DuplicatePlan()
  for (const [block, arrivalMs] of Object.entries(arrivals)) plan.note(Number(block), arrivalMs)
  return plan
}

const anyBlock = (): boolean => true

test('the block expected last is fetched a second time', () => {
  const plan = planOf({ 1: 1_000, 2: 9_000, 3: 5_000 })
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 100, isMissing: anyBlock, isEligible: anyBlock }),
    [2],
  )
})

test('several are taken latest first, each expected later than the one before', () => {
  const plan = planOf({ 1: 1_000, 2: 9_000, 3: 5_000 })
  const taker = {
    count: 10,
    arrivalMs: (extra: number) => 1_000 + extra * 100,
    isMissing: anyBlock,
    isEligible: anyBlock,
  }
  assert.deepEqual(plan.choose(taker), [2, 3])
})

test('a peer that is not clearly sooner fetches nothing twice', () => {
  const plan = planOf({ 1: 1_000 })
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 700, isMissing: anyBlock, isEligible: anyBlock }),
    [],
  )
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 660, isMissing: anyBlock, isEligible: anyBlock }),
    [1],
  )
})

test('a block of a peer that stopped sending comes before all others', () => {
  const plan = planOf({ 1: 60_000, 2: Infinity, 3: Infinity })
  assert.deepEqual(
    plan.choose({ count: 2, arrivalMs: () => 50, isMissing: anyBlock, isEligible: anyBlock }),
    [2, 3],
  )
})

test('a peer that stopped sending is asked for nothing', () => {
  const plan = planOf({ 1: Infinity })
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => Infinity, isMissing: anyBlock, isEligible: anyBlock }),
    [],
  )
})

test('blocks the peer lacks or was asked for already are passed over', () => {
  const plan = planOf({ 1: 1_000, 2: 9_000 })
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 100, isMissing: anyBlock, isEligible: (block) => block !== 2 }),
    [1],
  )
})

test('a block is asked for of three peers at the most', () => {
  const plan = planOf({ 1: 9_000 })
  const ask = (arrivalMs: number): number[] =>
    plan.choose({ count: 1, arrivalMs: () => arrivalMs, isMissing: anyBlock, isEligible: anyBlock })
  assert.deepEqual([ask(4_000), ask(2_000), ask(1_000)], [[1], [1], []])
})

test('a copy on its way counts: the next peer must be sooner than that', () => {
  const plan = planOf({ 1: 9_000 })
  plan.choose({ count: 1, arrivalMs: () => 1_000, isMissing: anyBlock, isEligible: anyBlock })
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 900, isMissing: anyBlock, isEligible: anyBlock }),
    [],
  )
})

test('the next peer gets the block that is the latest now', () => {
  const plan = planOf({ 1: 9_000, 2: 8_000 })
  const ask = (arrivalMs: number): number[] =>
    plan.choose({ count: 1, arrivalMs: () => arrivalMs, isMissing: anyBlock, isEligible: anyBlock })
  assert.deepEqual([ask(100), ask(200), ask(300)], [[1], [2], []])
})

test('of two open requests for a block the sooner counts', () => {
  const plan = planOf({ 1: 9_000 })
  plan.note(1, 500)
  assert.equal(plan.size, 1)
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 400, isMissing: anyBlock, isEligible: anyBlock }),
    [],
  )
})

test('a block that has come meanwhile is not fetched again', () => {
  const plan = planOf({ 1: 5_000, 2: 9_000 })
  const taker = { count: 1, arrivalMs: () => 100, isEligible: anyBlock }
  assert.deepEqual(plan.choose({ ...taker, isMissing: (block) => block !== 2 }), [1])
})

test('a new plan knows nothing of the last one', () => {
  const plan = planOf({ 1: 9_000 })
  plan.begin()
  assert.deepEqual(
    plan.choose({ count: 1, arrivalMs: () => 1, isMissing: anyBlock, isEligible: anyBlock }),
    [],
  )
})
