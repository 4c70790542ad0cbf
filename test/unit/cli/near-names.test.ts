import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearNames } from '../../../src/cli/near-names.ts'

test('names with a few other letters, in another case or with more round them are near, the nearest first', () => {
  const names = ['README.md', 'readme.txt', 'linux.iso', 'docs']
  assert.deepEqual(nearNames('readme.md', names), ['README.md', 'readme.txt'])
  assert.deepEqual(nearNames('linux', names), ['linux.iso'])
  assert.deepEqual(nearNames('dosc', names), ['docs'])
  assert.deepEqual(nearNames('something else', names), [])
})

test('each name is told once, and many or very long names take no time', () => {
  assert.deepEqual(nearNames('abc', ['abcd', 'abcd', 'abce', 'abcf', 'abcg']), ['abcd', 'abce', 'abcf'])
  const endless = (function* (): Generator<string> {
    for (;;) yield 'x'.repeat(100_000)
  })()
  assert.deepEqual(nearNames('y'.repeat(5_000), endless), [])
})
