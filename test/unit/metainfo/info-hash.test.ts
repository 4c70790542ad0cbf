import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashInfo } from '../../../src/metainfo/info-hash.ts'

test('a torrent is named by the SHA-1 of its info', () => {
  assert.equal(hashInfo(Buffer.from('de')).toString('hex'), '600ccd1b71569232d01d110bc63e906beab04d8c')
})
