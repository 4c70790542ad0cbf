import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recheck } from '../../../src/storage/recheck.ts'
import { makeTorrent, type MadeTorrent } from '../../support/make-torrent.ts'
import { piecesOf } from '../../support/storage-fixture.ts'

async function rightPieces(torrent: MadeTorrent, data: Buffer, pieces?: number[]): Promise<number[]> {
  const right: number[] = []
  await recheck({
    metainfo: torrent.metainfo,
    pieces: piecesOf(torrent.metainfo, pieces),
    read: async (start, into) => Promise.resolve(void data.copy(into, 0, start)),
    onPiece(piece, isRight) {
      if (isRight) right.push(piece)
    },
  })
  return right
}

test('pieces smaller than a read, and the short last one, are told right from wrong', async () => {
  const torrent = makeTorrent({ pieceBytes: 16_384, files: [{ path: 'made', length: 5_000_001 }] })
  const data = Buffer.from(torrent.data)
  for (const at of [0, 2_097_151, 2_097_152, 5_000_000]) data.writeUInt8(data.readUInt8(at) ^ 1, at)
  const right = await rightPieces(torrent, data)
  assert.deepEqual(
    piecesOf(torrent.metainfo).filter((piece) => !right.includes(piece)),
    [0, 127, 128, 305],
  )
})

test('pieces larger than a read are hashed over several', async () => {
  const torrent = makeTorrent({ pieceBytes: 4 << 20, files: [{ path: 'made', length: 9_000_000 }] })
  assert.deepEqual(await rightPieces(torrent, torrent.data), [0, 1, 2])
  const data = Buffer.from(torrent.data)
  data.writeUInt8(data.readUInt8(8_388_607) ^ 1, 8_388_607)
  assert.deepEqual(await rightPieces(torrent, data), [0, 2])
})

test('only the pieces asked for are read', async () => {
  const torrent = makeTorrent({ pieceBytes: 16_384, files: [{ path: 'made', length: 200_000 }] })
  const data = Buffer.alloc(200_000)
  torrent.data.copy(data, 16_384, 16_384, 32_768)
  torrent.data.copy(data, 81_920, 81_920, 200_000)
  assert.deepEqual(await rightPieces(torrent, data, [1, 5, 6, 12]), [1, 5, 6, 12])
})

test('a check stops when its signal aborts, with the reason', async () => {
  const { metainfo, data } = makeTorrent({ pieceBytes: 1 << 20, files: [{ path: 'made', length: 8 << 20 }] })
  const controller = new AbortController()
  const reason = new Error('stop')
  let count = 0
  const checking = recheck({
    metainfo,
    pieces: piecesOf(metainfo),
    read: async (start, into) => Promise.resolve(void data.copy(into, 0, start)),
    onPiece() {
      if (++count === 2) controller.abort(reason)
    },
    signal: controller.signal,
  })
  await assert.rejects(checking, reason)
  assert.equal(count, 2)
})

test('a failing read ends the check with its error', async () => {
  const { metainfo } = makeTorrent({ pieceBytes: 1 << 20, files: [{ path: 'made', length: 8 << 20 }] })
  const failure = new Error('bad sector')
  const checking = recheck({
    metainfo,
    pieces: piecesOf(metainfo),
    read: async (start) => (start > 0 ? Promise.reject(failure) : Promise.resolve()),
    onPiece: () => undefined,
  })
  await assert.rejects(checking, failure)
})
