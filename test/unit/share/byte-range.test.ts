import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readRange } from '../../../src/share/byte-range.ts'

test('one range of bytes is read as RFC 9110 has it', () => {
  const cases: [string, ReturnType<typeof readRange>][] = [
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['Bytes= 1 - 2 ', { first: 1, last: 2 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    [`bytes=0-${'9'.repeat(400)}`, { first: 0, last: 99 }],
    [`bytes=${'9'.repeat(400)}-`, 'unsatisfiable'],
  ]
  for (const [header, expected] of cases) assert.deepEqual(readRange(header, 100), expected, header)
})

test('what is no single range means all of it', () => {
  for (const header of [
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,4-5',
    'lines=1-2',
    'bytes=a-b',
  ])
    assert.equal(readRange(header, 100), undefined, header)
})

test('nothing of an empty file can be asked for', () => {
  assert.equal(readRange('bytes=0-', 0), 'unsatisfiable')
  assert.equal(readRange('bytes=-5', 0), 'unsatisfiable')
})
