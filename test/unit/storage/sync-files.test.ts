import assert from 'node:assert/strict'
import { existsSync, fstatSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { makeTorrent } from '../../support/make-torrent.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { StorageSite, temporaryDirectory, writePieces } from '../../support/storage-fixture.ts'

const PIECE = 16_384
const SPEC = {
  name: 'd',
  pieceBytes: PIECE,
  files: [
    { path: 'sub/a', length: 2 * PIECE },
    { path: 'b', length: 2 * PIECE },
  ],
}

test('the bytes of a file are on the disk before it has its name, its name before it counts as whole', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const steps: string[] = []
  const sync = async (fd: number): Promise<void> => {
    const name = existsSync(site.path('d', 'sub', 'a')) ? 'final' : 'part'
    const isDirectory = fstatSync(fd).isDirectory()
    steps.push(`${isDirectory ? 'directory' : `file of ${fstatSync(fd).size}`}, ${name}`)
    return Promise.resolve()
  }
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, torrent, [0])
      assert.deepEqual(steps, [], 'nothing for a piece')
      assert.deepEqual(await writePieces(storage, torrent, [1]), [0])
      // d/sub, d, the output directory, and the one that it is in
      assert.deepEqual(steps, [
        `file of ${2 * PIECE}, part`,
        ...new Array<string>(4).fill('directory, final'),
      ])
    },
    { syncs: true, sync },
  )
})

test('a disk that fails to take it is an error, and the file keeps its part name', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const sync = async (): Promise<void> => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
  await site.run(
    async ({ storage }) => {
      await assert.rejects(
        writePieces(storage, torrent, [0, 1]),
        /^StorageError: cannot write out\/d\/sub\/a\.part: input/,
      )
    },
    { syncs: true, sync },
  )
  assert.deepEqual(await site.names(), ['d/sub/a.part'])
})

test('after a failed sync nobody may say that the bytes are there: no waiting for room, and the next run hashes', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  let calls = 0
  // The system forgets what it could not write: the same call succeeds afterwards.
  const sync = async (): Promise<void> =>
    ++calls === 1 ? Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })) : Promise.resolve()
  await site.run(
    async ({ storage }) => {
      await assert.rejects(writePieces(storage, torrent, [0, 1]), isCode('DISK_FULL'))
    },
    { syncs: true, sync, diskWaitMs: 60_000 },
  )
  assert.deepEqual(await site.names(), ['d/sub/a.part'])
  await site.run(({ check, have }) => {
    assert.equal(check.checkedBytes, 2 * PIECE)
    assert.deepEqual([...have.indices()], [0, 1])
  })
})

test('what was whole before is put on the disk, too', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => writePieces(storage, torrent).then(() => undefined))
  let fileCount = 0
  const sync = async (fd: number): Promise<void> => {
    if (fstatSync(fd).isFile()) fileCount++
    return Promise.resolve()
  }
  await site.run(
    ({ have }) => {
      assert.equal(have.isFull, true)
    },
    { syncs: true, sync },
  )
  assert.equal(fileCount, 2)
})

test('the real thing works', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => writePieces(storage, torrent).then(() => undefined), { syncs: true })
  assert.deepEqual(await site.names(), ['d/b', 'd/sub/a'])
})

test('hashesAll: a record is not believed, and a file that changed behind its back is found', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(async ({ storage }) => writePieces(storage, torrent).then(() => undefined))
  await site.run(({ have, check }) => {
    assert.deepEqual([have.isFull, check.checkedBytes], [true, 0])
  })
  await site.run(
    ({ have, check }) => {
      assert.deepEqual([have.isFull, check.checkedBytes, check.notices], [true, torrent.data.length, []])
    },
    { hashesAll: true },
  )
  assert.ok(statSync(site.path('d', 'b')).isFile())
  await writeFile(site.path('d', 'b'), Buffer.alloc(PIECE), { flag: 'r+' })
  await site.run(
    async ({ have, storage }) => {
      assert.deepEqual([...have.indices()], [0, 1, 3])
      assert.deepEqual(await writePieces(storage, torrent, [2]), [1])
    },
    { hashesAll: true },
  )
  assert.deepEqual(await site.names(), ['d/b', 'd/sub/a'])
})
