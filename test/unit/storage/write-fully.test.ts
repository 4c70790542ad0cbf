import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemCodeOf } from '../../../src/common/errors.ts'
import { writeFully, type WriteAt } from '../../../src/storage/write-fully.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

test('a system that takes a few bytes at a time gets all of them, each at its place', async (context) => {
  const path = join(await temporaryDirectory(context), 'file')
  const bytes = Buffer.from('0123456789abcdefghij')
  for (const most of [1, 3, 7, 19, 20]) {
    const fd = openSync(path, 'w')
    const sparing: WriteAt = (...[to, from, at, length, position]) =>
      writeSync(to, from, at, Math.min(length, most), position)
    writeFully(fd, bytes, 5, sparing)
    closeSync(fd)
    assert.ok(readFileSync(path).equals(Buffer.concat([Buffer.alloc(5), bytes])), `${most} at a time`)
  }
})

test('a system that takes nothing any more is an input/output error, not an endless loop', () => {
  let calls = 0
  const stuck: WriteAt = (...[, , , length]) => (calls++ === 0 ? length - 1 : 0)
  assert.throws(
    () => {
      writeFully(-1, Buffer.alloc(10), 0, stuck)
    },
    (error) => systemCodeOf(error) === 'EIO',
  )
  assert.equal(calls, 2)
})
