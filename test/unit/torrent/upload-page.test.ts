import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import { UploadPage } from '../../../src/torrent/upload-page.ts'
import { makeGeometry } from '../../../src/metainfo/geometry.ts'

/** Pieces of six and a half blocks; the last is two blocks and five bytes. */
const GEOMETRY = makeGeometry(3 * 106_496 + 32_773, 106_496)

function filled(piece: number, firstBlock: number): { page: UploadPage; data: Buffer } {
  const page = new UploadPage(() => undefined)
  page.assign(GEOMETRY, piece as PieceIndex, firstBlock)
  const parts: Buffer[] = []
  page.addDataTo(parts)
  for (const [index, part] of parts.entries()) part.fill(index + 1)
  return { page, data: Buffer.concat(parts) }
}

function message(piece: number, offset: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(9 + data.length)
  header.writeUInt8(7, 4)
  header.writeUInt32BE(piece, 5)
  header.writeUInt32BE(offset, 9)
  return Buffer.concat([header, data])
}

test('neighbouring blocks are one stretch of whole messages', () => {
  const { page } = filled(1, 0)
  const expected = [1, 2].map((block) => message(1, block * 16_384, Buffer.alloc(16_384, block + 1)))
  assert.ok(page.frames(1, 2).equals(Buffer.concat(expected)))
})

test('the last block of a piece, and of the torrent, is as long as it is', () => {
  const inPiece = filled(2, 4)
  assert.equal(inPiece.data.length, 16_384 * 2 + 8_192)
  assert.ok(inPiece.page.frames(6, 1).equals(message(2, 98_304, Buffer.alloc(8_192, 3))))
  const inTorrent = filled(3, 0)
  assert.equal(inTorrent.data.length, 32_773)
  assert.ok(inTorrent.page.frames(2, 1).equals(message(3, 32_768, Buffer.alloc(5, 3))))
})

test('it is spent when every block went out, in whatever order', () => {
  const { page } = filled(1, 4)
  for (const [block, count] of [
    [6, 1],
    [4, 1],
    [4, 1],
  ] as const) {
    page.frames(block, count)
    assert.equal(page.isSpent, false)
  }
  page.frames(5, 1)
  assert.equal(page.isSpent, true)
  page.assign(GEOMETRY, 0 as PieceIndex, 0)
  assert.equal(page.isSpent, false)
})

test('any part of its data can be copied', () => {
  const { page, data } = filled(0, 4)
  for (const [offset, length] of [
    [65_536, 1],
    [70_000, 16_384],
    [81_919, 2],
    [106_495, 1],
  ] as const) {
    const into = Buffer.alloc(length)
    assert.equal(page.copyData(offset, into), length)
    assert.ok(into.equals(data.subarray(offset - 65_536, offset - 65_536 + length)))
  }
  assert.equal(page.copyData(106_490, Buffer.alloc(16)), 6)
})
