/** What waits in the parts file: verified pieces, believed only as far as the record vouches for them. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { StorageError } from '../../../src/common/errors.ts'
import { pieceStart } from '../../../src/metainfo/geometry.ts'
import type { FileStorageOptions } from '../../../src/storage/file-storage-options.ts'
import { makeTorrent } from '../../support/make-torrent.ts'
import {
  CheckRecorder,
  pieceBytesOf,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../../support/storage-fixture.ts'

/** Pieces: 0 a, 1 a|b, 2 b, 3 b|c|d|e, 4 e. */
const torrent = makeTorrent({
  name: 'set',
  pieceBytes: 16_384,
  files: [
    { path: 'a', length: 20_000 },
    { path: 'b', length: 30_000 },
    { path: 'c', length: 100 },
    { path: 'd', length: 100 },
    { path: 'e', length: 20_000 },
  ],
})

async function makeSite(context: TestContext): Promise<StorageSite> {
  return new StorageSite(await temporaryDirectory(context), torrent)
}

function only(...files: number[]): Partial<FileStorageOptions> {
  const wantedFiles = new Bitfield(torrent.metainfo.files.length)
  for (const file of files) wantedFiles.set(file)
  return { wantedFiles }
}

function partsPath({ state }: StorageSite): string | undefined {
  const name = readdirSync(join(state, 'resume')).find((entry) => entry.endsWith('.parts'))
  return name === undefined ? undefined : join(state, 'resume', name)
}

test('a shared piece waits there, is read from there, and goes on into its other file when that is chosen', async (context) => {
  const site = await makeSite(context)
  await site.run(async ({ storage }) => {
    assert.deepEqual(await writePieces(storage, torrent, [0, 1]), [0])
    const [piece] = piecesOf(torrent.metainfo, [1])
    const bytes = Buffer.alloc(16_384)
    await storage.read(pieceStart(torrent.metainfo.geometry, piece!), bytes)
    assert.ok(bytes.equals(pieceBytesOf(torrent, piece!)))
    await storage.confirm()
  }, only(0))
  assert.deepEqual(await site.names(), ['set/a'])
  assert.equal(statSync(partsPath(site)!).mode & 0o777, 0o600)
  await site.run(async ({ storage, have, check }) => {
    assert.equal(check.checkedBytes, 0, 'nothing is hashed again')
    assert.deepEqual([...have.indices()], [0, 1])
    await writePieces(storage, torrent, [2, 3])
  }, only(1))
  assert.deepEqual(await site.names(), ['set/a', 'set/b'])
  assert.ok((await site.tree()).get('set/b')?.equals(torrent.fileData(1)))
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0, 1, 2, 3])
    await writePieces(storage, torrent, [4])
  })
  assert.deepEqual(await site.names(), ['set/a', 'set/b', 'set/c', 'set/d', 'set/e'])
  assert.equal(partsPath(site), undefined)
})

test('small files that share one piece: one is made, the piece is not fetched again for the others', async (context) => {
  const site = await makeSite(context)
  await site.run(async ({ storage }) => {
    assert.deepEqual(await writePieces(storage, torrent, [3]), [2])
  }, only(2))
  assert.deepEqual(await site.names(), ['set/c'])
  await site.run(({ have, check }) => {
    assert.deepEqual([...have.indices()], [3])
    assert.deepEqual(check.wholeFiles, [3])
  }, only(3))
  assert.deepEqual(await site.names(), ['set/c', 'set/d'])
  assert.ok((await site.tree()).get('set/d')?.equals(torrent.fileData(3)))
})

test('a parts file that changed is hashed: what is wrong is forgotten, what is right is used', async (context) => {
  for (const damage of ['flip', 'cut', 'foreign', 'swapped index'] as const) {
    const site = await makeSite(context)
    await site.run(async ({ storage }) => {
      await writePieces(storage, torrent, [1, 2, 3])
    }, only(1))
    const path = partsPath(site)!
    const bytes = readFileSync(path)
    const slot = 32
    if (damage === 'flip') bytes[slot + 1_000]! ^= 1
    if (damage === 'foreign') bytes.fill('x')
    if (damage === 'swapped index') bytes.writeUInt32BE(0xffff_ffff, slot)
    writeFileSync(path, bytes)
    if (damage === 'cut') truncateSync(path, statSync(path).size - 16_000)
    const expected = { flip: [2, 3], cut: [1, 2], foreign: [2], 'swapped index': [2, 3] }[damage]
    await site.run(async ({ storage, have }) => {
      assert.deepEqual([...have.indices()], expected, damage)
      await writePieces(storage, torrent, [1, 2, 3])
      await storage.confirm()
    }, only(1))
    await site.run(({ have }) => {
      assert.deepEqual([...have.indices()], [1, 2, 3], damage)
    }, only(1))
  }
})

test('after a reboot everything there is hashed, and none of it is lost', async (context) => {
  const site = await makeSite(context)
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [0, 1])
  }, only(0))
  await site.run(
    ({ have, check }) => {
      assert.deepEqual([...have.indices()], [0, 1])
      assert.ok(check.checkedBytes > 0)
    },
    { ...only(0), bootId: () => 'next boot' },
  )
})

