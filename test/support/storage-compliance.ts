/** What every Storage must do. Run it for each implementation. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { StorageError } from '../../src/common/errors.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { makeTorrent, type MadeTorrent } from './make-torrent.ts'
import { CheckRecorder, piecesOf, pieceBytesOf, writePieces } from './storage-fixture.ts'

export type MakeStorage = (torrent: MadeTorrent, context: TestContext) => Promise<Storage> | Storage

/** @param name stands before each test's sentence @param make a new storage without data */
export function storageCompliance(name: string, make: MakeStorage): void {
  const open = async (torrent: MadeTorrent, context: TestContext): Promise<Storage> => {
    const storage = await make(torrent, context)
    const have = await storage.open(new CheckRecorder())
    assert.equal(have.count, 0)
    return storage
  }

  test(`${name}: what was written is read back, over all borders of files and pieces`, async (context) => {
    const torrent = manyFiles()
    const storage = await open(torrent, context)
    await writePieces(storage, torrent)
    for (const length of [1, 999, 16_384, torrent.data.length]) {
      for (let start = 0; start + length <= torrent.data.length; start += Math.max(length, 7_001)) {
        const into = Buffer.alloc(length)
        await storage.read(start, into)
        assert.ok(into.equals(torrent.data.subarray(start, start + length)), `${length} bytes at ${start}`)
      }
    }
    await storage.close()
  })

  test(`${name}: one read fills several buffers, wherever files and pieces end`, async (context) => {
    const torrent = manyFiles()
    const storage = await open(torrent, context)
    await writePieces(storage, torrent)
    const { length } = torrent.data
    for (const size of [1_000, 16_384, 30_001]) {
      const into = Array.from({ length: Math.floor(length / size) }, () => Buffer.alloc(size))
      const start = length - into.length * size
      await storage.read(start, ...into)
      assert.ok(Buffer.concat(into).equals(torrent.data.subarray(start)), `buffers of ${size} bytes`)
    }
    await storage.close()
  })

  test(`${name}: each file is reported whole once, with the last of its pieces`, async (context) => {
    const torrent = manyFiles()
    const storage = await open(torrent, context)
    const pieces = piecesOf(torrent.metainfo).reverse()
    const whole = new Map<number, number>()
    for (const piece of pieces) {
      for (const file of await storage.writePieces(piece, [Buffer.from(pieceBytesOf(torrent, piece))])) {
        assert.ok(!whole.has(file))
        whole.set(file, piece)
      }
    }
    const expected = torrent.metainfo.files.flatMap(({ start, lengthBytes, isPadding }, file) => {
      const firstPiece = Math.floor(start / torrent.metainfo.geometry.pieceBytes)
      return isPadding || lengthBytes === 0 ? [] : [[file, firstPiece] as const]
    })
    assert.deepEqual([...whole].sort(byNumber), expected)
    await storage.close()
  })

  test(`${name}: a piece written twice changes nothing`, async (context) => {
    const torrent = makeTorrent({ files: [{ path: 'made', length: 50_000 }] })
    const storage = await open(torrent, context)
    assert.deepEqual(await writePieces(storage, torrent, [0, 0]), [])
    assert.deepEqual(await writePieces(storage, torrent, [1, 1]), [0])
    await storage.close()
  })

  test(`${name}: neighbouring pieces are written together, whatever is there of them already`, async (context) => {
    for (const there of [[], [0], [2], [0, 1, 2, 3, 4]]) {
      const torrent = manyFiles()
      const storage = await open(torrent, context)
      const before = await writePieces(storage, torrent, there)
      const all = piecesOf(torrent.metainfo)
      const bytes = all.map((piece) => Buffer.from(pieceBytesOf(torrent, piece)))
      const whole = await storage.writePieces(all[0]!, bytes)
      assert.deepEqual(
        [...before, ...whole].sort((one, other) => one - other),
        torrent.metainfo.files.flatMap(({ lengthBytes, isPadding }, file) =>
          isPadding || lengthBytes === 0 ? [] : [file],
        ),
      )
      const into = Buffer.alloc(torrent.data.length)
      await storage.read(0, into)
      assert.ok(into.equals(torrent.data), `with ${there.length} pieces there`)
      await storage.confirm()
      await storage.close()
    }
  })

  test(`${name}: reading what is not there is refused`, async (context) => {
    const storage = await open(makeTorrent(), context)
    await assert.rejects(storage.read(0, Buffer.alloc(10)), isCode('DISK_SHORT'))
    await storage.close()
  })

  test(`${name}: the bitfield given out is the caller's`, async (context) => {
    const torrent = makeTorrent()
    const storage = await make(torrent, context)
    const have = await storage.open(new CheckRecorder())
    have.setAll()
    assert.deepEqual(await writePieces(storage, torrent), [0])
    await storage.confirm()
    await storage.close()
  })

  test(`${name}: saving and closing may be repeated`, async (context) => {
    const storage = await open(makeTorrent(), context)
    await storage.save()
    await storage.save()
    await storage.close()
    await storage.close()
  })
}

export function isCode(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StorageError, String(error))
    assert.equal(error.code, code, error.message)
    return true
  }
}

/** Files shorter and longer than a piece, an empty one, padding. */
function manyFiles(): MadeTorrent {
  return makeTorrent({
    pieceBytes: 16_384,
    files: [
      { path: 'a', length: 10 },
      { path: 'empty', length: 0 },
      { path: 'b/c', length: 40_000 },
      { path: '.pad/9142', length: 9_142, attr: 'p' },
      { path: 'b/d', length: 1 },
      { path: 'b/e/f', length: 16_384 },
      { path: 'g', length: 5_000 },
    ],
  })
}

function byNumber([one]: readonly [number, number], [other]: readonly [number, number]): number {
  return one - other
}
