/** Data that is shared as it lies on disk. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readdirSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { CheckRecorder, StorageSite, temporaryDirectory } from '../../support/storage-fixture.ts'

const READ_ONLY = { isReadOnly: true }

function threeFiles(): ReturnType<typeof makeTorrent> {
  return makeTorrent({
    name: 'set',
    pieceBytes: 16_384,
    files: [
      { path: 'a', length: 40_000 },
      { path: 'b', length: 40_000 },
      { path: 'empty', length: 0 },
    ],
  })
}

test('whole data is served without a change on disk, whatever the names of the files', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), threeFiles())
  await site.torrent.writeTo(site.output)
  renameSync(site.path('set', 'b'), site.path('set', 'b.part'))
  const before = await site.tree()
  await site.run(async ({ storage, have }) => {
    assert.equal(have.isFull, true)
    const bytes = Buffer.alloc(80_000)
    await storage.read(0, bytes)
    assert.deepEqual(bytes, site.torrent.data)
    await storage.confirm()
  }, READ_ONLY)
  assert.deepEqual(await site.tree(), before)
})

test('a missing empty file is nothing that peers could miss, and is not made', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), threeFiles())
  await site.torrent.writeTo(site.output)
  renameSync(site.path('set', 'empty'), site.path('elsewhere'))
  await site.run(async ({ storage, have }) => {
    assert.equal(have.isFull, true)
    await storage.confirm()
  }, READ_ONLY)
  assert.equal(existsSync(site.path('set', 'empty')), false)
})

test('what is missing or wrong is DATA_MISSING, with the files', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), threeFiles())
  await assert.rejects(site.storage(READ_ONLY).open(new CheckRecorder()), isCode('DATA_MISSING'))
  assert.equal(existsSync(site.output), false)
  await site.torrent.writeTo(site.output)
  const wrong = Buffer.from(site.torrent.fileData(0))
  wrong[0]! ^= 1
  writeFileSync(site.path('set', 'a'), wrong)
  await assert.rejects(site.storage(READ_ONLY).open(new CheckRecorder()), (error: Error) => {
    assert.match(error.message, /^set: missing or wrong pieces: 1 of 5, in out\/set\/a \(1 of 3\); /)
    return true
  })
  assert.deepEqual(readdirSync(site.path('set')).sort(), ['a', 'b', 'empty'])
})

test('a longer file has all the pieces', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), makeTorrent())
  await site.torrent.writeTo(site.output)
  appendFileSync(site.path('made'), 'more')
  await site.run(({ have }) => {
    assert.equal(have.isFull, true)
  }, READ_ONLY)
  assert.equal(statSync(site.path('made')).size, 100_004)
})

test('a file that is touched is hashed again; one that was changed is FILE_CHANGED', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), makeTorrent())
  await site.torrent.writeTo(site.output)
  await site.run(async ({ storage }) => {
    utimesSync(site.path('made'), 1, 1)
    await storage.confirm()
    writeFileSync(site.path('made'), Buffer.alloc(100_000))
    await assert.rejects(storage.confirm(), isCode('FILE_CHANGED'))
  }, READ_ONLY)
})

test('any number share the same data, and one that writes is told nothing of them', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), threeFiles())
  await site.torrent.writeTo(site.output)
  await site.run(async ({ storage }) => {
    await site.run(async () => {
      await site.run(async ({ have }) => {
        assert.equal(have.isFull, true)
        await storage.save()
      })
    }, READ_ONLY)
  }, READ_ONLY)
})

test('what is being written is not shared', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), threeFiles())
  await site.torrent.writeTo(site.output)
  await site.run(async () => {
    await assert.rejects(site.storage(READ_ONLY).open(new CheckRecorder()), isCode('LOCKED'))
  })
})
