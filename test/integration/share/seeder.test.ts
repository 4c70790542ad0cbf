import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LocalAddresses } from '../../../src/common/local-addresses.ts'
import { Seeder } from '../../../src/share/seeder.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

async function withSeeder(use: (seeder: Seeder, data: string) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  const local = new LocalAddresses({ v4: '127.0.0.1' })
  const seeder = await Seeder.open({ local, stateDirectory: join(root, 'state') })
  try {
    await use(seeder, join(root, 'data'))
  } finally {
    await seeder.close()
    rmSync(root, { recursive: true, force: true })
  }
}

test('what is whole is seeded, and nothing is added to it', async () => {
  await withSeeder(async (seeder, data) => {
    const torrent = makeTorrent()
    await torrent.writeTo(data)
    const seeding = await seeder.add(torrent.metainfo, data)
    assert.equal(seeding.snapshot().state, 'complete')
    assert.ok(seeder.port > 0)
    assert.deepEqual(readdirSync(data), ['made'])
  })
})

test('what lacks a file is refused, and nothing is made of it', async () => {
  await withSeeder(async (seeder, data) => {
    const torrent = makeTorrent({
      files: [
        { path: 'a', length: 40_000 },
        { path: 'b', length: 40_000 },
      ],
    })
    await torrent.writeTo(data)
    rmSync(join(data, 'made', 'b'))
    await assert.rejects(seeder.add(torrent.metainfo, data), {
      code: 'DATA_MISSING',
      message: /^made: missing or wrong pieces: 2 of 3, in .*\/made\/b \(not there\)/,
    })
    assert.deepEqual(readdirSync(join(data, 'made')), ['a'])
  })
})

test('what differs is refused and left as it is', async () => {
  await withSeeder(async (seeder, data) => {
    const torrent = makeTorrent()
    await torrent.writeTo(data)
    writeFileSync(join(data, 'made'), Buffer.alloc(100_000))
    await assert.rejects(seeder.add(torrent.metainfo, data), { code: 'DATA_MISSING' })
    assert.deepEqual(readFileSync(join(data, 'made')), Buffer.alloc(100_000))
    assert.deepEqual(readdirSync(data), ['made'])
  })
})

test('a directory that is not there is not made', async () => {
  await withSeeder(async (seeder, data) => {
    const nowhere = join(data, 'not', 'there')
    await assert.rejects(seeder.add(makeTorrent().metainfo, nowhere), { code: 'DATA_MISSING' })
    assert.equal(existsSync(data), false)
  })
})

test('closed while it looks, `add` says so', async () => {
  await withSeeder(async (seeder, data) => {
    const torrent = makeTorrent()
    await torrent.writeTo(data)
    const adding = assert.rejects(seeder.add(torrent.metainfo, data), { code: 'STORAGE_CLOSED' })
    await seeder.close()
    await adding
  })
})
