/** What happens to data that is there before: adopted, taken up again, repaired, or in the way. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { CheckRecorder, StorageSite, temporaryDirectory, writePieces } from '../../support/storage-fixture.ts'

/** Pieces: 0 1 2 in a, 3 in a and b, 4 5 in b. */
function twoFiles(): ReturnType<typeof makeTorrent> {
  return makeTorrent({
    name: 'set',
    pieceBytes: 16_384,
    files: [
      { path: 'a', length: 50_000 },
      { path: 'b', length: 40_000 },
    ],
  })
}

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
}

test('complete data without a record is hashed once and adopted as it is', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  const { mtimeMs, ino } = statSync(site.path('set/a'))
  await site.run(({ have, check }) => {
    assert.ok(have.isFull)
    assert.deepEqual(check.wholeFiles, [0, 1])
    assert.equal(check.checkedBytes, 90_000)
  })
  await site.run(({ have, check }) => {
    assert.ok(have.isFull)
    assert.deepEqual(check.wholeFiles, [0, 1])
    assert.equal(check.checkedBytes, 0, 'nothing to do: nothing is hashed')
  })
  assert.deepEqual(
    { mtimeMs, ino },
    { mtimeMs: statSync(site.path('set/a')).mtimeMs, ino: statSync(site.path('set/a')).ino },
  )
})

test('a different file in the way is named with what matches, and nothing is changed', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  flipByte(site.path('set/b'), 20_000)
  const before = await site.tree()
  await assert.rejects(site.storage().open(new CheckRecorder()), (error) => {
    assert.match(String(error), /out\/set\/b is in the way: a different file, 2 of 3 pieces match/)
    return isCode('FILE_IN_THE_WAY')(error)
  })
  assert.deepEqual(await site.tree(), before)
})

test('a file of another size in the way is refused without hashing', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  for (const length of [0, 49_999, 50_001]) {
    mkdirSync(site.path('set'), { recursive: true })
    writeFileSync(site.path('set/a'), Buffer.alloc(length))
    const check = new CheckRecorder()
    await assert.rejects(site.storage().open(check), (error) => {
      assert.match(String(error), new RegExp(`it has ${length} bytes, the torrent's file has 50000`))
      return isCode('FILE_IN_THE_WAY')(error)
    })
    assert.equal(check.checkedBytes, 0)
    assert.equal(statSync(site.path('set/a')).size, length)
  }
})

test('with force a different file is repaired: what matches is kept', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  flipByte(site.path('set/b'), 20_000)
  await site.run(
    async ({ storage, have }) => {
      assert.deepEqual([...have.indices()], [0, 1, 2, 3, 5])
      assert.deepEqual(await site.names(), ['set/a', 'set/b.part'])
      assert.deepEqual(await writePieces(storage, site.torrent, [4]), [1])
    },
    { force: true },
  )
  assert.ok((await site.tree()).get('set/b')?.equals(site.torrent.fileData(1)))
})

test('with force a file that is too long is cut', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  appendFileSync(site.path('set/b'), 'more')
  await site.run(
    ({ have }) => {
      assert.ok(have.isFull)
    },
    { force: true },
  )
  assert.ok((await site.tree()).get('set/b')?.equals(site.torrent.fileData(1)))
})

test('one of two files adopted: the piece on its border is fetched and compared, the file never written', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  rmSync(site.path('set/b'))
  const { mtimeMs } = statSync(site.path('set/a'))
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0, 1, 2])
    assert.deepEqual(await site.names(), ['set/a'])
    assert.deepEqual(await writePieces(storage, site.torrent, [3]), [0])
  })
  assert.equal(statSync(site.path('set/a')).mtimeMs, mtimeMs)
})

test('a file that differs only where it could not be verified is in the way when the piece comes', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  rmSync(site.path('set/b'))
  flipByte(site.path('set/a'), 49_999)
  const before = readFileSync(site.path('set/a'))
  await assert.rejects(
    site.run(async ({ storage }) => {
      await writePieces(storage, site.torrent)
    }),
    isCode('FILE_IN_THE_WAY'),
  )
  assert.ok(readFileSync(site.path('set/a')).equals(before))
})

