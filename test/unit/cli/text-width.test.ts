import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  clustersOf,
  displayWidth,
  padEndCells,
  steadyText,
  truncateEnd,
  truncateMiddle,
  wrapWords,
} from '../../../src/cli/text-width.ts'

test('cells: wide characters take two, combining ones none', () => {
  const cases: [string, number][] = [
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['数据集-b', 8],
    ['한국어', 6],
    ['カタカナ', 8],
    ['🎉', 2],
    ['→…━', 3],
    ['🇯🇵🇫🇷', 4],
  ]
  for (const [text, cells] of cases) assert.equal(displayWidth(text), cells, text)
})

test('a long name is cut in the middle and keeps its extension', () => {
  assert.equal(truncateMiddle('a-very-long-name-of-something.tar.gz', 20, '…'), 'a-very-lon…ng.tar.gz')
  assert.equal(truncateMiddle('数据集数据集数据集.iso', 12, '…'), '数据集….iso')
  assert.equal(truncateMiddle('short.iso', 20, '…'), 'short.iso')
})

test('a text is cut at the end with a mark', () => {
  assert.equal(truncateEnd('3 peers, all choking', 10, '…'), '3 peers, …')
  assert.equal(truncateEnd('abc', 1, '…'), '…')
  assert.equal(truncateEnd('abc', 0, '…'), '')
})

test('whatever is cut or padded fits its cells, and no character is torn', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '.', 'é', '数', '🎉', 'e\u0301'), maxLength: 60 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 0, max: 50 }), (text, cells) => {
      for (const cut of [truncateMiddle(text, cells, '…'), truncateEnd(text, cells, '…')]) {
        assert.ok(displayWidth(cut) <= cells)
        assert.ok(!/^\u0301|…\u0301/u.test(cut))
      }
      assert.ok(displayWidth(padEndCells(text, cells)) >= cells)
    }),
    { numRuns: 300 },
  )
})

test('a flag is not torn', () => {
  assert.deepEqual(clustersOf('a🇯🇵🇫🇷'), ['a', '🇯🇵', '🇫🇷'])
})

test('what terminals disagree about is left out: joiners, selectors, skin tones, piles of marks', () => {
  assert.equal(steadyText('👩\u200d👩\u200d👧 ❤\ufe0f 👍\u{1f3fd} e\u0301'), '👩👩👧 ❤ 👍 e\u0301')
  assert.equal(steadyText(`z${'\u0316'.repeat(50)}x`), `z${'\u0316'.repeat(4)}x`)
})

test('a message is broken at spaces; a path stays whole, however long', () => {
  assert.equal(wrapWords('one two three four', 9, 2), 'one two\n  three\n  four')
  assert.equal(wrapWords('see /a/very/long/path now', 10, 2), 'see\n  /a/very/long/path\n  now')
  assert.equal(wrapWords('short', 10, 2), 'short')
  assert.equal(wrapWords('a  b   c and more of it', 12, 2), 'a  b   c and\n  more of it')
})
