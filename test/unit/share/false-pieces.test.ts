import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FalsePieces } from '../../../src/share/false-pieces.ts'
import { MemoryStorage } from '../../../src/storage/memory-storage.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const BLOCK = 16_384

async function readThrough(
  pieces: readonly number[],
  start: number,
  lengths: readonly number[],
): Promise<Buffer[]> {
  const { metainfo, data } = makeTorrent()
  const truth = new MemoryStorage({ metainfo, data: Buffer.from(data) })
  const lying = new FalsePieces(metainfo, pieces, truth)
  const ignore = (): undefined => undefined
  const progress = { onChecked: ignore, onFileWhole: ignore, onNotice: ignore }
  const have = await lying.open({ ...progress, signal: new AbortController().signal })
  assert.equal(have.isFull, true)
  const parts = lengths.map((length) => Buffer.alloc(length))
  await lying.read(start, ...parts)
  return parts
}

/** Positions in the torrent at which what was read is wrong. */
function wrongBytes(start: number, read: Buffer): number[] {
  const { data } = makeTorrent()
  return [...read.keys()].filter((at) => read[at] !== data[start + at]).map((at) => start + at)
}

test('the first byte of each block of a false piece is wrong, and nothing else', async () => {
  const read = Buffer.concat(await readThrough([1], 0, [100_000]))
  assert.deepEqual(wrongBytes(0, read), [2 * BLOCK, 3 * BLOCK])
})

test('wherever a read begins, and however many buffers it fills', async () => {
  const lengths = [10, BLOCK - 10, 1, BLOCK - 1, BLOCK, 5000]
  const read = Buffer.concat(await readThrough([1, 2], BLOCK + 3, lengths))
  assert.deepEqual(wrongBytes(BLOCK + 3, read), [2 * BLOCK, 3 * BLOCK, 4 * BLOCK])
})

test('the last piece, which is short, can be false, too', async () => {
  const read = Buffer.concat(await readThrough([3], 6 * BLOCK, [100_000 - 6 * BLOCK]))
  assert.deepEqual(wrongBytes(6 * BLOCK, read), [6 * BLOCK])
})
