import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PieceBuffers } from '../../../src/storage/piece-buffers.ts'
import { PieceMemory } from '../../../src/storage/piece-memory.ts'

/** As many pieces as it is given. */
function reserveAll(buffers: PieceBuffers): number {
  let count = 0
  while (buffers.reserve()) count++
  return count
}

test('torrents share one budget', () => {
  const memory = new PieceMemory(800)
  const torrents = [1, 2, 3, 4].map(() => new PieceBuffers({ pieceBytes: 100, memory }))
  for (const torrent of torrents) torrent.reserve()
  assert.deepEqual(torrents.map(reserveAll), [1, 1, 1, 1])
  assert.equal(memory.reservedBytes, 800)
})

test('a torrent that came late has one piece at once, and its share when the others have less', () => {
  const memory = new PieceMemory(800)
  const [early, late] = [1, 2].map(() => new PieceBuffers({ pieceBytes: 100, memory }))
  assert.equal(reserveAll(early!), 8)
  assert.equal(reserveAll(late!), 1)
  assert.deepEqual([early!.maxReserved, late!.maxReserved], [4, 4])
  early!.unreserve()
  assert.equal(reserveAll(early!), 0)
  for (let done = 1; done < 4; done++) early!.unreserve()
  assert.equal(reserveAll(early!), 0)
  assert.equal(reserveAll(late!), 3)
  assert.equal(memory.reservedBytes, 800)
})

test('what a torrent gives back is there for those that go on', () => {
  const memory = new PieceMemory(800)
  const [one, other] = [1, 2].map(() => new PieceBuffers({ pieceBytes: 100, memory }))
  one!.reserve()
  other!.reserve()
  assert.equal(reserveAll(one!), 3)
  other!.unreserve()
  assert.equal(reserveAll(one!), 4)
})

test('each torrent may have one piece, however many torrents and however large', () => {
  const memory = new PieceMemory(800)
  const torrents = Array.from({ length: 100 }, () => new PieceBuffers({ pieceBytes: 1000, memory }))
  assert.deepEqual(new Set(torrents.map(reserveAll)), new Set([1]))
})

test('a buffer that one torrent gave back is taken by the next', () => {
  const memory = new PieceMemory(800)
  const [one, other] = [1, 2].map(() => new PieceBuffers({ pieceBytes: 100, memory }))
  one!.reserve()
  const buffer = one!.take()
  one!.give(buffer)
  one!.unreserve()
  other!.reserve()
  assert.equal(other!.take(), buffer)
})

test('idle buffers of one size make room for those of another', () => {
  const memory = new PieceMemory(800)
  for (const pieceBytes of [100, 200, 400, 25, 800]) {
    const buffers = new PieceBuffers({ pieceBytes, memory })
    const count = reserveAll(buffers)
    const taken = Array.from({ length: count }, () => buffers.take())
    assert.equal(memory.bufferBytes, 800)
    for (const buffer of taken) {
      buffers.give(buffer)
      buffers.unreserve()
    }
    assert.equal(memory.bufferBytes, 800)
  }
})

test('beyond the budget one buffer at the most is kept', () => {
  const memory = new PieceMemory(800)
  const torrents = Array.from({ length: 5 }, () => new PieceBuffers({ pieceBytes: 1000, memory }))
  const taken = torrents.map((torrent) => {
    torrent.reserve()
    return torrent.take()
  })
  assert.equal(memory.bufferBytes, 5000)
  for (const [index, torrent] of torrents.entries()) torrent.give(taken[index]!)
  assert.equal(memory.bufferBytes, 1000)
})
