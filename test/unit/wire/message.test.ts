import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_FRAME_BYTES, maxFrameBytes } from '../../../src/wire/message.ts'

test('the frames of a torrent are bounded by its bitfield, never below a block or an extended message', () => {
  assert.equal(maxFrameBytes(1), 128 * 1024)
  assert.equal(maxFrameBytes(2_000_000), 250_001)
  assert.equal(maxFrameBytes(2_000_001), 250_002)
  assert.equal(maxFrameBytes(100_000_000), MAX_FRAME_BYTES)
})
