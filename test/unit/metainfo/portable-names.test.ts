import assert from 'node:assert/strict'
import { test } from 'node:test'
import { portabilityNotices } from '../../../src/metainfo/portable-names.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

function noticesFor(...paths: readonly string[]): string[] {
  const files = paths.map((path) => ({ path, length: 1 }))
  return portabilityNotices(makeTorrent({ name: 'made', files }).metainfo)
}

test('ordinary names are worth no word', () => {
  assert.deepEqual(noticesFor('a', '.hidden', 'ä/b c', 'console', 'com10', 'a.b.c'), [])
})

test('names that Windows cannot hold are told, a directory once', () => {
  assert.deepEqual(noticesFor('a:b', 'aux.txt/x', 'aux.txt/y', 'dot.', 'what?'), [
    'Windows cannot hold the name: made/a:b, made/aux.txt, made/dot. and 1 more',
  ])
})

test('names that differ in case only, and unsafe ones, are told with what becomes of them', () => {
  assert.deepEqual(noticesFor('A', 'a'), ['the name is changed where it is downloaded: made/a to made/a.1'])
  assert.match(
    noticesFor('x\u202ey').join('\n'),
    /is changed where it is downloaded: made\/x\u202ey to made\/x_y/,
  )
})
