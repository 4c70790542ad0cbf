import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { isCode, storageCompliance } from '../../support/storage-compliance.ts'
import {
  CheckRecorder,
  countTo,
  pieceBytesOf,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../../support/storage-fixture.ts'

storageCompliance('files', async (torrent, context) => {
  return new StorageSite(await temporaryDirectory(context), torrent).storage()
})

storageCompliance('files without part names', async (torrent, context) => {
  return new StorageSite(await temporaryDirectory(context), torrent).storage({ usePartFiles: false })
})

/** Pieces: 0 1 2 in a, 3 in a and b, 4 5 in b. */
function twoFiles(): ReturnType<typeof makeTorrent> {
  return makeTorrent({
    name: 'set',
    pieceBytes: 16_384,
    files: [
      { path: 'a', length: 50_000 },
      { path: 'sub/b', length: 40_000 },
    ],
  })
}

test('a file has its part name until it is whole, then its final name', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    assert.deepEqual(await site.names(), [])
    await writePieces(storage, site.torrent, [1])
    assert.deepEqual(await site.names(), ['set/a.part'])
    await writePieces(storage, site.torrent, [3])
    assert.deepEqual(await site.names(), ['set/a.part', 'set/sub/b.part'])
    assert.deepEqual(await writePieces(storage, site.torrent, [0, 2]), [0])
    assert.deepEqual(await site.names(), ['set/a', 'set/sub/b.part'])
    assert.deepEqual(await writePieces(storage, site.torrent, [5, 4]), [1])
    await storage.confirm()
  })
  assert.deepEqual(
    [...(await site.tree())],
    [
      ['set/a', site.torrent.fileData(0)],
      ['set/sub/b', site.torrent.fileData(1)],
    ],
  )
})

test('without part names files are written under their final names', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, site.torrent, [1])
      assert.deepEqual(await site.names(), ['set/a'])
      assert.deepEqual(await writePieces(storage, site.torrent), [0, 1])
    },
    { usePartFiles: false },
  )
  assert.ok((await site.tree()).get('set/sub/b')?.equals(site.torrent.fileData(1)))
})

test('empty files are there at once, padding and links never', async (context) => {
  const torrent = makeTorrent({
    name: 'set',
    files: [
      { path: 'deep/empty', length: 0 },
      { path: '.pad/100', length: 100, attr: 'p' },
      { path: 'run', length: 100, attr: 'x' },
      { path: 'link', length: 0, attr: 'l' },
    ],
  })
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage, check }) => {
    assert.deepEqual(check.wholeFiles, [0])
    assert.deepEqual(await site.names(), ['set/deep/empty'])
    await writePieces(storage, torrent)
    assert.deepEqual(await site.names(), ['set/deep/empty', 'set/run'])
    assert.equal(statSync(site.path('set/run')).mode & 0o100, 0o100)
    const padding = Buffer.alloc(50, 1)
    await storage.read(25, padding)
    assert.ok(padding.equals(Buffer.alloc(50)))
  })
})

test('a name of 255 bytes is written and finished', async (context) => {
  const name = '数'.repeat(85)
  const site = new StorageSite(
    await temporaryDirectory(context),
    makeTorrent({ name, files: [{ path: name, length: 10 }] }),
  )
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
  })
  assert.deepEqual(await site.names(), [name])
})

test('a piece that makes no file whole is written before the call returns; the last one is awaited', async (context) => {
  const torrent = makeTorrent({ pieceBytes: 16_384, files: [{ path: 'a', length: 40_000 }] })
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => {
    const [first, second, last] = piecesOf(torrent.metainfo)
    for (const piece of [first!, second!]) {
      assert.deepEqual(storage.writePieces(piece, [Buffer.from(pieceBytesOf(torrent, piece))]), [])
    }
    const answer = storage.writePieces(last!, [Buffer.from(pieceBytesOf(torrent, last!))])
    assert.ok(answer instanceof Promise)
    assert.deepEqual(await answer, [0])
  })
})

test('many more files than may be open are written and read', async (context) => {
  const files = countTo(150).map((index) => ({ path: `f${index}`, length: 700 }))
  const site = new StorageSite(await temporaryDirectory(context), makeTorrent({ pieceBytes: 16_384, files }))
  await site.run(async ({ storage }) => {
    assert.equal((await writePieces(storage, site.torrent)).length, 150)
    const into = Buffer.alloc(site.torrent.data.length)
    await storage.read(0, into)
    assert.ok(into.equals(site.torrent.data))
  })
})

test('a symbolic link in the place of a directory is refused and nothing is written behind it', async (context) => {
  const root = await temporaryDirectory(context)
  const site = new StorageSite(root, twoFiles())
  mkdirSync(join(root, 'elsewhere'))
  mkdirSync(site.path('set'), { recursive: true })
  symlinkSync(join(root, 'elsewhere'), site.path('set', 'sub'))
  await assert.rejects(site.storage().open(new CheckRecorder()), isCode('DISK_PATH_UNSAFE'))
  rmSync(site.path('set', 'sub'))
  await assert.rejects(
    site.run(async ({ storage }) => {
      mkdirSync(site.path('set', 'sub'))
      renameSync(site.path('set', 'sub'), join(root, 'moved'))
      symlinkSync(join(root, 'elsewhere'), site.path('set', 'sub'))
      await writePieces(storage, site.torrent)
    }),
    isCode('DISK_PATH_UNSAFE'),
  )
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), [])
})

