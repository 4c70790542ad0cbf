/** The bencode package behind our gate. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BencodeError } from '../../../src/bencode/check.ts'
import {
  asBytes,
  asDictionary,
  asInteger,
  asList,
  asText,
  decode,
  encode,
  type BencodeValue,
} from '../../../src/bencode/codec.ts'
import { BugError } from '../../../src/common/errors.ts'

describe('decode', () => {
  test('gives dictionaries, lists, bytes and integers', () => {
    const value = asDictionary(decode(Buffer.from('d4:listli1e3:abce6:numberi-7e4:text2:ée')))
    assert.equal(asInteger(value?.get('number')), -7)
    assert.equal(asText(asList(value?.get('list'))?.[1]), 'abc')
    assert.deepEqual(asBytes(asList(value?.get('list'))?.[1]), Buffer.from('abc'))
    assert.equal(value?.get('missing'), undefined)
  })

  test('readers give undefined for anything else', () => {
    for (const value of [undefined, null, 'text', {}]) {
      assert.deepEqual(
        [asDictionary(value), asList(value), asBytes(value), asText(value), asInteger(value)],
        [undefined, undefined, undefined, undefined, undefined],
      )
    }
    assert.equal(asInteger(decode(Buffer.from('1:1'))), undefined)
    assert.equal(asDictionary(decode(Buffer.from('le'))), undefined)
  })

  test('a key __proto__ is a key like any other or none, never a prototype', () => {
    const value = asDictionary(decode(Buffer.from('d9:__proto__d5:admini1eee')))
    assert.equal(value?.get('admin'), undefined)
    assert.equal(Object.getPrototypeOf(value), Map.prototype)
    assert.equal(({} as Record<string, unknown>)['admin'], undefined)
  })

  test('an integer that a number cannot hold exactly is undefined, not nearly right', () => {
    assert.deepEqual(decode(Buffer.from('li9007199254740993ei9223372036854775807ei5ee')), [
      undefined,
      undefined,
      5,
    ])
  })

  test('bytes that the package alone would loop on or take are refused', () => {
    for (const [text, code] of [
      ['l-3:e', 'BENCODE_STRING_LENGTH'],
      ['i1.5e', 'BENCODE_INTEGER'],
      ['', 'BENCODE_EMPTY'],
      ['i1ejunk', 'BENCODE_TRAILING'],
      ['ld1:ai1e1:ai2eee', 'BENCODE_DUPLICATE_KEY'],
    ] as const) {
      assert.throws(() => decode(Buffer.from(text)), { name: 'BencodeError', code })
    }
  })

  test('the limits are those of the caller', () => {
    assert.throws(() => decode(Buffer.from('llleee'), { maxDepth: 2 }), BencodeError)
    assert.throws(() => decode(Buffer.from('li1ei2ee'), { maxValues: 2 }), BencodeError)
  })

  test('a value with bytes behind it is decoded without them when that is allowed', () => {
    assert.equal(decode(Buffer.from('i7epayload'), { allowTrailing: true }), 7)
  })
})

describe('encode', () => {
  for (const [what, value, expected] of [
    ['numbers', [0, -1, 2 ** 53 - 1], 'li0ei-1ei9007199254740991ee'],
    ['text and bytes', ['é', new Uint8Array([0x61])], 'l2:é1:ae'],
    ['empty values', ['', [], {}, new Map()], 'l0:lededee'],
    ['keys sorted, undefined left out', { b: 1, a: 2, c: undefined }, 'd1:ai2e1:bi1ee'],
    ['keys that look like numbers', { 10: 1, 9: 2 }, 'd2:10i1e1:9i2ee'],
    ['keys sorted by byte, not by UTF-16 unit', { '\u{1f600}': 1, '\uff5e': 2 }, 'd3:～i2e4:😀i1ee'],
    ['keys from a Map', new Map([[Buffer.from('z'), 1]]), 'd1:zi1ee'],
  ] satisfies [string, BencodeValue, string][]) {
    test(what, () => {
      assert.equal(encode(value).toString(), expected)
    })
  }

  test('keys that are no text stay what they are', () => {
    assert.equal(encode(new Map([[Buffer.from('ff00', 'hex'), 1]])).toString('hex'), '64323aff0069316565')
  })

  test('a number that is no safe integer is our bug', () => {
    for (const number of [0.5, NaN, Infinity, 2 ** 53]) assert.throws(() => encode([number]), BugError)
  })
})
