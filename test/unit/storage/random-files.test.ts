import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeRandomFiles } from '../../../src/storage/random-files.ts'

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test('a seed gives the same bytes for ever, on every machine', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'deep', 'a')
    await writeRandomFiles([{ path, lengthBytes: 3_000_000 }], 1)
    const bytes = readFileSync(path)
    assert.equal(bytes.length, 3_000_000)
    assert.equal(createHash('sha1').update(bytes).digest('hex'), '78ec264b160c12a6aa1cbe4c1b31b2d6d9560b91')
  })
})

test('several files are one stream, cut; another seed is another stream', async () => {
  await inDirectory(async (directory) => {
    const [whole, one, two, other] = ['whole', 'one', 'two', 'other'].map((name) => join(directory, name))
    await writeRandomFiles([{ path: whole!, lengthBytes: 1500 }], 7)
    await writeRandomFiles(
      [
        { path: one!, lengthBytes: 1000 },
        { path: two!, lengthBytes: 500 },
      ],
      7,
    )
    await writeRandomFiles([{ path: other!, lengthBytes: 1500 }], 8)
    assert.deepEqual(Buffer.concat([readFileSync(one!), readFileSync(two!)]), readFileSync(whole!))
    assert.notDeepEqual(readFileSync(other!), readFileSync(whole!))
  })
})

test('what is there is not overwritten, and the reason is told', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'mine')
    writeFileSync(path, 'mine')
    await assert.rejects(writeRandomFiles([{ path, lengthBytes: 10 }], 1), { name: 'StorageError' })
    assert.equal(readFileSync(path, 'utf8'), 'mine')
  })
})

test('it ends with its signal', async () => {
  await inDirectory(async (directory) => {
    const reason = new Error('enough')
    const writing = writeRandomFiles(
      [{ path: join(directory, 'a'), lengthBytes: 10 }],
      1,
      AbortSignal.abort(reason),
    )
    await assert.rejects(writing, reason)
  })
})
