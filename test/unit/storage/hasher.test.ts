import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matches, sha1 } from '../../../src/storage/hasher.ts'

test('the SHA-1 of "abc" is the one of FIPS 180', () => {
  assert.equal(sha1(Buffer.from('abc')).toString('hex'), 'a9993e364706816aba3e25717850c26c9cd0d89d')
})

test('bytes match their own piece and no other', () => {
  const hashes = Buffer.concat([sha1(Buffer.from('a')), sha1(Buffer.from('b'))])
  assert.ok(matches(Buffer.from('b'), hashes, 1))
  assert.ok(!matches(Buffer.from('b'), hashes, 0))
})
