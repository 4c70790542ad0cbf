import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseChecksums } from '../../../src/cli/checksum-list.ts'
import { planChecksums } from '../../../src/cli/checksum-plan.ts'
import { Bitfield } from '../../../src/common/bitfield.ts'
import { VerificationError } from '../../../src/common/errors.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const HASH = 'ab'.repeat(32)
const { metainfo } = makeTorrent({
  name: 'data',
  files: [
    { path: 'a', length: 10 },
    { path: 'sub/b', length: 10 },
    { path: 'data/a', length: 10 },
    { path: '.pad/5', length: 5, attr: 'p' },
  ],
})
const single = makeTorrent({ name: 'one.bin' }).metainfo

function plan(names: readonly string[], torrent = metainfo, wanted?: Bitfield): number[] {
  const checksums = parseChecksums(names.map((name) => `${HASH}  ${name}`).join('\n'), 'SUMS')
  return planChecksums(torrent, wanted, [{ label: 'SUMS', checksums }]).orders.map(({ file }) => file)
}

function isUnrelated(error: unknown): boolean {
  return error instanceof VerificationError && error.code === 'CHECKSUM_UNRELATED'
}

describe('the files that checksums are for', () => {
  test('names below the torrent, or below the output directory', () => {
    assert.deepEqual(plan(['a', './sub//b']), [0, 1])
    assert.deepEqual(plan(['data/a', 'data/sub/b', 'other/x']), [0, 1])
    assert.deepEqual(plan(['one.bin', 'two.bin'], single), [0])
    assert.deepEqual(plan(['./one.bin'], single), [0])
  })

  test('a list is read in the one way that fits more of its names', () => {
    assert.deepEqual(plan(['data/a', 'a']), [2, 0])
    assert.deepEqual(plan(['data/a', 'data/data/a']), [0, 2])
  })

  test('paths that lead elsewhere, and padding, are no files of it', () => {
    assert.deepEqual(plan(['a', '/a', '../a', 'sub/../a', '.pad/5']), [0])
  })

  test('names that had to change to be safe are found under both', () => {
    const files = [{ path: 'a:b/c\\d', length: 10 }]
    const odd = makeTorrent({ name: 'x:y', files }).metainfo
    const [file] = odd.files
    for (const name of ['a:b/c\\d', 'x:y/a:b/c\\d', file?.path.join('/') ?? ''])
      assert.deepEqual(plan([name], odd), [0])
  })

  test('files that were not chosen are left out', () => {
    const wanted = new Bitfield(metainfo.files.length)
    wanted.set(1)
    assert.deepEqual(plan(['a', 'sub/b'], metainfo, wanted), [1])
    assert.throws(() => plan(['a'], metainfo, wanted), isUnrelated)
  })

  test('a list that names none of its files is an error, also beside one that does', () => {
    assert.throws(() => plan(['x', 'y']), isUnrelated)
    const lists = [['a'], ['x']].map(([name = ''], index) => ({
      label: `SUMS${index}`,
      checksums: parseChecksums(`${HASH}  ${name}`, ''),
    }))
    assert.throws(() => planChecksums(metainfo, undefined, lists), /SUMS1 names no file of data/)
  })

  test('the same said twice is one comparison, and files that nobody names are told of', () => {
    const checksums = parseChecksums(`${HASH}  a\n${HASH} *./a\n${'cd'.repeat(32)}  a`, 'SUMS')
    const { orders, notices } = planChecksums(metainfo, undefined, [{ label: 'SUMS', checksums }])
    assert.deepEqual(
      orders.map(({ file, expected }) => [file, expected.slice(0, 2)]),
      [
        [0, 'ab'],
        [0, 'cd'],
      ],
    )
    assert.deepEqual(notices, ['SUMS names 1 of 3 files of data: the others are not compared'])
  })
})
