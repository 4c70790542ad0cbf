import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStorage } from '../../../src/storage/memory-storage.ts'
import { makeTorrent } from '../../support/make-torrent.ts'
import { storageCompliance } from '../../support/storage-compliance.ts'
import { CheckRecorder } from '../../support/storage-fixture.ts'

storageCompliance('memory', ({ metainfo }) => new MemoryStorage({ metainfo }))

test('data that is there is checked: wrong pieces are missing', async () => {
  const torrent = makeTorrent({ files: [{ path: 'made', length: 200_000 }] })
  const data = Buffer.from(torrent.data)
  data.writeUInt8(data.readUInt8(40_000) ^ 1, 40_000)
  const check = new CheckRecorder()
  const have = await new MemoryStorage({ metainfo: torrent.metainfo, data }).open(check)
  assert.deepEqual([...have.indices()], [0, 2, 3, 4, 5, 6])
  assert.deepEqual(check.wholeFiles, [])
  assert.equal(check.checkedBytes, 200_000)
})
