import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import { OpenPieces, type OpenPiece } from '../../../src/torrent/open-pieces.ts'
import { PieceMemory } from '../../../src/storage/piece-memory.ts'
import { PieceBuffers } from '../../../src/storage/piece-buffers.ts'

const piece = (index: number): PieceIndex => index as PieceIndex

function make(pieces: number): { open: OpenPieces; buffers: PieceBuffers } {
  const buffers = new PieceBuffers({ pieceBytes: 32_768, memory: new PieceMemory(pieces * 32_768) })
  return { open: new OpenPieces(buffers), buffers }
}

function begin(open: OpenPieces, index: number, blockCount: number): OpenPiece | undefined {
  return open.open({
    piece: piece(index),
    blockCount,
    owner: 1,
    isShared: false,
    openedAtMs: 0,
    isSingleSource: false,
  })
}

test('no piece is opened beyond the budget, and a discarded one makes room', () => {
  const { open } = make(2)
  const first = begin(open, 1, 2)
  assert.ok(first !== undefined && begin(open, 2, 2) !== undefined)
  assert.equal(begin(open, 3, 2), undefined)
  open.discard(first)
  assert.ok(begin(open, 3, 2) !== undefined)
})

test('memory is taken with the first block, not with the request', () => {
  const { open, buffers } = make(2)
  const first = begin(open, 1, 2)
  assert.ok(first !== undefined)
  open.takeFree(first)
  assert.equal(buffers.takenCount, 0)
  assert.equal(open.bufferOf(first).length, 32_768)
  assert.equal(buffers.takenCount, 1)
  open.discard(first)
  assert.equal(buffers.takenCount, 0)
  assert.equal(buffers.reservedCount, 0)
})

test('pieces with free blocks are offered oldest first, and again when a request is dropped', () => {
  const { open } = make(3)
  const [a, b] = [begin(open, 7, 1), begin(open, 3, 2)]
  assert.ok(a !== undefined && b !== undefined)
  const offered = (): number[] => [...open.withFree()].map((one) => one.piece)
  assert.deepEqual(offered(), [7, 3])
  open.takeFree(a)
  assert.deepEqual(offered(), [3])
  open.release(a, 0)
  assert.deepEqual(offered(), [3, 7])
  open.discard(a)
  assert.deepEqual(offered(), [3])
})
