/** Reading checked bencode in place. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BencodeError, checkBencode } from '../../../src/bencode/check.ts'
import type { BencodeView } from '../../../src/bencode/view.ts'

function view(text: string): BencodeView {
  return checkBencode(Buffer.from(text, 'latin1'))
}

test('each value knows its kind, its span and nothing else', () => {
  const [integer, string, list, dictionary] = [...view('li-7e3:abcli1eed1:a0:ee').items()]
  assert.deepEqual(
    [integer, string, list, dictionary].map((value) => [value?.kind, value?.raw.toString()]),
    [
      ['integer', 'i-7e'],
      ['string', '3:abc'],
      ['list', 'li1ee'],
      ['dictionary', 'd1:a0:e'],
    ],
  )
  assert.equal(integer?.asInteger(), -7)
  assert.equal(integer.asBytes(), undefined)
  assert.equal(string?.asText(), 'abc')
  assert.equal(string.asInteger(), undefined)
  assert.equal(list?.asBytes(), undefined)
  assert.equal(list?.fields(), undefined)
  assert.deepEqual([...string.items(), ...string.entries()], [])
})

test('an integer that a number cannot hold exactly is not handed out', () => {
  assert.equal(view('i9007199254740991e').asInteger(), 9007199254740991)
  assert.equal(view('i9007199254740992e').asInteger(), undefined)
  assert.equal(view('i9007199254740993e').asInteger(), undefined)
  assert.equal(view('i-9007199254740992e').asInteger(), undefined)
})

test('keys are bytes, in the order of the file, equal ones included', () => {
  const entries = [...view('d2:\xff\x00i1e1:ai2e1:ai3ee').entries()]
  assert.deepEqual(
    entries.map(({ key, value }) => [key.toString('hex'), value.asInteger()]),
    [
      ['ff00', 1],
      ['61', 2],
      ['61', 3],
    ],
  )
})

test('fields are found by name, whatever the name', () => {
  const fields = view('d9:__proto__i1e8:toStringi2e2:\xc3\xa9i3ee').fields()
  assert.equal(fields?.get('__proto__')?.asInteger(), 1)
  assert.equal(fields.get('toString')?.asInteger(), 2)
  assert.equal(fields.get('Ã©')?.asInteger(), 3)
  assert.equal(fields.get('valueOf'), undefined)
})

test('fields refuse a key that is there twice, next to each other or not', () => {
  for (const text of ['d1:ai1e1:ai2ee', 'd1:ai1e1:bi2e1:ai3ee']) {
    assert.throws(
      () => view(text).fields(),
      (error) =>
        error instanceof BencodeError &&
        error.code === 'BENCODE_DUPLICATE_KEY' &&
        error.message.includes('"a"'),
    )
  }
})

test('what a value is can be said in a few words', () => {
  assert.deepEqual(
    ['i-5e', '3:abc', 'le', 'de'].map((text) => view(text).describe()),
    ['-5', 'a string of 3 bytes', 'a list', 'a dictionary'],
  )
})
