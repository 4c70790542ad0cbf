import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CompletedDownloads } from '../../../src/share/completed-downloads.ts'
import type { AnnounceEvent } from '../../../src/tracker/tracker.ts'

function replay(...announces: readonly (readonly [string, AnnounceEvent, number])[]): number {
  const downloads = new CompletedDownloads()
  let told = 0
  for (const [id, event, leftBytes] of announces) {
    if (downloads.add({ peerId: Buffer.from(id), event, leftBytes })) told++
  }
  assert.equal(told, downloads.count)
  return told
}

test('who says so is complete, once', () => {
  assert.equal(replay(['a', 'started', 5], ['a', 'completed', 0], ['a', 'completed', 0], ['a', 'none', 0]), 1)
  assert.equal(replay(['a', 'completed', 0], ['b', 'completed', 0]), 2)
})

test('who lacked something and lacks nothing when it leaves is complete, as aria2 is', () => {
  assert.equal(replay(['a', 'started', 5], ['a', 'stopped', 0]), 1)
  assert.equal(replay(['a', 'started', 5], ['a', 'none', 0], ['a', 'stopped', 0]), 1)
})

test('who gives up, and who had everything, is not', () => {
  assert.equal(replay(['a', 'started', 5], ['a', 'stopped', 5]), 0)
  assert.equal(replay(['a', 'started', 0], ['a', 'none', 0], ['a', 'stopped', 0]), 0)
})
