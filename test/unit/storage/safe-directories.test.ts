import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkDirectories, makeDirectories, makeRoot } from '../../../src/storage/safe-directories.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

test('directories are made one by one, and again without harm', async (context) => {
  const root = await temporaryDirectory(context)
  const walk = { root, shownRoot: 'out', elements: ['a', 'b', 'c'] }
  assert.ok(!checkDirectories(walk))
  makeDirectories(walk)
  makeDirectories(walk)
  assert.ok(checkDirectories(walk))
})

test('a symbolic link below the output directory is refused, wherever it leads', async (context) => {
  const root = await temporaryDirectory(context)
  mkdirSync(join(root, 'elsewhere'))
  mkdirSync(join(root, 'out'))
  symlinkSync(join(root, 'elsewhere'), join(root, 'out', 'a'))
  const walk = { root: join(root, 'out'), shownRoot: 'out', elements: ['a', 'b'] }
  assert.throws(() => {
    makeDirectories(walk)
  }, isCode('DISK_PATH_UNSAFE'))
  assert.throws(() => checkDirectories(walk), isCode('DISK_PATH_UNSAFE'))
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), [])
})

test('a file where a directory has to be is refused', async (context) => {
  const root = await temporaryDirectory(context)
  writeFileSync(join(root, 'a'), '')
  const walk = { root, shownRoot: 'out', elements: ['a', 'b'] }
  assert.throws(() => {
    makeDirectories(walk)
  }, isCode('DISK_NOT_A_DIRECTORY'))
})

test('the output directory is made with its parents; it may be a link to a directory', async (context) => {
  const root = await temporaryDirectory(context)
  makeRoot(join(root, 'x', 'y'), 'x/y')
  assert.ok(existsSync(join(root, 'x', 'y')))
  symlinkSync(join(root, 'x'), join(root, 'link'))
  makeRoot(join(root, 'link', 'z'), 'link/z')
  assert.ok(existsSync(join(root, 'x', 'z')))
})

test('an output directory that is a file, lies below one, or is a link to itself is refused', async (context) => {
  const root = await temporaryDirectory(context)
  writeFileSync(join(root, 'file'), '')
  symlinkSync('loop', join(root, 'loop'))
  for (const path of ['file', 'file/below', 'loop', 'loop/below']) {
    assert.throws(() => {
      makeRoot(join(root, path), path)
    }, isCode('DISK_NOT_A_DIRECTORY'))
  }
})