test('an adopted file that its owner changes later is in the way, not repaired', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.torrent.writeTo(site.output)
  await site.run(() => undefined)
  flipByte(site.path('set/a'), 10)
  await assert.rejects(site.storage().open(new CheckRecorder()), isCode('FILE_IN_THE_WAY'))
})

test('a part file without a record is hashed and used; one that is too long is in the way', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  mkdirSync(site.path('set'), { recursive: true })
  writeFileSync(site.path('set/a.part'), site.torrent.fileData(0).subarray(0, 40_000))
  await site.run(async ({ storage, have }) => {
    assert.deepEqual([...have.indices()], [0, 1])
    await writePieces(storage, site.torrent)
  })
  assert.deepEqual(await site.names(), ['set/a', 'set/b'])
  const other = new StorageSite(await temporaryDirectory(context), twoFiles())
  mkdirSync(other.path('set'), { recursive: true })
  writeFileSync(other.path('set/a.part'), Buffer.alloc(50_001))
  await assert.rejects(other.storage().open(new CheckRecorder()), isCode('FILE_IN_THE_WAY'))
})

test("a part file in which nothing matches is somebody else's: untouched, unless forced", async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  mkdirSync(site.path('set'), { recursive: true })
  for (const precious of [Buffer.alloc(100, 'p'), Buffer.alloc(50_000, 'p')]) {
    writeFileSync(site.path('set/a.part'), precious)
    await assert.rejects(site.storage().open(new CheckRecorder()), (error) => {
      assert.match(String(error), /out\/set\/a\.part is in the way: none of its pieces matches/)
      return isCode('FILE_IN_THE_WAY')(error)
    })
    assert.ok(readFileSync(site.path('set/a.part')).equals(precious))
    assert.deepEqual(await site.names(), ['set/a.part'])
  }
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, site.torrent)
    },
    { force: true },
  )
  assert.ok((await site.tree()).get('set/a')?.equals(site.torrent.fileData(0)))
})

test("an empty part file is nobody's loss and is used", async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  mkdirSync(site.path('set'), { recursive: true })
  writeFileSync(site.path('set/a.part'), '')
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
  })
  assert.deepEqual(await site.names(), ['set/a', 'set/b'])
})

test('a stopped download goes on without hashing; a whole part file gets its final name', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, [0, 1, 4])
  })
  await site.run(async ({ storage, have, check }) => {
    assert.deepEqual([...have.indices()], [0, 1, 4])
    assert.equal(check.checkedBytes, 0)
    assert.deepEqual(check.notices, [])
    await writePieces(storage, site.torrent)
  })
  renameSync(site.path('set/a'), site.path('set/a.part'))
  await site.run(({ have, check }) => {
    assert.ok(have.isFull)
    assert.deepEqual(check.wholeFiles, [0, 1])
  })
  assert.deepEqual(await site.names(), ['set/a', 'set/b'])
})

test('after a kill what was written since the last save is hashed, not fetched', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  const root = await temporaryDirectory(context)
  const killed = site.storage()
  await killed.open(new CheckRecorder())
  await writePieces(killed, site.torrent, [0])
  await killed.save()
  await writePieces(killed, site.torrent, [1, 2, 3])
  const left = new StorageSite(root, site.torrent)
  mkdirSync(left.path('set'), { recursive: true })
  for (const name of readdirSync(site.path('set')))
    copyFileSync(site.path('set', name), left.path('set', name))
  await killed.close()
  await left.run(async ({ storage, have, check }) => {
    assert.deepEqual([...have.indices()], [0, 1, 2, 3])
    assert.deepEqual(check.wholeFiles, [0])
    assert.deepEqual(await writePieces(storage, site.torrent), [1])
  })
})

type Change = readonly [what: string, change: (path: string) => void, missing: readonly number[]]

