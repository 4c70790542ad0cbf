import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX_PIECES } from '../../../src/metainfo/info-dict.ts'
import { defaultPieceBytes } from '../../../src/metainfo/piece-length.ts'

const KIB = 1024
const GIB = 2 ** 30

test('the piece length grows with the square root of the size, as in docs/create.md', () => {
  assert.equal(defaultPieceBytes(0), 16 * KIB)
  assert.equal(defaultPieceBytes(1), 16 * KIB)
  assert.equal(defaultPieceBytes(GIB), 512 * KIB)
  assert.equal(defaultPieceBytes(16 * GIB), 2048 * KIB)
  assert.equal(defaultPieceBytes(1024 * GIB), 16_384 * KIB)
})

test('it changes where libtorrent 2.0 changes it, to the byte', () => {
  // Found by asking libtorrent 2.0.8 (create_torrent with piece size 0) for the largest size of each.
  const largest = [2_684_355, 10_737_418, 42_949_673, 171_798_692, 687_194_767, 2_748_779_069, 10_995_116_278]
  for (const [index, bytes] of largest.entries()) {
    assert.equal(defaultPieceBytes(bytes), 2 ** (14 + index))
    assert.equal(defaultPieceBytes(bytes + 1), 2 ** (15 + index))
  }
})

test('there are never more pieces than a torrent may have', () => {
  for (const bytes of [32 * 1024 * GIB, 33 * 1024 * GIB, 2 ** 49])
    assert.ok(Math.ceil(bytes / defaultPieceBytes(bytes)) <= MAX_PIECES)
})
