import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseFile } from '../../../src/cli/choose-file.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const pathOf = (metainfo: Parameters<typeof chooseFile>[0], wanted?: string): string =>
  chooseFile(metainfo, wanted).path.join('/')

test('the only file needs no name, padding does not count', () => {
  const { metainfo } = makeTorrent({
    name: 'dir',
    files: [
      { path: 'pad', length: 5, attr: 'p' },
      { path: 'a', length: 5 },
    ],
  })
  assert.equal(pathOf(metainfo), 'dir/a')
  assert.throws(() => chooseFile(metainfo, '0'), { code: 'FILE_NOT_IN_TORRENT' })
})

test('a path comes before a number', () => {
  const files = ['1', 'b', '0'].map((path) => ({ path, length: 5 }))
  const { metainfo } = makeTorrent({ name: 'dir', files })
  assert.equal(pathOf(metainfo, '1'), 'dir/1')
  assert.equal(pathOf(metainfo, '0'), 'dir/0')
  assert.equal(pathOf(metainfo, '2'), 'dir/0')
  assert.equal(pathOf(metainfo, 'dir/b'), 'dir/b')
  assert.throws(() => chooseFile(metainfo, undefined), { code: 'FILE_NOT_NAMED' })
  for (const wrong of ['3', '', 'dir', '-1', '1e0', 'B']) {
    assert.throws(() => chooseFile(metainfo, wrong), { code: 'FILE_NOT_IN_TORRENT' }, wrong)
  }
})
