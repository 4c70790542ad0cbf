/** Names from a torrent become names on disk. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PathPlanner } from '../../../src/metainfo/safe-path.ts'
import { cleanElement, decodeName } from '../../../src/metainfo/safe-name.ts'

function plan(...paths: string[]): { paths: string[]; renames: string[] } {
  const planner = new PathPlanner(Buffer.from('t'), 'fallback')
  const planned = paths.map((path) =>
    planner.place(
      path.split('/').map((element) => Buffer.from(element)),
      path,
    ),
  )
  return {
    paths: planned.map((path) => path.join('/')),
    renames: planner.renames.map(({ from, to }) => `${from} -> ${to}`),
  }
}

test('a torrent cannot use up the memory with directories', () => {
  const planner = new PathPlanner(Buffer.from('t'), 'fallback')
  const below = Array.from({ length: 97 }, () => Buffer.from('a'))
  assert.throws(
    () => {
      for (let file = 0; file < 3000; file++) {
        planner.place([Buffer.from(`d${file}`), ...below, Buffer.from('f')], `info.files[${file}].path`)
      }
    },
    {
      code: 'TORRENT_TOO_MANY_FILES',
      message: /^info\.files\[2551\]\.path: .* more than 250000 directories$/,
    },
  )
})

test('ordinary names, whatever the script, stay as they are', () => {
  for (const name of [
    'a b.txt',
    '数据集.mkv',
    'naïve',
    '👍🏽.png',
    '❤️',
    "o'b",
    '~',
    '-x',
    '.hidden',
    'a..b',
    '...',
  ]) {
    assert.equal(cleanElement(name), name)
  }
})

test('every unsafe character becomes one underscore', () => {
  const unsafe = [
    '\x00',
    '\x1f',
    '\x7f',
    '\x80',
    '\x9f',
    '\u061c',
    '\u200b',
    '\u200f',
    '\u2028',
    '\u202e',
    '\u2060',
  ]
  for (const character of [...unsafe, '\u2066', '\u2069', '\ufeff', '\\']) {
    assert.equal(cleanElement(`a${character}b`), 'a_b', JSON.stringify(character))
  }
})

test('a replacement character that is really in the name is no fault', () => {
  assert.equal(decodeName(Buffer.from('a\ufffdb')), 'a\ufffdb')
  assert.equal(decodeName(Buffer.from('61ff62', 'hex')), 'a_b')
})

describe('long names', () => {
  test('are cut between characters and keep their extension', () => {
    const name = cleanElement(`${'😀'.repeat(80)}.tar`)
    assert.equal(name, `${'😀'.repeat(62)}.tar`)
  })

  test('an extension that is no extension is cut like the rest', () => {
    assert.equal(Buffer.byteLength(cleanElement(`a.${'b'.repeat(300)}`)), 255)
  })

  test('that collide once cut get a number and still fit', () => {
    const { paths } = plan(`${'x'.repeat(300)}1.txt`, `${'x'.repeat(300)}2.txt`)
    assert.deepEqual(paths, [`t/${'x'.repeat(251)}.txt`, `t/${'x'.repeat(249)}.1.txt`])
  })
})

describe('directories', () => {
  test('are renamed once for all files below them', () => {
    const { paths, renames } = plan('a\u200b/1', 'a\u200b/2')
    assert.deepEqual(paths, ['t/a_/1', 't/a_/2'])
    assert.deepEqual(renames, ['t/a\u200b -> t/a_'])
  })

  test('that differ in case stay apart on every file system', () => {
    assert.deepEqual(plan('Docs/a', 'docs/a', 'Docs/b', 'docs/b').paths, [
      't/Docs/a',
      't/docs.1/a',
      't/Docs/b',
      't/docs.1/b',
    ])
  })

  test('and files share one space of names', () => {
    assert.deepEqual(plan('readme', 'README/a').paths, ['t/readme', 't/README.1/a'])
  })
})

test('equal names in different directories do not collide', () => {
  assert.deepEqual(plan('a/x', 'b/X').renames, [])
})

test('three spellings of one name get three names', () => {
  assert.deepEqual(plan('straße', 'STRASSE', 'Strasse').paths, ['t/straße', 't/STRASSE.1', 't/Strasse.2'])
})

test('a dropped element is told in one line with the rename of the file', () => {
  assert.deepEqual(plan('./a\u200b').renames, ['t/./a\u200b -> t/a_'])
})

test('"./a" and "a" are one path, so two files', () => {
  assert.throws(() => plan('./a', 'a'), { code: 'TORRENT_PATH_DUPLICATE' })
})

test('100 elements with the name of the torrent fit, one more does not', () => {
  assert.equal(plan(Array.from({ length: 99 }, () => 'd').join('/')).paths[0]?.split('/').length, 100)
  assert.throws(() => plan(Array.from({ length: 100 }, () => 'd').join('/')), { code: 'TORRENT_PATH_DEPTH' })
})

test('4096 bytes of path fit, one more does not', () => {
  const directories = Array.from({ length: 40 }, () => 'd'.repeat(99)).join('/')
  const room = 4096 - 't/'.length - directories.length - 1
  assert.equal(Buffer.byteLength(plan(`${directories}/${'f'.repeat(room)}`).paths[0] ?? ''), 4096)
  assert.throws(() => plan(`${directories}/${'f'.repeat(room + 1)}`), { code: 'TORRENT_PATH_LONG' })
})

test('an entry that will not be on disk takes no name away', () => {
  const planner = new PathPlanner(Buffer.from('t'), 'fallback')
  assert.deepEqual(planner.describe([Buffer.from('lnk')], 'link'), ['t', 'lnk'])
  assert.deepEqual(planner.place([Buffer.from('lnk'), Buffer.from('a')], 'file'), ['t', 'lnk', 'a'])
  assert.throws(() => planner.describe([Buffer.from('..')], 'link'), { code: 'TORRENT_PATH_PARENT' })
})
