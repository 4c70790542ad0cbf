/** Other programs at the same files while we check or write them. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { isCode } from '../../support/storage-compliance.ts'
import {
  CheckRecorder,
  countTo,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../../support/storage-fixture.ts'

/** Pieces of 16 KiB; `a` takes more than one read of the check. */
function oneBigFile(): ReturnType<typeof makeTorrent> {
  return makeTorrent({ name: 'set', pieceBytes: 16_384, files: [{ path: 'a', length: 3_000_000 }] })
}

/** In place: the file stays the same one. */
function overwrite(path: string, at: number): void {
  const fd = openSync(path, 'r+')
  writeSync(fd, 'changed', at)
  closeSync(fd)
}

/** Does something once, when a part of the existing data has been hashed. */
class MeddlingCheck extends CheckRecorder {
  #meddle: (() => void) | undefined

  constructor(meddle: () => void) {
    super()
    this.#meddle = meddle
  }

  override onChecked(checkedBytes: number): void {
    super.onChecked(checkedBytes)
    this.#meddle?.()
    this.#meddle = undefined
  }
}

test('a part file that is overwritten between two of our writes is hashed before it counts as whole', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), oneBigFile())
  const pieces = countTo(site.torrent.metainfo.geometry.pieceCount)
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, pieces.slice(0, 100))
    overwrite(site.path('set', 'a.part'), 20_000)
    await writePieces(storage, site.torrent, pieces.slice(100, -1))
    await storage.save()
    await assert.rejects(writePieces(storage, site.torrent, pieces.slice(-1)), isCode('FILE_CHANGED'))
    assert.deepEqual(await site.names(), ['set/a.part'])
  })
  await site.run(async ({ storage, have }) => {
    assert.deepEqual(
      pieces.filter((piece) => !have.has(piece)),
      [1],
    )
    await writePieces(storage, site.torrent)
    await storage.confirm()
  })
  assert.ok((await site.tree()).get('set/a')?.equals(site.torrent.fileData(0)))
})

test('what is overwritten after our last write and before the save is not vouched for by the record', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), oneBigFile())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, [0, 1, 2])
    overwrite(site.path('set', 'a.part'), 20_000)
  })
  await site.run(({ have }) => {
    assert.deepEqual([...have.indices()], [0, 2])
  })
})

test('a small file that is replaced after it was finished is noticed by the next save and by the last look', async (context) => {
  const files = countTo(3).map((index) => ({ path: `f${index}`, length: 5_000 }))
  const site = new StorageSite(await temporaryDirectory(context), makeTorrent({ name: 'set', files }))
  for (const look of ['save', 'confirm'] as const) {
    await site.run(async ({ storage }) => {
      await writePieces(storage, site.torrent)
      renameSync(site.path('set', 'f1'), site.path('set', 'old'))
      writeFileSync(site.path('set', 'f1'), site.torrent.fileData(2))
      await assert.rejects(storage[look](), isCode('FILE_CHANGED'))
    })
    for (const name of readdirSync(site.path('set'))) rmSync(site.path('set', name))
  }
})

test('what is overwritten after the last look is not vouched for by the record', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), oneBigFile())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
    await storage.confirm()
    overwrite(site.path('set', 'a'), 20_000)
  })
  await site.run(({ have }) => {
    assert.ok(!have.has(1))
    assert.equal(have.count, have.length - 1)
  })
})

test('complete data that changes while it is checked is not taken for whole', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), oneBigFile())
  await site.torrent.writeTo(site.output)
  const check = new MeddlingCheck(() => {
    overwrite(site.path('set', 'a'), 20_000)
  })
  await assert.rejects(site.storage().open(check), isCode('FILE_CHANGED'))
  assert.deepEqual(check.wholeFiles, [])
})

test('a file of ours that is too long and changes while it is checked is hashed again after it was cut', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), oneBigFile())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
  })
  appendFileSync(site.path('set', 'a'), 'more')
  const check = new MeddlingCheck(() => {
    overwrite(site.path('set', 'a'), 20_000)
  })
  await assert.rejects(site.storage().open(check), isCode('FILE_CHANGED'))
})

test('no file is removed behind a symbolic link that came while data was checked', async (context) => {
  const root = await temporaryDirectory(context)
  const site = new StorageSite(root, oneBigFile())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
  })
  linkSync(site.path('set', 'a'), site.path('set', 'a.part')) // as a kill in the middle of a move leaves it
  const outside = join(root, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'a.part'), 'precious')
  const check = new MeddlingCheck(() => {
    renameSync(site.path('set'), site.path('moved'))
    symlinkSync(outside, site.path('set'))
  })
  await assert.rejects(site.storage({ bootId: () => 'another boot' }).open(check), isCode('DISK_PATH_UNSAFE'))
  assert.equal(readFileSync(join(outside, 'a.part'), 'utf8'), 'precious')
})

test('a piece of very many files lets other work have its turn, and ends when the storage is closed', async (context) => {
  const files = countTo(1000).map((index) => ({ path: `f${index}`, length: 10 }))
  const site = new StorageSite(await temporaryDirectory(context), makeTorrent({ name: 'set', files }))
  const storage = site.storage()
  await storage.open(new CheckRecorder())
  const [piece] = piecesOf(site.torrent.metainfo)
  const writing = Promise.resolve(storage.writePieces(piece!, [Buffer.from(site.torrent.data)]))
  const closing = storage.close()
  await assert.rejects(writing, isCode('STORAGE_CLOSED'))
  await closing
  assert.ok(readdirSync(site.path('set')).length < 1000)
  await site.run(async ({ storage: again }) => {
    assert.equal((await writePieces(again, site.torrent)).length, 1000)
    await again.confirm()
  })
})
