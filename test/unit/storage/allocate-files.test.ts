import assert from 'node:assert/strict'
import { statSync, writevSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { CheckRecorder, StorageSite, temporaryDirectory, writePieces } from '../../support/storage-fixture.ts'

const PIECE = 16_384
const SPEC = {
  name: 'd',
  pieceBytes: PIECE,
  files: [
    { path: 'a', length: 5 * PIECE + 100 },
    { path: 'b', length: 3 * PIECE },
    { path: 'empty', length: 0 },
  ],
}

test('none: a file is as long as what was written', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [1])
    assert.equal(statSync(site.path('d', 'a.part')).size, 2 * PIECE)
  })
})

test('sparse: a file has its length from its first piece on, and no file is made before', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const options = { allocation: 'sparse' } as const
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [1])
    assert.equal(statSync(site.path('d', 'a.part')).size, 5 * PIECE + 100)
    assert.deepEqual(await site.names(), ['d/a.part', 'd/empty'])
  }, options)
  await site.run(async ({ storage, have, check }) => {
    assert.deepEqual([[...have.indices()], check.checkedBytes], [[1], 0], 'the record holds')
    await writePieces(storage, torrent)
  }, options)
  assert.deepEqual(await site.names(), ['d/a', 'd/b', 'd/empty'])
})

test('full: every file has its room before the download, and says how far it is', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(
    async ({ storage, have, check }) => {
      assert.equal(have.isEmpty, true, 'zeros are no pieces')
      assert.equal(check.checkedBytes, torrent.data.length, 'progress')
      for (const [name, length] of [
        ['a.part', 5 * PIECE + 100],
        ['b.part', 3 * PIECE],
      ] as const) {
        const { size, blocks } = statSync(site.path('d', name))
        assert.deepEqual([size, blocks * 512 >= length], [length, true])
      }
      await writePieces(storage, torrent)
    },
    { allocation: 'full' },
  )
  const tree = await site.tree()
  assert.ok(Buffer.concat([tree.get('d/a')!, tree.get('d/b')!]).equals(torrent.data))
})

test('full: verified pieces are left alone, room that is there is not made again', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [1, 2, 5, 6])
  })
  const bytes: number[] = []
  const options = {
    allocation: 'full',
    write: (fd: number, buffers: readonly Buffer[], position: number) => {
      bytes.push(buffers.reduce((sum, { length }) => sum + length, 0))
      return writevSync(fd, buffers, position)
    },
  } as const
  await site.run(({ have }) => {
    assert.deepEqual([...have.indices()], [1, 2, 5, 6])
  }, options)
  assert.equal(
    bytes.reduce((sum, count) => sum + count, 0),
    torrent.data.length - 4 * PIECE,
  )
  bytes.length = 0
  await site.run(async ({ have, storage }) => {
    assert.deepEqual([[...have.indices()], bytes], [[1, 2, 5, 6], []])
    await writePieces(storage, torrent)
  }, options)
  const tree = await site.tree()
  assert.ok(Buffer.concat([tree.get('d/a')!, tree.get('d/b')!]).equals(torrent.data))
})

test('full: after a crash zeros are hashed and count for nothing', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => writePieces(storage, torrent, [3]).then(() => undefined), {
    allocation: 'full',
  })
  await site.run(
    ({ have, check }) => {
      assert.deepEqual([...have.indices()], [3])
      assert.ok(check.checkedBytes >= torrent.data.length)
    },
    { bootId: () => 'the next boot' },
  )
})

test('full: a stop ends it', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const stop = new AbortController()
  const storage = site.storage({
    allocation: 'full',
    write: (fd, buffers, position) => {
      stop.abort(new Error('stopped'))
      return writevSync(fd, buffers, position)
    },
  })
  await assert.rejects(storage.open(new CheckRecorder(stop.signal)), /stopped/)
  await storage.close()
  await site.run(({ have }) => {
    assert.equal(have.isEmpty, true)
  })
})

test('full: files of others are not touched', async (context) => {
  const torrent = makeTorrent({ ...SPEC, files: SPEC.files.slice(1, 2) })
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await mkdir(site.path('d'), { recursive: true })
  await writeFile(site.path('d', 'b'), torrent.data)
  await site.run(
    ({ have }) => {
      assert.equal(have.isFull, true)
    },
    { allocation: 'full', write: () => assert.fail('written') },
  )
})
