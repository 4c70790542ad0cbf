import assert from 'node:assert/strict'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTorrent } from '../../../src/storage/create-torrent.ts'
import { readFileTree } from '../../../src/storage/file-tree.ts'
import { TreeStorage } from '../../../src/storage/tree-storage.ts'

const ignore = (): undefined => undefined
const PROGRESS = {
  onChecked: ignore,
  onFileWhole: ignore,
  onNotice: ignore,
  signal: new AbortController().signal,
}

/** A tree of which one file lies elsewhere. */
async function inTree(use: (storage: TreeStorage, files: readonly string[]) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    const root = join(directory, 'tree')
    const files = [join(root, 'a'), join(directory, 'elsewhere')]
    mkdirSync(root)
    writeFileSync(files[0]!, Buffer.alloc(20_000, 'a'))
    writeFileSync(files[1]!, Buffer.alloc(30_000, 'b'))
    symlinkSync(files[1]!, join(root, 'b'))
    const { metainfo } = await createTorrent(root, { followsLinks: true, pieceBytes: 16_384 })
    await use(new TreeStorage(metainfo, await readFileTree(root, 'tree', { followsLinks: true })), files)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('all is there, links are followed, and any part is read into any buffers', async () => {
  await inTree(async (storage, files) => {
    assert.equal((await storage.open(PROGRESS)).isFull, true)
    const data = Buffer.concat(files.map((file) => readFileSync(file)))
    const parts = [Buffer.alloc(1000), Buffer.alloc(3000), Buffer.alloc(1)]
    await storage.read(18_000, ...parts)
    assert.deepEqual(Buffer.concat(parts), data.subarray(18_000, 22_001))
    await storage.close()
  })
})

test('what changed since is not given', async () => {
  await inTree(async (storage, files) => {
    truncateSync(files[1]!, 10)
    await assert.rejects(storage.open(PROGRESS), { code: 'FILE_CHANGED' })
    await storage.close()
  })
})

test('what has another mode or time is given, what has another length or is gone is not', async () => {
  await inTree(async (storage, files) => {
    await storage.open(PROGRESS)
    chmodSync(files[0]!, 0o400)
    utimesSync(files[1]!, 1, 1)
    await storage.confirm()
    await storage.read(0, Buffer.alloc(50_000))
    truncateSync(files[1]!, 29_999)
    await assert.rejects(storage.confirm(), { code: 'FILE_CHANGED' })
    rmSync(files[1]!)
    await assert.rejects(storage.confirm(), { code: 'FILE_CHANGED' })
    await storage.close()
  })
})

test('what becomes shorter later on is an error of that read', async () => {
  await inTree(async (storage, files) => {
    await storage.open(PROGRESS)
    truncateSync(files[0]!, 10)
    await assert.rejects(storage.read(0, Buffer.alloc(100)), { code: 'FILE_CHANGED' })
    await storage.close()
  })
})
