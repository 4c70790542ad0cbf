import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import { PieceProgress } from '../../../src/swarm/piece-progress.ts'

const ANN = 1
const BEN = 2
const progressOf = (blockCount: number): PieceProgress => new PieceProgress(0 as PieceIndex, blockCount)

test('free blocks are given out lowest first, each once', () => {
  const progress = progressOf(3)
  assert.deepEqual(
    [0, 1, 2, 3].map(() => progress.takeFree()),
    [0, 1, 2, undefined],
  )
  assert.equal(progress.freeCount, 0)
})

test('a dropped request makes its block free again', () => {
  const progress = progressOf(3)
  progress.takeFree()
  progress.takeFree()
  progress.free(0)
  assert.equal(progress.freeCount, 2)
  assert.equal(progress.takeFree(), 0)
  assert.equal(progress.takeFree(), 2)
})

test('a block asked for twice is free only when both requests are dropped', () => {
  const progress = progressOf(1)
  progress.takeFree()
  progress.request(0)
  progress.free(0)
  assert.equal(progress.freeCount, 0)
  progress.free(0)
  assert.equal(progress.freeCount, 1)
  progress.free(0)
  assert.equal(progress.freeCount, 1)
})

test('a block counts once, for the peer that was first', () => {
  const progress = progressOf(2)
  progress.takeFree()
  progress.request(0)
  assert.equal(progress.receive(0, ANN), true)
  assert.equal(progress.requesterCount(0), 1)
  assert.equal(progress.receive(0, BEN), false)
  assert.equal(progress.requesterCount(0), 0)
  assert.equal(progress.senderOf(0), ANN)
  assert.equal(progress.receivedCount, 1)
  assert.equal(progress.isComplete, false)
})

test('a received block does not become free when the other request for it is dropped', () => {
  const progress = progressOf(1)
  progress.takeFree()
  progress.request(0)
  progress.receive(0, ANN)
  progress.free(0)
  assert.equal(progress.freeCount, 0)
  assert.equal(progress.takeFree(), undefined)
})

test('a block whose request was dropped is still welcome', () => {
  const progress = progressOf(1)
  progress.takeFree()
  progress.free(0)
  assert.equal(progress.receive(0, ANN, false), true)
  assert.equal(progress.freeCount, 0)
  assert.equal(progress.isComplete, true)
})

test('a late block of a dropped request leaves the request at another peer open', () => {
  const progress = progressOf(1)
  progress.takeFree()
  progress.receive(0, ANN, false)
  assert.equal(progress.requesterCount(0), 1)
  progress.receive(0, ANN, false)
  assert.equal(progress.requesterCount(0), 1)
})

test('the piece knows who sent its blocks', () => {
  const progress = progressOf(3)
  progress.receive(0, BEN)
  progress.receive(1, 0)
  assert.deepEqual([progress.senderOf(0), progress.senderOf(1)], [BEN, 0])
  assert.equal(progress.senderOf(2), undefined)
})