test('what an earlier run began of a file goes on to be used, and is neither lost nor hashed for nothing', async (context) => {
  const site = await makeSite(context)
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [2, 4])
  })
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [2, 4])
    await writePieces(storage, torrent, [0, 1])
  }, only(0))
  assert.deepEqual(await site.names(), ['set/a', 'set/b.part', 'set/e.part'])
  assert.equal(partsPath(site), undefined, 'b.part has its bytes')
  await site.run(({ have }) => {
    assert.deepEqual([...have.indices()], [0, 1, 2, 4])
  })
})

test('somebody else’s whole file serves for the shared pieces, and is never written to', async (context) => {
  const site = await makeSite(context)
  await torrent.writeTo(site.output)
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0, 1])
    await storage.confirm()
  }, only(0))
  const changed = Buffer.from(torrent.fileData(1))
  changed[0]! ^= 1
  writeFileSync(site.path('set/b'), changed)
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0])
    await writePieces(storage, torrent, [1])
    await storage.confirm()
  }, only(0))
  assert.ok(readFileSync(site.path('set/b')).equals(changed))
})

test('what waits for a file under its final name goes into it, also when nothing else is missing there', async (context) => {
  const site = await makeSite(context)
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, torrent, [1, 2])
    },
    { ...only(1), usePartFiles: false },
  )
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [3])
  }, only(2))
  await site.run(
    ({ have, check }) => {
      assert.deepEqual([...have.indices()], [1, 2, 3])
      assert.deepEqual(check.wholeFiles, [1, 2])
    },
    only(1, 2),
  )
  assert.ok((await site.tree()).get('set/b')?.equals(torrent.fileData(1)))
})

test('killed after a piece went from there into its files, it is not fetched again', async (context) => {
  const files = [
    { path: 'a', length: 16_383 },
    { path: 'b', length: 1 },
  ]
  const made = makeTorrent({ name: 'two', pieceBytes: 16_384, files })
  const site = new StorageSite(await temporaryDirectory(context), made)
  const choose = (file: number): Partial<FileStorageOptions> => {
    const wantedFiles = new Bitfield(2)
    wantedFiles.set(file)
    return { wantedFiles }
  }
  const runAndKill = async (options: Partial<FileStorageOptions>): Promise<void> => {
    const saved = new Map<string, Buffer>()
    await site.run(({ have }) => {
      assert.deepEqual([...have.indices()], [0])
      const directory = join(site.state, 'resume')
      for (const name of readdirSync(directory).filter((entry) => entry.endsWith('.json')))
        saved.set(join(directory, name), readFileSync(join(directory, name)))
    }, options)
    for (const [path, record] of saved) writeFileSync(path, record)
  }
  await site.run(async ({ storage }) => {
    await writePieces(storage, made, [0])
  }, choose(1))
  await runAndKill(choose(0))
  await new Promise((resolve) => setTimeout(resolve, 50)) // files this fresh are not recorded yet
  await runAndKill({})
  await runAndKill({})
  assert.deepEqual(await site.names(), ['two/a', 'two/b'])
})

test('another program’s part file is not taken for ours because a piece of it waits in the parts file', async (context) => {
  const site = await makeSite(context)
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [0, 1])
  }, only(0))
  const theirs = Buffer.alloc(25_000, 'theirs')
  writeFileSync(site.path('set/b.part'), theirs)
  await assert.rejects(
    async () => site.storage().open(new CheckRecorder()),
    (error) => error instanceof StorageError && error.code === 'FILE_IN_THE_WAY',
  )
  assert.ok(readFileSync(site.path('set/b.part')).equals(theirs))
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, torrent)
    },
    { force: true },
  )
  assert.ok((await site.tree()).get('set/b')?.equals(torrent.fileData(1)))
})

test('a file that was not chosen may go away while others are checked', async (context) => {
  const site = await makeSite(context)
  await torrent.writeTo(site.output)
  const check = new CheckRecorder()
  check.onChecked = () => {
    rmSync(site.path('set/e'), { force: true })
  }
  const storage = site.storage(only(0))
  assert.deepEqual([...(await storage.open(check)).indices()], [0, 1])
  await storage.confirm()
  await storage.close()
  assert.deepEqual(check.wholeFiles, [0])
})

test('a survey finds what opening would find, and changes nothing', async (context) => {
  const site = await makeSite(context)
  const options = only(1)
  const check = { onChecked: () => undefined, onFileWhole: () => undefined, onNotice: () => undefined }
  const survey = async (): Promise<number[]> => {
    const { signal } = new AbortController()
    return [...(await site.storage(options).survey({ ...check, signal })).indices()]
  }
  assert.deepEqual(await survey(), [])
  assert.ok(!existsSync(site.output) && !existsSync(site.state))
  await site.run(async ({ storage }) => {
    await writePieces(storage, torrent, [1, 3])
  }, options)
  const before = readFileSync(partsPath(site)!)
  const stat = statSync(partsPath(site)!)
  assert.deepEqual(await survey(), [1, 3])
  assert.deepEqual(statSync(partsPath(site)!), stat)
  assert.ok(readFileSync(partsPath(site)!).equals(before))
})
