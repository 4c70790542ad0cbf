import assert from 'node:assert/strict'
import { existsSync, linkSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { moveFile } from '../../../src/storage/move-file.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

test('a file gets its new name', async (context) => {
  const directory = await temporaryDirectory(context)
  writeFileSync(join(directory, 'from'), 'data')
  moveFile(join(directory, 'from'), join(directory, 'to'), 'to')
  assert.equal(readFileSync(join(directory, 'to'), 'utf8'), 'data')
  assert.ok(!existsSync(join(directory, 'from')))
})

test('what has that name already is never replaced, not even a dangling link', async (context) => {
  const directory = await temporaryDirectory(context)
  const from = join(directory, 'from')
  writeFileSync(from, 'data')
  writeFileSync(join(directory, 'file'), 'precious')
  symlinkSync('nowhere', join(directory, 'link'))
  for (const name of ['file', 'link']) {
    assert.throws(() => {
      moveFile(from, join(directory, name), name)
    }, isCode('FILE_IN_THE_WAY'))
  }
  assert.equal(readFileSync(join(directory, 'file'), 'utf8'), 'precious')
  assert.ok(existsSync(from))
})

test('a move that was killed half way is finished', async (context) => {
  const directory = await temporaryDirectory(context)
  writeFileSync(join(directory, 'from'), 'data')
  linkSync(join(directory, 'from'), join(directory, 'to'))
  moveFile(join(directory, 'from'), join(directory, 'to'), 'to')
  assert.equal(readFileSync(join(directory, 'to'), 'utf8'), 'data')
  assert.ok(!existsSync(join(directory, 'from')))
})
