import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PieceIndex } from '../../../src/metainfo/geometry.ts'
import type { Storage } from '../../../src/storage/storage.ts'
import type { TorrentContext } from '../../../src/torrent/torrent-context.ts'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { StorageError } from '../../../src/common/errors.ts'
import { OpenPieces } from '../../../src/torrent/open-pieces.ts'
import { PieceBuffers } from '../../../src/storage/piece-buffers.ts'
import { PieceMemory } from '../../../src/storage/piece-memory.ts'
import { WantedPieces } from '../../../src/torrent/wanted-pieces.ts'
import { WriteBehind } from '../../../src/torrent/write-behind.ts'

const PIECE_BYTES = 16_384

/** As much of a torrent as writing looks at. */
function fixture(
  writePieces: (first: number, pieces: readonly Buffer[]) => ReturnType<Storage['writePieces']>,
): {
  readonly finish: (piece: number) => void
  readonly openPieces: OpenPieces
  readonly have: Bitfield
  readonly log: string[]
} {
  const log: string[] = []
  const have = new Bitfield(64)
  const openPieces = new OpenPieces(
    new PieceBuffers({ pieceBytes: PIECE_BYTES, memory: new PieceMemory(64 * PIECE_BYTES) }),
  )
  const context = {
    have,
    wanted: new WantedPieces(have),
    openPieces,
    peers: new Map(),
    picker: {
      setHave: () => undefined,
      release: (piece: number) => log.push(`release ${piece}`),
    },
    storage: { writePieces },
    observer: { onFile: (file: number) => log.push(`file ${file}`) },
    onPieceDone: () => log.push(`done ${have.count}`),
    fail: ({ code }: StorageError) => log.push(`fail ${code}`),
  } as unknown as TorrentContext
  const writeBehind = new WriteBehind()
  const finish = (piece: number): void => {
    const open = openPieces.open({
      piece: piece as PieceIndex,
      blockCount: 1,
      owner: 0,
      isShared: false,
      openedAtMs: 0,
      isSingleSource: false,
    })
    assert.ok(open)
    const bytes = openPieces.bufferOf(open).fill(piece)
    openPieces.detach(open)
    writeBehind.add(context, open, bytes)
  }
  return { finish, openPieces, have, log }
}

const turn = async (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

test('neighbours that came with one read are written with one call, and only then had', async () => {
  const calls: string[] = []
  const { finish, have, log, openPieces } = fixture(async (first, pieces) => {
    calls.push(`${first}: ${pieces.map((bytes) => bytes[0]).join(' ')}`)
    assert.ok(!have.has(first), 'not before it is written')
    return Promise.resolve(first === 3 ? [7] : [])
  })
  for (const piece of [3, 4, 5]) finish(piece)
  finish(9)
  await turn()
  assert.deepEqual(calls, ['3: 3 4 5', '9: 9'])
  assert.deepEqual([...have.indices()], [3, 4, 5, 9])
  assert.deepEqual(log, ['file 7', 'done 3', 'done 4'])
  assert.equal(openPieces.reservedCount, 0, 'memory went back')
})

test('a long run does not wait for the end of the read', () => {
  const counts: number[] = []
  const { finish } = fixture(async (_first, pieces) => {
    counts.push(pieces.length)
    return Promise.resolve([])
  })
  for (let piece = 0; piece < 20; piece++) finish(piece)
  assert.deepEqual(counts, [16])
})

test('when a run cannot be written, none of its pieces is had, all go back, and the torrent fails', async () => {
  const { finish, have, log, openPieces } = fixture(async () =>
    Promise.reject(new StorageError('DISK_FULL', 'full')),
  )
  for (const piece of [1, 2]) finish(piece)
  await turn()
  assert.equal(have.count, 0)
  assert.deepEqual(log, ['release 1', 'release 2', 'fail DISK_FULL'])
  assert.equal(openPieces.reservedCount, 0)
  assert.equal(openPieces.takenCount, 0)
})

test('what the storage writes at once is had at once, and its buffers take the next pieces', () => {
  const { finish, have, openPieces } = fixture(() => [])
  for (let piece = 0; piece < 16; piece++) finish(piece)
  assert.equal(have.count, 16)
  assert.equal(openPieces.takenCount, 0)
})

test('when it refuses at once, the torrent fails as it does later', () => {
  const { finish, have, log, openPieces } = fixture(() => {
    throw new StorageError('DISK_FULL', 'full')
  })
  for (let piece = 0; piece < 16; piece++) finish(piece)
  assert.equal(have.count, 0)
  assert.equal(log.at(-1), 'fail DISK_FULL')
  assert.equal(openPieces.takenCount, 0)
})
