import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnnounceSlots, MAX_SLOW, MAX_YOUNG, type Slot } from '../../../src/tracker/announce-slots.ts'

function taking(slots: AnnounceSlots, count: number): Slot[] {
  const taken: Slot[] = []
  for (let i = 0; i < count; i++) slots.take((slot) => taken.push(slot))
  return taken
}

test('four begin at once, the others when one ends', () => {
  const taken = taking(new AnnounceSlots(), 10)
  assert.equal(taken.length, MAX_YOUNG)
  taken[0]!.release()
  assert.equal(taken.length, MAX_YOUNG + 1)
})

test('a slow one makes room, until too many are slow', () => {
  const taken = taking(new AnnounceSlots(), 100)
  for (let i = 0; i < MAX_SLOW; i++) assert.equal(taken[i]!.markSlow(), true)
  assert.equal(taken.length, MAX_SLOW + MAX_YOUNG)
  const next = taken[MAX_SLOW]!
  assert.equal(next.markSlow(), false)
  taken[0]!.release()
  assert.equal(next.markSlow(), true)
  assert.equal(taken.length, MAX_SLOW + MAX_YOUNG + 1)
})

test('who leaves the queue is not called', () => {
  const slots = new AnnounceSlots()
  const taken = taking(slots, MAX_YOUNG)
  const leave = slots.take(() => assert.fail('left already'))
  leave()
  taken[0]!.release()
})
