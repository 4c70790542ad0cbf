import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BugError } from '../../../src/common/errors.ts'
import { PieceMemory } from '../../../src/storage/piece-memory.ts'
import { PieceBuffers } from '../../../src/storage/piece-buffers.ts'

test('pieces are reserved until the budget is used up, and again when one is done', () => {
  const buffers = new PieceBuffers({ pieceBytes: 100, memory: new PieceMemory(350) })
  assert.equal(buffers.maxReserved, 3)
  assert.deepEqual(
    [1, 2, 3, 4].map(() => buffers.reserve()),
    [true, true, true, false],
  )
  buffers.unreserve()
  assert.ok(buffers.reserve())
  assert.equal(buffers.reservedCount, 3)
})

test('one piece is always allowed, however large', () => {
  const buffers = new PieceBuffers({ pieceBytes: 1 << 20, memory: new PieceMemory(1000) })
  assert.ok(buffers.reserve())
  assert.ok(!buffers.reserve())
  assert.equal(buffers.take().length, 1 << 20)
})

test('reserving takes no memory, and the buffer given back last is used first', () => {
  const buffers = new PieceBuffers({ pieceBytes: 64, memory: new PieceMemory(640) })
  buffers.reserve()
  buffers.reserve()
  assert.equal(buffers.takenCount, 0)
  const one = buffers.take()
  const two = buffers.take()
  buffers.give(one)
  buffers.give(two)
  assert.equal(buffers.take(), two)
  assert.equal(buffers.take(), one)
})

test('a buffer given back is never replaced by a new one', () => {
  const buffers = new PieceBuffers({ pieceBytes: 4 << 20, memory: new PieceMemory(16 << 20) })
  const take = (): Buffer[] =>
    [1, 2, 3, 4].map(() => {
      buffers.reserve()
      return buffers.take()
    })
  const first = take()
  for (const buffer of first) {
    buffers.give(buffer)
    buffers.unreserve()
  }
  assert.deepEqual(new Set(take()), new Set(first))
})

test('a buffer without reservation, a foreign buffer and one return too many are bugs', () => {
  const buffers = new PieceBuffers({ pieceBytes: 64, memory: new PieceMemory(640) })
  assert.throws(() => buffers.take(), BugError)
  assert.throws(() => {
    buffers.unreserve()
  }, BugError)
  buffers.reserve()
  buffers.take()
  assert.throws(() => {
    buffers.give(Buffer.alloc(63))
  }, BugError)
})
