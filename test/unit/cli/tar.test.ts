import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extract } from 'tar-stream'
import { tarOf } from '../../../src/cli/tar.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const GIB = 2 ** 30

/** The first header of the archive of one file, read back. */
async function firstHeader(metainfo: Metainfo): Promise<{ name: string; size?: number | undefined }> {
  const reader = extract()
  const header = new Promise<{ name: string; size?: number | undefined }>((resolve) => {
    reader.on('entry', (found: { name: string; size?: number }) => {
      resolve(found)
    })
  })
  for await (const bytes of tarOf(metainfo, async () => Promise.resolve(Buffer.alloc(1024)))) {
    reader.write(bytes)
    if (bytes.length === 1024) break // its first data
  }
  return header
}

function withFile(path: readonly string[], lengthBytes: number): Metainfo {
  const { metainfo } = makeTorrent()
  const [file] = metainfo.files
  assert.ok(file)
  return { ...metainfo, files: [{ ...file, path, lengthBytes }] }
}

test('a file may be larger than 8 GiB', async () => {
  assert.equal((await firstHeader(withFile(['made'], 9 * GIB))).size, 9 * GIB)
})

test('a name may be as long as a path can be', async () => {
  const path = ['dir', 'x'.repeat(250), 'ü'.repeat(120)]
  assert.equal((await firstHeader(withFile(path, 2048))).name, path.join('/'))
})

test('when its bytes cannot be had, the archive fails with the same error', async () => {
  const error = new Error('gone')
  const archive = tarOf(withFile(['made'], 10), async () => Promise.reject(error))
  await assert.rejects(async () => {
    for await (const bytes of archive) assert.ok(bytes.length > 0)
  }, error)
})
