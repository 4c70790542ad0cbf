import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseDate,
  parseName,
  parsePieceLength,
  parseText,
  parseWebSeed,
  sourceDateEpoch,
} from '../../../src/cli/create-options.ts'
import { UsageError } from '../../../src/common/errors.ts'

function refuses(parse: (text: string) => unknown, texts: readonly string[]): void {
  for (const text of texts) assert.throws(() => parse(text), UsageError, JSON.stringify(text))
}

test('a piece length is a power of two from 1 KiB to 512 MiB', () => {
  assert.deepEqual(['1K', '16384', '256k', '4MiB', '512M'].map(parsePieceLength), [
    1024,
    16_384,
    262_144,
    2 ** 22,
    2 ** 29,
  ])
  refuses(parsePieceLength, ['0', '512', '3K', '1.5M', '1G', '-1', 'auto', ''])
})

test('a name is one element of a path', () => {
  assert.equal(parseName('.a b:ä'), '.a b:ä')
  refuses(parseName, ['', '.', '..', 'a/b', 'a\0b', 'ä'.repeat(128)])
})

test('texts have a bound', () => {
  assert.equal(parseText('x'.repeat(4096)).length, 4096)
  refuses(parseText, ['', 'x'.repeat(4097)])
})

test('a web seed is an http or https address', () => {
  assert.equal(parseWebSeed('https://a.example/b%20c/'), 'https://a.example/b%20c/')
  refuses(parseWebSeed, [
    '',
    'a',
    'ftp://a/',
    'http://',
    'http:///x',
    'http://a/ b',
    `http://a/${'x'.repeat(2048)}`,
  ])
})

test('a date is a day, a time with its zone, seconds, or now', () => {
  const parse = (text: string): number => parseDate(text, () => 1_999)
  assert.deepEqual(
    ['now', '0', '86400', '1970-01-02', '1970-01-02T01:00:00+01:00', '1970-01-01T00:01Z'].map(parse),
    [1, 0, 86_400, 86_400, 86_400, 60],
  )
  refuses(parse, ['', '-1', '1.5', '1970-01-02T00:00', '1970-13-01', '9999999999999', '1969-12-31', 'today'])
})

test('SOURCE_DATE_EPOCH is a number of seconds, or not set', () => {
  const read = (SOURCE_DATE_EPOCH: string): number | undefined => sourceDateEpoch({ SOURCE_DATE_EPOCH })
  assert.equal(sourceDateEpoch({}), undefined)
  assert.equal(read(''), undefined)
  assert.equal(read('1700000000'), 1_700_000_000)
  refuses(read, ['now', '-1', '1.5', '99999999999999'])
})
