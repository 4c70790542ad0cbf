/** The library as a program uses it; what docs/library.md shows runs in test/cli/library-doc.test.ts. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { create, download, KnownError, seed, startTestbed, tracker } from '../../../src/api/torrent-dl.ts'
import type { DownloadProgress } from '../../../src/api/torrent-dl.ts'

interface Place {
  readonly root: string
  /** Of every call: nothing outside of the test's directory is touched. */
  readonly local: { readonly host: string; readonly stateDirectory: string }
}

async function inPlace(use: (place: Place) => Promise<void>): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'torrent-dl-test-'))
  try {
    await use({ root, local: { host: '127.0.0.1', stateDirectory: join(root, 'state') } })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

test('create, tracker, seed and download give the same bytes at the other end', async () => {
  await inPlace(async ({ root, local }) => {
    writeFileSync(join(root, 'a.bin'), Buffer.alloc(300_000, 'abc'))
    const running = await tracker()
    const torrent = await create(join(root, 'a.bin'), { trackers: [[running.httpUrl]] })
    const seeding = await seed(torrent.bytes, root, local)
    const progress: DownloadProgress[] = []
    const result = await download(torrent.bytes, {
      ...local,
      directory: join(root, 'got'),
      peers: [`127.0.0.1:${seeding.port}`],
      stallTimeoutMs: 10_000,
      onProgress: (one) => progress.push(one),
    })
    assert.deepEqual(readFileSync(join(root, 'got/a.bin')), readFileSync(join(root, 'a.bin')))
    const { name, infoHash, path, files, totalBytes, downloadedBytes } = result
    assert.deepEqual(
      { name, infoHash, path, files, totalBytes, downloadedBytes },
      {
        name: 'a.bin',
        infoHash: torrent.infoHash,
        path: join(root, 'got/a.bin'),
        files: [{ path: join(root, 'got/a.bin'), lengthBytes: 300_000 }],
        totalBytes: 300_000,
        downloadedBytes: 300_000,
      },
    )
    assert.equal(progress.at(-1)?.state, 'complete')
    assert.equal(seeding.uploadedBytes, 300_000)
    await seeding.close()
    await running.close()
    assert.deepEqual(readdirSync(root).toSorted(), ['a.bin', 'got', 'state'])
  })
})

test('what is there already is found there', async () => {
  await inPlace(async ({ root, local }) => {
    writeFileSync(join(root, 'a.bin'), 'some bytes')
    const { bytes } = await create(join(root, 'a.bin'))
    const result = await download(bytes, { ...local, directory: root })
    assert.equal(result.downloadedBytes, 0)
    assert.equal(result.totalBytes, 10)
  })
})

test('errors are known, and have a code', async () => {
  await inPlace(async ({ root, local }) => {
    writeFileSync(join(root, 'a.bin'), 'some bytes')
    const { bytes } = await create(join(root, 'a.bin'))
    const elsewhere = { ...local, directory: join(root, 'got') }
    const cases: [string, () => Promise<unknown>][] = [
      ['TORRENT_FILE_UNREADABLE', async () => download(join(root, 'gone.torrent'), elsewhere)],
      ['BENCODE_SYNTAX', async () => download(Buffer.from('no torrent'), elsewhere)],
      ['NO_SOURCE', async () => download(bytes, elsewhere)],
      ['USAGE', async () => download(bytes, { ...elsewhere, peers: ['example.org:1'] })],
      ['USAGE', async () => download(bytes, { ...elsewhere, trackers: [['ftp://example.org']] })],
      ['USAGE', async () => download(bytes, { ...elsewhere, trackers: ['udp://flat:1'] as never })],
      ['USAGE', async () => download(undefined as never, elsewhere)],
      ['USAGE', async () => download(bytes, { ...elsewhere, host: 'example.org' })],
      ['USAGE', async () => download(bytes, { ...elsewhere, port: 70_000 })],
      ['USAGE', async () => download(bytes, { ...elsewhere, downloadLimit: 0 })],
      ['DATA_MISSING', async () => seed(bytes, join(root, 'empty'), local)],
      ['INPUT_UNREADABLE', async () => create(join(root, 'gone'))],
      ['USAGE', async () => create(join(root, 'a.bin'), { pieceBytes: 512 })],
      ['USAGE', async () => create(join(root, 'a.bin'), { pieceBytes: 1000 })],
      ['USAGE', async () => tracker({ intervalSeconds: 0 })],
      ['USAGE', async () => startTestbed({ peerCount: 0 })],
    ]
    for (const [code, run] of cases) {
      await assert.rejects(run, (error) => {
        assert.ok(error instanceof KnownError, String(error))
        assert.equal(error.code, code, error.message)
        return true
      })
    }
  })
})

test('a stall ends it: nobody there, or somebody who gives nothing any more', async () => {
  await inPlace(async ({ root, local }) => {
    const testbed = await startTestbed({ sizeBytes: 2_000_000, leaveAtPercent: 30 })
    const options = { ...local, directory: join(root, 'got'), stallTimeoutMs: 500 }
    await assert.rejects(download(testbed.torrentFile, options), { code: 'STALLED' })
    const nobody = { ...options, onlyTrackers: [['udp://127.0.0.1:9/announce']] }
    await assert.rejects(download(testbed.torrentBytes, nobody), { code: 'NO_SOURCE' })
    await testbed.close()
  })
})

test('a signal stops it with its reason, and the same call goes on from there', async () => {
  await inPlace(async ({ root, local }) => {
    const testbed = await startTestbed({ sizeBytes: 1_000_000, pieceBytes: 16_384, peerRate: 200_000 })
    const options = { ...local, directory: join(root, 'got') }
    const stop = new AbortController()
    const reason = new Error('enough')
    const stopped = download(testbed.torrentFile, {
      ...options,
      signal: stop.signal,
      onProgress: ({ doneBytes }) => {
        if (doneBytes > 0) stop.abort(reason)
      },
    })
    await assert.rejects(stopped, reason)
    const { downloadedBytes } = await download(testbed.torrentFile, options)
    assert.ok(downloadedBytes < 1_000_000)
    await testbed.close()
  })
})

test('what a callback throws ends the download and comes out of it', async () => {
  await inPlace(async ({ root, local }) => {
    const testbed = await startTestbed({ sizeBytes: 1_000_000, peerRate: 50_000 })
    const onProgress = (): void => {
      throw new Error('a mistake of the caller')
    }
    const downloading = download(testbed.torrentFile, { ...local, directory: join(root, 'got'), onProgress })
    await assert.rejects(downloading, { message: 'a mistake of the caller' })
    await testbed.close()
  })
})

test('a testbed can be disposed of, twice, and leaves nothing', async () => {
  await inPlace(async ({ root }) => {
    const testbed = await startTestbed({ sizeBytes: 100_000, temporaryRoot: root })
    assert.ok(existsSync(testbed.torrentFile))
    await testbed[Symbol.asyncDispose]()
    await testbed.close()
    assert.deepEqual(readdirSync(root), [])
  })
})

test('a testbed that is being opened ends with its signal, and leaves nothing', async () => {
  await inPlace(async ({ root }) => {
    const reason = new Error('enough')
    const stop = new AbortController()
    const opening = startTestbed({ sizeBytes: 500_000_000, temporaryRoot: root, signal: stop.signal })
    stop.abort(reason)
    await assert.rejects(opening, reason)
    assert.deepEqual(readdirSync(root), [])
  })
})
