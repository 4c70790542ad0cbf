import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FileEntry } from '../../../src/metainfo/metainfo.ts'
import { FilePaths } from '../../../src/storage/file-paths.ts'

function pathsOf(...names: string[]): FilePaths {
  const files = names.map((name): FileEntry => {
    const flags = { isPadding: false, isExecutable: false, isSymlink: false }
    return { path: name.split('/'), lengthBytes: 1, start: 0, ...flags }
  })
  return new FilePaths(files, '/out', 'shown')
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

test('a file is called NAME.part in its own directory until it is whole', () => {
  const paths = pathsOf('set/sub/a.iso')
  assert.equal(paths.finalPath(0), '/out/set/sub/a.iso')
  assert.equal(paths.partPath(0), '/out/set/sub/a.iso.part')
  assert.equal(paths.shown(0, 'part'), 'shown/set/sub/a.iso.part')
})

test('the part name always fits 255 bytes, cut between characters', () => {
  for (const name of ['x'.repeat(251), 'x'.repeat(255), '数'.repeat(85), '😀'.repeat(63)]) {
    const part = nameOf(pathsOf(name).partPath(0))
    assert.ok(Buffer.byteLength(part) <= 255, part)
    assert.ok(part.endsWith('.part'))
    assert.ok(!part.includes('\u{fffd}'))
    assert.ok(name.startsWith(part.slice(0, part.indexOf('~'))))
    assert.equal(part, nameOf(pathsOf(name).partPath(0)), 'the same on every run')
  }
  assert.equal(nameOf(pathsOf('x'.repeat(250)).partPath(0)), `${'x'.repeat(250)}.part`)
})

test('no part name is the name of anything else in the torrent', () => {
  const long = 'x'.repeat(255)
  const cut = nameOf(pathsOf(`t/${long}`).partPath(0))
  const names = [
    't/a',
    't/a.part',
    't/a.PART.part',
    't/b/c',
    't/b.part/c',
    't/b',
    `t/${long}`,
    `t/${cut}`,
    `t/${long.slice(1)}y`,
  ]
  const paths = pathsOf(...names)
  const all = names.flatMap((_, file) => [paths.finalPath(file), paths.partPath(file)])
  assert.equal(new Set(all.map((path) => path.toLowerCase())).size, all.length)
  assert.ok(!all.includes('/out/t/b.part'))
})
