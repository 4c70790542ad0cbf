import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReadingWindow } from '../../../src/swarm/reading-window.ts'

/** Priorities that were set, by piece; -1: never. */
class Recorder {
  readonly priorities: number[]

  constructor(pieceCount: number) {
    this.priorities = Array<number>(pieceCount).fill(-1)
  }

  setPriority(piece: number, priority: number): void {
    this.priorities[piece] = priority
  }
}

test('nearer pieces have higher priorities, in bands that double; beyond the window none', () => {
  const recorder = new Recorder(12)
  const window = new ReadingWindow(recorder, 1, 10, 7)
  assert.deepEqual(recorder.priorities, [-1, 3, 2, 2, 1, 1, 1, 1, 0, 0, 0, -1])
  window.advance(2)
  assert.deepEqual(recorder.priorities, [-1, 3, 3, 2, 2, 1, 1, 1, 1, 0, 0, -1])
  window.advance(9)
  assert.deepEqual(recorder.priorities.slice(9), [3, 2, -1])
})

test('an empty range sets nothing', () => {
  const recorder = new Recorder(3)
  new ReadingWindow(recorder, 1, 0, 7).advance(1)
  assert.deepEqual(recorder.priorities, [-1, -1, -1])
})

test('wherever it moves, it stands as one that began there', () => {
  fc.assert(
    fc.property(
      fc.record({ first: fc.nat(5), length: fc.nat(80), size: fc.integer({ min: 1, max: 40 }) }),
      fc.array(fc.nat(20), { maxLength: 8 }),
      ({ first, length, size }, steps) => {
        const last = first + length
        const moved = new Recorder(last + 3)
        const window = new ReadingWindow(moved, first, last, size)
        let front = first
        for (const step of steps) {
          front = Math.min(last + 1, front + step)
          window.advance(front)
          const fresh = new Recorder(last + 3)
          new ReadingWindow(fresh, front, last, size)
          assert.deepEqual(moved.priorities.slice(front), fresh.priorities.slice(front))
        }
      },
    ),
  )
})
