import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_TRACKERS, orderTiers, promoted } from '../../../src/tracker/tiers.ts'

test('tiers keep their order, trackers change theirs within the tier', () => {
  const tiers = [
    ['a', 'b', 'c'],
    ['d', 'e'],
  ]
  assert.deepEqual(
    orderTiers(tiers, () => 0),
    [
      ['b', 'c', 'a'],
      ['e', 'd'],
    ],
  )
  assert.deepEqual(
    orderTiers(tiers, () => 0.999),
    tiers,
  )
})

test('every order of a tier is as likely', () => {
  const seen = new Map<string, number>()
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 2; j++) {
      const draws = [(i + 0.5) / 3, (j + 0.5) / 2]
      const order = orderTiers([['a', 'b', 'c']], () => draws.shift() ?? 0)[0]!.join('')
      seen.set(order, (seen.get(order) ?? 0) + 1)
    }
  }
  assert.equal(seen.size, 6)
})

test('a tracker counts once, empty tiers go, and there is a limit', () => {
  assert.deepEqual(
    orderTiers([['a', 'a'], [], ['a'], ['b']], () => 0.999),
    [['a'], ['b']],
  )
  const many = Array.from({ length: 1000 }, (_, i) => [`t${i}`])
  assert.equal(orderTiers(many, () => 0).length, MAX_TRACKERS)
})

test('the one that answered moves to the front', () => {
  assert.deepEqual(promoted(['a', 'b', 'c'], 'b'), ['b', 'a', 'c'])
})
