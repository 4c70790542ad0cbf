import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import { MAX_QUEUED_REQUESTS, RequestQueue } from '../../../src/torrent/request-queue.ts'
import { seededRandom } from '../../support/picker-strings.ts'

const push = (queue: RequestQueue, piece: number, offset: number, length: number): void => {
  queue.push(piece as PieceIndex, offset, length)
}

const list = (queue: RequestQueue): string[] =>
  Array.from({ length: queue.size }, (_, index) =>
    [queue.pieceAt(index), queue.offsetAt(index), queue.lengthAt(index)].join(' '),
  )

test('requests come out in the order they went in', () => {
  const queue = new RequestQueue()
  push(queue, 1, 0, 16_384)
  push(queue, 4_000_000_000, 3_000_000_000, 1)
  assert.deepEqual(list(queue), ['1 0 16384', '4000000000 3000000000 1'])
  queue.dropOldest(1)
  assert.deepEqual(list(queue), ['4000000000 3000000000 1'])
})

test('a request is taken out only by its own numbers', () => {
  const queue = new RequestQueue()
  for (const offset of [0, 1, 2]) push(queue, 1, offset, 5)
  assert.equal(queue.remove(1, 1, 4), false)
  assert.equal(queue.remove(2, 1, 5), false)
  assert.equal(queue.remove(1, 1, 5), true)
  assert.deepEqual(list(queue), ['1 0 5', '1 2 5'])
})

test('it is full at what we tell peers, and does as a list would, however long it runs', () => {
  const random = seededRandom(3)
  const queue = new RequestQueue()
  const expected: string[] = []
  let mostQueued = 0
  for (let step = 0; step < 20_000; step++) {
    const chance = random()
    if (chance < 0.75 && !queue.isFull) {
      push(queue, step % 7, step % 3, 1)
      expected.push(`${step % 7} ${step % 3} 1`)
    } else if (chance < 0.8) {
      const count = Math.floor(random() * Math.min(queue.size, 9))
      queue.dropOldest(count)
      expected.splice(0, count)
    } else {
      const [piece, offset] = [Math.floor(random() * 7), Math.floor(random() * 3)]
      const at = expected.indexOf(`${piece} ${offset} 1`)
      assert.equal(queue.remove(piece, offset, 1), at >= 0)
      if (at >= 0) expected.splice(at, 1)
    }
    mostQueued = Math.max(mostQueued, queue.size)
    if (step % 500 === 0) assert.deepEqual(list(queue), expected)
  }
  assert.equal(mostQueued, MAX_QUEUED_REQUESTS)
  assert.deepEqual(list(queue), expected)
})
