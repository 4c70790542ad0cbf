import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  GoalWatch,
  formatRatio,
  goalText,
  ratioOf,
  ratioText,
  timeLeftText,
} from '../../../src/cli/seed-goal.ts'
import type { SeedFigures, SeedGoal } from '../../../src/cli/seed-goal.ts'
import { seedingNotes } from '../../../src/cli/seeding-notes.ts'
import { makePeers } from './fake-session.ts'

function figures(goal: SeedGoal, fields: Partial<SeedFigures> = {}): SeedFigures {
  return { goal, seconds: 0, uploadedBytes: 0, totalBytes: 1000, completedPeerCount: 0, ...fields }
}

test('without a goal there is no end', () => {
  assert.equal(new GoalWatch().isReached(figures({}, { seconds: 1e9, uploadedBytes: 1e15 })), false)
})

test('a time is reached at the nearest look, and what comes first counts', () => {
  const goal = { timeMs: 60_000, ratio: 5, completedPeers: 2 }
  const watch = new GoalWatch()
  assert.equal(watch.isReached(figures(goal, { seconds: 59.4 })), false)
  assert.equal(watch.isReached(figures(goal, { seconds: 59.6 })), true)
  assert.equal(watch.isReached(figures(goal, { completedPeerCount: 1 })), false)
  assert.equal(watch.isReached(figures(goal, { completedPeerCount: 2 })), true)
})

test('a ratio ends it when no more goes out, and 3 s later at the latest', () => {
  const quiet = new GoalWatch()
  const at = (seconds: number, uploadedBytes: number): SeedFigures =>
    figures({ ratio: 1.5 }, { seconds, uploadedBytes })
  assert.equal(quiet.isReached(at(1, 1499)), false)
  assert.equal(quiet.isReached(at(2, 1500)), false)
  assert.equal(quiet.isReached(at(3, 1500)), true)
  const busy = new GoalWatch()
  const looks = [1500, 1600, 1700, 1800].map((bytes, index) => busy.isReached(at(index, bytes)))
  assert.deepEqual(looks, [false, false, false, true])
})

test('a torrent without bytes has every ratio', () => {
  const watch = new GoalWatch()
  const empty = figures({ ratio: 2 }, { totalBytes: 0 })
  assert.equal(ratioOf(empty), 0)
  assert.equal(watch.isReached(empty), true)
})

test('a ratio is rounded down, goals and what is left of them are told', () => {
  assert.equal(formatRatio(0.9999), '0.99')
  assert.equal(formatRatio(1.15), '1.15')
  assert.equal(ratioText(figures({ ratio: 1.5 }, { uploadedBytes: 520 })), '0.52 of 1.5')
  assert.equal(timeLeftText(figures({ timeMs: 600_000 }, { seconds: 108 })), '8:12 left')
  assert.equal(goalText({}), 'until stopped')
  assert.equal(
    goalText({ ratio: 1.5, completedPeers: 1, timeMs: 1_800_000 }),
    'until ratio 1.5, or until 1 peer completed, or for 30 min',
  )
})

test('a line with less room says less, the ratio to the end', () => {
  const seeding = figures({ ratio: 2, completedPeers: 3 }, { uploadedBytes: 1930, completedPeerCount: 1 })
  const notes = seedingNotes(seeding, 2048, makePeers({ connected: 12, interested: 4 }))
  assert.equal(
    notes[0],
    'seeding    1.9 KiB sent    2.0 KiB/s  ratio 1.93 of 2  1 of 3 peers done  4 of 12 peers ask',
  )
  assert.equal(notes.at(-1), 'ratio 1.93 of 2')
  const lengths = notes.map(({ length }) => length)
  assert.deepEqual(
    lengths,
    lengths.toSorted((a, b) => b - a),
  )
})
