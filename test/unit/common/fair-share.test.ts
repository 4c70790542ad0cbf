import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FairShare } from '../../../src/common/fair-share.ts'

const UNIT = 10

/** Members that want so much each; what they got is counted in `got`. */
function share(fair: FairShare, amount: number, wants: readonly number[], got: number[] = []): number[] {
  const left = [...wants]
  fair.shareOut(amount, [...wants.keys()], (member, offer) => {
    assert.ok(offer >= UNIT, 'never less than a unit is offered')
    const used = Math.min(Math.floor(offer / UNIT) * UNIT, left[member]!)
    left[member]! -= used
    got[member] = (got[member] ?? 0) + used
    return used
  })
  return got
}

test('all get the same when all want much', () => {
  assert.deepEqual(share(new FairShare(UNIT), 120, [1e9, 1e9, 1e9]), [40, 40, 40])
})

test('what one leaves goes to the others alike', () => {
  assert.deepEqual(share(new FairShare(UNIT), 120, [10, 1e9, 0, 1e9]), [10, 60, 0, 50])
  assert.deepEqual(share(new FairShare(UNIT), 1_000, [10, 20, 30]), [10, 20, 30])
})

test('less than a unit for each: they take turns', () => {
  const fair = new FairShare(UNIT)
  const got: number[] = []
  for (let step = 0; step < 30; step++) share(fair, 10, [1e9, 1e9, 1e9], got)
  assert.deepEqual(got, [100, 100, 100])
  for (let step = 0; step < 30; step++) share(fair, 20, [1e9, 1e9, 1e9], got)
  assert.deepEqual(got, [300, 300, 300])
})

test('the turn passes over those who want nothing', () => {
  const fair = new FairShare(UNIT)
  const got: number[] = []
  for (let step = 0; step < 20; step++) share(fair, 10, [1e9, 0, 0, 1e9], got)
  assert.deepEqual(got, [100, 0, 0, 100])
})

test('nobody, and too little for anybody', () => {
  assert.deepEqual(share(new FairShare(UNIT), 100, []), [])
  assert.deepEqual(share(new FairShare(UNIT), 9, [1e9]), [])
  assert.deepEqual(share(new FairShare(UNIT), -50, [1e9]), [])
})