test('files of ours that were changed are hashed again and repaired', async (context) => {
  const changes: Change[] = [
    [
      'one byte',
      (path) => {
        flipByte(path, 20_000)
      },
      [1],
    ],
    ['one byte, with the old times', flipByteQuietly, [1]],
    [
      'cut',
      (path) => {
        truncateSync(path, 20_000)
      },
      [1, 2, 3],
    ],
    [
      'emptied',
      (path) => {
        truncateSync(path, 0)
      },
      [0, 1, 2, 3],
    ],
    [
      'made longer',
      (path) => {
        appendFileSync(path, 'more')
      },
      [],
    ],
    [
      'deleted',
      (path) => {
        rmSync(path)
      },
      [0, 1, 2, 3],
    ],
    ['replaced', replaceFile, [0, 1, 2, 3]],
    [
      'replaced by its neighbour',
      (path) => {
        copyFileSync(join(path, '../b'), path)
      },
      [0, 1, 2, 3],
    ],
    [
      'touched',
      (path) => {
        utimesSync(path, 1, 1)
      },
      [],
    ],
  ]
  for (const [what, change, missing] of changes) {
    const site = new StorageSite(await temporaryDirectory(context), twoFiles())
    await site.run(async ({ storage }) => {
      await writePieces(storage, site.torrent)
    })
    change(site.path('set/a'))
    await site.run(async ({ storage, have }) => {
      const expected = [0, 1, 2, 3, 4, 5].filter((piece) => !missing.includes(piece))
      assert.deepEqual([...have.indices()], expected, what)
      const names = missing.length === 0 ? ['set/a', 'set/b'] : ['set/a.part', 'set/b.part']
      const isBorderMissing = missing.includes(3)
      const isGone = what === 'deleted'
      if (missing.length > 0 && !isBorderMissing) names[1] = 'set/b'
      assert.deepEqual(await site.names(), isGone ? names.slice(1) : names, what)
      await writePieces(storage, site.torrent)
      await storage.confirm()
    })
    assert.ok((await site.tree()).get('set/a')?.equals(site.torrent.fileData(0)), what)
    assert.deepEqual(await site.names(), ['set/a', 'set/b'], what)
  }
})

function flipByteQuietly(path: string): void {
  const { atime, mtime } = statSync(path)
  flipByte(path, 20_000)
  utimesSync(path, atime, mtime)
}

function replaceFile(path: string): void {
  rmSync(path)
  writeFileSync(path, Buffer.alloc(50_000))
}

test('after a restart of the machine everything is hashed', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent)
  })
  for (const bootId of [() => 'another boot', () => undefined]) {
    await site.run(
      ({ have, check }) => {
        assert.ok(have.isFull)
        assert.equal(check.checkedBytes, 90_000)
      },
      { bootId },
    )
  }
})

test('a damaged record is ignored with a notice', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, [0, 4])
  })
  const resume = join(site.state, 'resume')
  for (const name of readdirSync(resume)) flipByte(join(resume, name), 100)
  await site.run(({ have, check }) => {
    assert.deepEqual([...have.indices()], [0, 4])
    assert.match(check.notices.join(), /resume record .* is damaged/)
    assert.ok(check.checkedBytes > 0)
  })
})

test('a user file put in the place of an unfinished download of ours is in the way', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  await site.run(async ({ storage }) => {
    await writePieces(storage, site.torrent, [0])
  })
  rmSync(site.path('set/a.part'))
  writeFileSync(site.path('set/a'), Buffer.alloc(50_000, 1))
  await assert.rejects(site.storage().open(new CheckRecorder()), isCode('FILE_IN_THE_WAY'))
  assert.ok(readFileSync(site.path('set/a')).equals(Buffer.alloc(50_000, 1)))
})

test('a download goes on when part names are switched off or on', async (context) => {
  const site = new StorageSite(await temporaryDirectory(context), twoFiles())
  const names: string[][] = []
  for (const [index, usePartFiles] of [true, false, true, false].entries()) {
    await site.run(
      async ({ storage, have }) => {
        assert.equal(have.count, index)
        await writePieces(storage, site.torrent, [index])
        names.push(await site.names())
      },
      { usePartFiles },
    )
  }
  assert.deepEqual(names, [['set/a.part'], ['set/a'], ['set/a.part'], ['set/a', 'set/b']])
})