test('links, directories and the like in the place of a file are in the way, even with force', async (context) => {
  const root = await temporaryDirectory(context)
  const site = new StorageSite(root, twoFiles())
  writeFileSync(join(root, 'precious'), 'precious')
  mkdirSync(site.path('set'), { recursive: true })
  for (const name of ['a', 'a.part']) {
    symlinkSync(join(root, 'precious'), site.path('set', name))
    await assert.rejects(site.storage({ force: true }).open(new CheckRecorder()), isCode('FILE_IN_THE_WAY'))
    rmSync(site.path('set', name))
    mkdirSync(site.path('set', name))
    await assert.rejects(site.storage({ force: true }).open(new CheckRecorder()), isCode('FILE_IN_THE_WAY'))
    rmSync(site.path('set', name), { recursive: true })
  }
  assert.equal(readFileSync(join(root, 'precious'), 'utf8'), 'precious')
})

test('a file that appears under the final name meanwhile is not replaced', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await assert.rejects(
    site.run(async ({ storage }) => {
      await writePieces(storage, site.torrent, [0])
      writeFileSync(site.path('set', 'a'), 'precious')
      await writePieces(storage, site.torrent)
    }),
    isCode('FILE_IN_THE_WAY'),
  )
  assert.equal(readFileSync(site.path('set', 'a'), 'utf8'), 'precious')
})

test('a file that is removed, replaced or cut while it is written is noticed', async (context) => {
  const changes: ((path: string) => void)[] = [
    (path) => {
      rmSync(path)
    },
    (path) => {
      renameSync(path, `${path}.old`)
      writeFileSync(path, Buffer.alloc(50_000))
    },
  ]
  for (const change of changes) {
    const site = new StorageSite(await temporaryDirectory(context), twoFiles())
    await site.run(async ({ storage }) => {
      await writePieces(storage, site.torrent, [0, 1])
      change(site.path('set', 'a.part'))
      await assert.rejects(storage.save(), isCode('FILE_CHANGED'))
      await assert.rejects(writePieces(storage, site.torrent), isCode('FILE_CHANGED'))
    })
  }
})

test('a file that somebody wrote to between two saves is hashed before it counts as whole', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, [1, 2, 3])
    await storage.save()
    truncateSync(site.path('set', 'a.part'), 0)
    await assert.rejects(writePieces(storage, site.torrent, [0]), isCode('FILE_CHANGED'))
    assert.deepEqual((await site.names())[0], 'set/a.part')
  })
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0])
    await writePieces(storage, site.torrent)
  })
  assert.ok((await site.tree()).get('set/a')?.equals(site.torrent.fileData(0)))
})

test('a whole file that is changed before the end is not confirmed; one that is only touched is', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
    const data = Buffer.from(site.torrent.fileData(0))
    writeFileSync(site.path('set', 'a'), data)
    await storage.confirm()
    data.writeUInt8(data.readUInt8(33) ^ 4, 33)
    writeFileSync(site.path('set', 'a'), data)
    await assert.rejects(storage.confirm(), isCode('FILE_CHANGED'))
  })
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [1, 2, 3, 4, 5])
    await writePieces(storage, site.torrent)
    await storage.confirm()
  })
})

test('a disk that is too small is told before anything is written', async (context) => {
  const torrent = makeTorrent({ files: [{ path: 'made', length: 100 }] })
  const geometry = { ...torrent.metainfo.geometry, totalBytes: 2 ** 50, pieceBytes: 2 ** 50, pieceCount: 1 }
  const files = [{ ...torrent.metainfo.files[0]!, lengthBytes: 2 ** 50 }]
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const metainfo = { ...torrent.metainfo, geometry, files }
  const isToldSo = (error: unknown): boolean => {
    assert.match(String(error), /cannot write out: disk full \(needs 1\.0 PiB, .* free\)/)
    return isCode('DISK_FULL')(error)
  }
  await assert.rejects(site.storage({ metainfo }).survey(new CheckRecorder()), isToldSo)
  assert.ok(!existsSync(site.output), 'a survey makes nothing')
  await assert.rejects(site.storage({ metainfo }).open(new CheckRecorder()), isToldSo)
  assert.deepEqual(await site.names(), [])
})

test('the same path cannot be opened twice, also not by another torrent', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  const { metainfo } = makeTorrent({ name: 'set', seed: 2, files: [{ path: 'set', length: 10 }] })
  await site.run(async () => {
    await assert.rejects(site.storage().open(new CheckRecorder()), isCode('LOCKED'))
    await assert.rejects(site.storage({ metainfo }).open(new CheckRecorder()), isCode('LOCKED'))
  })
})

test('a check that is aborted ends at once and gives the lock back', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  const controller = new AbortController()
  const reason = new Error('stop')
  const storage = site.storage()
  const opening = storage.open(new CheckRecorder(controller.signal))
  controller.abort(reason)
  await assert.rejects(opening, reason)
  await storage.close()
  await site.run(({ have }) => {
    assert.ok(have.isFull)
  })
})

test('after close nothing is read or written any more', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  const storage = site.storage()
  await storage.open(new CheckRecorder())
  await storage.close()
  await assert.rejects(writePieces(storage, site.torrent, [0]), isCode('STORAGE_CLOSED'))
  await assert.rejects(storage.read(0, Buffer.alloc(1)), isCode('STORAGE_CLOSED'))
  assert.ok(!existsSync(site.path('set', 'a.part')))
})
