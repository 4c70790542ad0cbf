import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import { HeldPieces } from '../../../src/storage/held-pieces.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const { data, metainfo } = makeTorrent({ files: [{ path: 'made', length: 100_000 }], pieceBytes: 32_768 })
const bytesOf = (piece: number): Buffer => data.subarray(piece * 32_768, (piece + 1) * 32_768)

test('what was written is read back, across pieces, until it is dropped', async () => {
  const held = new HeldPieces(metainfo)
  for (const piece of [0, 1, 2, 3]) held.writePieces(piece as PieceIndex, [bytesOf(piece)])
  const into = [Buffer.alloc(10), Buffer.alloc(60_000)]
  await held.read(32_760, ...into)
  assert.ok(Buffer.concat(into).equals(data.subarray(32_760, 32_760 + 60_010)))
  assert.equal(held.heldBytes, 100_000)
  held.drop(1 as PieceIndex)
  await assert.rejects(held.read(32_760, Buffer.alloc(10)), { code: 'DISK_SHORT' })
  await held.read(98_304, Buffer.alloc(1_696))
})

test('it holds copies, and never more than what was not dropped', async () => {
  const held = new HeldPieces(metainfo)
  const piece = Buffer.from(bytesOf(0))
  held.writePieces(0 as PieceIndex, [piece])
  piece.fill(0)
  for (let round = 0; round < 3; round++) {
    held.writePieces(3 as PieceIndex, [bytesOf(3)])
    held.drop(3 as PieceIndex)
    held.drop(3 as PieceIndex)
  }
  assert.equal(held.heldBytes, 32_768)
  const read = Buffer.alloc(32_768)
  await held.read(0, read)
  assert.ok(read.equals(bytesOf(0)))
})
