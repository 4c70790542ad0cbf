import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Directory } from '../../../src/storage/file-paths.ts'
import { makeRoot, SafeDirectories } from '../../../src/storage/safe-directories.ts'
import { isCode } from '../../support/storage-compliance.ts'
import { temporaryDirectory } from '../../support/storage-fixture.ts'

/** The last of these, below each other and the root. */
function directoryBelow(root: string, elements: readonly string[]): Directory {
  let directory: Directory = { path: root, shownPath: 'out', parent: undefined }
  for (const element of elements) {
    const [path, shownPath] = [join(directory.path, element), join(directory.shownPath, element)]
    directory = { path, shownPath, parent: directory }
  }
  return directory
}

test('directories are made one by one, and again without harm', async (context) => {
  const directory = directoryBelow(await temporaryDirectory(context), ['a', 'b', 'c'])
  const directories = new SafeDirectories()
  assert.ok(!directories.check(directory))
  directories.make(directory)
  directories.make(directory)
  assert.ok(directories.check(directory))
  assert.ok(new SafeDirectories().check(directory))
})

test('a symbolic link below the output directory is refused, wherever it leads', async (context) => {
  const root = await temporaryDirectory(context)
  mkdirSync(join(root, 'elsewhere'))
  mkdirSync(join(root, 'out'))
  symlinkSync(join(root, 'elsewhere'), join(root, 'out', 'a'))
  const directory = directoryBelow(join(root, 'out'), ['a', 'b'])
  const directories = new SafeDirectories()
  assert.throws(() => {
    directories.make(directory)
  }, isCode('DISK_PATH_UNSAFE'))
  assert.throws(() => directories.check(directory), isCode('DISK_PATH_UNSAFE'))
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), [])
})

test('a directory that becomes a symbolic link is refused by the next piece of work', async (context) => {
  const root = await temporaryDirectory(context)
  const directory = directoryBelow(root, ['a', 'b'])
  const directories = new SafeDirectories()
  directories.make(directory)
  assert.ok(directories.check(directory))
  await Promise.resolve()
  renameSync(join(root, 'a'), join(root, 'moved'))
  symlinkSync(join(root, 'moved'), join(root, 'a'))
  assert.throws(() => directories.check(directory), isCode('DISK_PATH_UNSAFE'))
})

test('a file where a directory has to be is refused', async (context) => {
  const root = await temporaryDirectory(context)
  writeFileSync(join(root, 'a'), '')
  assert.throws(() => {
    new SafeDirectories().make(directoryBelow(root, ['a', 'b']))
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
