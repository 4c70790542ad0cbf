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
  for (const cuts of [[], [0, 7], [1, 2, 3, 10, 19]]) {
    const buffers = [...cuts, bytes.length].map((end, index) => bytes.subarray(cuts[index - 1] ?? 0, end))
    for (const most of [1, 3, 7, 19, 20]) {
      const fd = openSync(path, 'w')
      const sparing: WriteAt = (to, from, position) =>
        writeSync(to, Buffer.concat(from).subarray(0, most), 0, undefined, position)
      writeFully(fd, buffers, 5, sparing)
      closeSync(fd)
      const expected = Buffer.concat([Buffer.alloc(5), bytes])
      assert.ok(readFileSync(path).equals(expected), `${buffers.length} buffers, ${most} at a time`)
    }
  }
})

test('a system that takes nothing any more is an input/output error, not an endless loop', () => {
  let calls = 0
  const stuck: WriteAt = () => (calls++ === 0 ? 9 : 0)
  assert.throws(
    () => {
      writeFully(-1, [Buffer.alloc(10)], 0, stuck)
    },
    (error) => systemCodeOf(error) === 'EIO',
  )
  assert.equal(calls, 2)
})
