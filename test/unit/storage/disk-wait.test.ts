import assert from 'node:assert/strict'
import { writevSync } from 'node:fs'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { StorageError } from '../../../src/common/errors.ts'
import type { FileStorageOptions } from '../../../src/storage/file-storage-options.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { makeTorrent } from '../../support/make-torrent.ts'
import {
  CheckRecorder,
  pieceBytesOf,
  piecesOf,
  StorageSite,
  temporaryDirectory,
  writePieces,
} from '../../support/storage-fixture.ts'

const SPEC = { name: 'a.bin', pieceBytes: 16_384, files: [{ path: 'a.bin', length: 50_000 }] }

/** A disk that takes so many bytes and no more. */
class FakeDisk {
  freeBytes: number

  constructor(freeBytes: number) {
    this.freeBytes = freeBytes
  }

  readonly write = (fd: number, buffers: readonly Buffer[], position: number): number => {
    const wanted = Buffer.concat(buffers)
    if (this.freeBytes === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const count = writevSync(fd, [wanted.subarray(0, this.freeBytes)], position)
    this.freeBytes -= count
    return count
  }
}

function isDiskFull(message: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof StorageError && error.code === 'DISK_FULL' && message.test(error.message)
}

function waiting(
  disk: FakeDisk,
  clock: FakeClock,
  more: Partial<FileStorageOptions> = {},
): Partial<FileStorageOptions> {
  return { write: disk.write, clock, diskWaitMs: 60_000, ...more }
}

test('a full disk is waited for, which is said once; when there is room the download is whole', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const [disk, clock] = [new FakeDisk(20_000), new FakeClock()]
  await site.run(
    async ({ storage, check }) => {
      let whole: readonly number[] | undefined
      const writing = (async () => {
        for (const piece of piecesOf(torrent.metainfo))
          whole = await storage.writePieces(piece, [pieceBytesOf(torrent, piece)])
      })()
      await clock.advance(30_000)
      assert.equal(whole?.length, 0, 'it waits with the second piece')
      assert.equal(check.notices.length, 1)
      assert.match(
        check.notices[0]!,
        /^cannot write out\/a\.bin\.part: disk full.*; waiting up to 60 s for room$/,
      )
      disk.freeBytes = 1e9
      await clock.advance(2_000)
      await writing
      assert.deepEqual(whole, [0])
      assert.deepEqual(check.notices.slice(1), ['there is room on the disk again: going on'])
    },
    waiting(disk, clock),
  )
  assert.ok((await site.tree()).get('a.bin')?.equals(torrent.data))
})

test('when no room comes in time, it fails as without waiting', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const [disk, clock] = [new FakeDisk(0), new FakeClock()]
  await site.run(
    async ({ storage }) => {
      const [piece] = piecesOf(torrent.metainfo)
      const writing = assert.rejects(
        async () => storage.writePieces(piece!, [pieceBytesOf(torrent, piece!)]),
        isDiskFull(/^cannot write out\/a\.bin\.part: disk full/),
      )
      await clock.advance(61_000)
      await writing
    },
    waiting(disk, clock),
  )
})

test('without the option nothing is waited for', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  await site.run(
    ({ storage, check }) => {
      const [piece] = piecesOf(torrent.metainfo)
      assert.throws(
        () => {
          void storage.writePieces(piece!, [pieceBytesOf(torrent, piece!)])
        },
        isDiskFull(/disk full/),
      )
      assert.deepEqual(check.notices, [])
    },
    { write: new FakeDisk(0).write },
  )
})

test('a stop ends the wait at once, and what was written before counts the next time', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const [disk, clock] = [new FakeDisk(16_384), new FakeClock()]
  const storage = site.storage(waiting(disk, clock))
  await storage.open(new CheckRecorder())
  const [first, second] = piecesOf(torrent.metainfo)
  await storage.writePieces(first!, [pieceBytesOf(torrent, first!)])
  const writing = assert.rejects(
    async () => storage.writePieces(second!, [pieceBytesOf(torrent, second!)]),
    isDiskFull(/disk full/),
  )
  await storage.close()
  await writing
  await site.run(({ have }) => {
    assert.deepEqual([...have.indices()], [0])
  })
})

test('room for a file is waited for, too', async (context) => {
  const torrent = makeTorrent(SPEC)
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const [disk, clock] = [new FakeDisk(30_000), new FakeClock()]
  const storage = site.storage(waiting(disk, clock, { allocation: 'full' }))
  const check = new CheckRecorder()
  let isOpen = false
  const opening = storage.open(check).then(() => (isOpen = true))
  while (check.notices.length === 0) await turn() // files are looked at in real time
  await clock.advance(10_000)
  assert.equal(isOpen, false)
  disk.freeBytes = 1e9
  await clock.advance(2_000)
  await opening
  await storage.close()
})

test('room for what waits in the parts file is waited for, too', async (context) => {
  const torrent = makeTorrent({
    ...SPEC,
    files: [
      { path: 'a', length: 20_000 },
      { path: 'b', length: 30_000 },
    ],
  })
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const wantedFiles = new Bitfield(2)
  wantedFiles.set(0)
  await site.run(
    async ({ storage }) => {
      await writePieces(storage, torrent, [0, 1])
    },
    { wantedFiles },
  )
  const [disk, clock] = [new FakeDisk(0), new FakeClock()]
  const storage = site.storage(waiting(disk, clock))
  const check = new CheckRecorder()
  const opening = storage.open(check)
  const isOver = opening.then(
    () => true,
    () => true,
  )
  // Files are looked at in real time.
  while (check.notices.length === 0 && !(await Promise.race([isOver, turn().then(() => false)])));
  disk.freeBytes = 1e9
  await clock.advance(2_000)
  assert.deepEqual([...(await opening).indices()], [0, 1])
  await writePieces(storage, torrent, [2, 3])
  await storage.close()
  assert.ok((await site.tree()).get('a.bin/b')?.equals(torrent.fileData(1)))
})

test('many that wait are one wait, and all are done when there is room', async (context) => {
  const torrent = makeTorrent({ ...SPEC, files: [{ path: 'a.bin', length: 40 * 16_384 }] })
  const site = new StorageSite(await temporaryDirectory(context), torrent)
  const [disk, clock] = [new FakeDisk(0), new FakeClock()]
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => {
    warnings.push(warning)
  }
  process.on('warning', onWarning)
  context.after(() => process.off('warning', onWarning))
  await site.run(
    async ({ storage, check }) => {
      const writes = piecesOf(torrent.metainfo).map(async (piece) =>
        storage.writePieces(piece, [pieceBytesOf(torrent, piece)]),
      )
      await clock.advance(10_000)
      assert.equal(check.notices.length, 1)
      disk.freeBytes = 1e9
      await clock.advance(2_000)
      assert.equal((await Promise.all(writes)).flat().length, 1)
    },
    waiting(disk, clock),
  )
  await turn()
  assert.deepEqual(warnings, [])
})
