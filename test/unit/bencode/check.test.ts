/** The gate for bencode from strangers: what it lets through, what it refuses, and how it says so. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BencodeError, checkBencode, type BencodeLimits } from '../../../src/bencode/check.ts'

function refusal(text: string, limits?: BencodeLimits): { code: string; message: string } {
  try {
    checkBencode(Buffer.from(text, 'latin1'), limits)
  } catch (error) {
    assert.ok(error instanceof BencodeError, String(error))
    return error
  }
  return assert.fail(`accepted: ${text}`)
}

describe('what is refused', () => {
  for (const [text, code] of [
    ['', 'BENCODE_EMPTY'],
    ['e', 'BENCODE_SYNTAX'],
    ['x', 'BENCODE_SYNTAX'],
    [' i1e', 'BENCODE_SYNTAX'],
    ['i1', 'BENCODE_TRUNCATED'],
    ['i', 'BENCODE_TRUNCATED'],
    ['i-', 'BENCODE_TRUNCATED'],
    ['i-e', 'BENCODE_INTEGER'],
    ['i--1e', 'BENCODE_INTEGER'],
    ['i-01e', 'BENCODE_INTEGER'],
    ['i00e', 'BENCODE_INTEGER'],
    ['i1 e', 'BENCODE_INTEGER'],
    ['i9223372036854775808e', 'BENCODE_INTEGER_RANGE'],
    ['i-9223372036854775808e', 'BENCODE_INTEGER_RANGE'],
    ['3:ab', 'BENCODE_TRUNCATED'],
    ['3', 'BENCODE_TRUNCATED'],
    ['00:', 'BENCODE_STRING_LENGTH'],
    ['1x', 'BENCODE_STRING_LENGTH'],
    ['99999999999:', 'BENCODE_STRING_LENGTH'],
    ['l', 'BENCODE_TRUNCATED'],
    ['li1e', 'BENCODE_TRUNCATED'],
    ['d', 'BENCODE_TRUNCATED'],
    ['d1:a', 'BENCODE_TRUNCATED'],
    ['d1:ae', 'BENCODE_KEY'],
    ['dlei1ee', 'BENCODE_KEY'],
    ['ddei1ee', 'BENCODE_KEY'],
    ['lee', 'BENCODE_TRAILING'],
    ['i1e\n', 'BENCODE_TRAILING'],
  ] as const) {
    test(`${JSON.stringify(text)}: ${code}`, () => {
      assert.equal(refusal(text).code, code)
    })
  }
})

describe('what is accepted', () => {
  for (const text of [
    'i0e',
    'i-1e',
    'i9223372036854775807e',
    'i-9223372036854775807e',
    '0:',
    '1::',
    'le',
    'de',
    'lli1ee0:e',
    'd1:bi1e1:ai2ee',
    'd1:ai1e1:ai2ee',
    'd0:0:e',
  ]) {
    test(text, () => {
      assert.equal(checkBencode(Buffer.from(text)).raw.toString(), text)
    })
  }
})

test('a message names the field and the byte', () => {
  const { message } = refusal('d4:infod5:filesld6:lengthi-0eeeee')
  assert.equal(message, 'info.files.length: "i-0e" is not an integer (byte 25)')
})

test('a message stays short whatever the keys are', () => {
  const key = `5000:${'k'.repeat(5000)}`
  assert.ok(refusal(`${`d${key}`.repeat(20)}x`).message.length < 400)
})

test('depth is counted from the outermost list', () => {
  checkBencode(Buffer.from('lllleeee'), { maxDepth: 4 })
  assert.equal(refusal('lllleeee', { maxDepth: 3 }).code, 'BENCODE_TOO_DEEP')
})

test('values are counted with containers and keys', () => {
  checkBencode(Buffer.from('d1:ali1ei2eee'), { maxValues: 5 })
  assert.equal(refusal('d1:ali1ei2eee', { maxValues: 4 }).code, 'BENCODE_TOO_MANY_VALUES')
})

test('half a million open lists end at the limit, not on the stack', () => {
  assert.equal(refusal('l'.repeat(500_000)).code, 'BENCODE_TOO_DEEP')
})

test('where bytes may follow, the view tells where the value ended', () => {
  const view = checkBencode(Buffer.from('d8:msg_typei1eerest of it'), { allowTrailing: true })
  assert.equal(view.end, 15)
  assert.equal(view.raw.toString(), 'd8:msg_typei1ee')
})

test('a Uint8Array that is part of a larger buffer is read in its own bounds', () => {
  const whole = new Uint8Array(Buffer.from('xxi12exx'))
  assert.equal(checkBencode(whole.subarray(2, 6)).asInteger(), 12)
})
