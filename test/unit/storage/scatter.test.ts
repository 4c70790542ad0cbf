import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstBytes, lengthOf, withoutFirst } from '../../../src/storage/scatter.ts'

const PARTS = ['abc', 'd', '', 'efgh'].map((text) => Buffer.from(text))
const text = (parts: readonly Buffer[]): string => Buffer.concat(parts).toString()

test('several buffers are cut as one would be, wherever the cut falls', () => {
  assert.equal(lengthOf(PARTS), 8)
  for (let count = 0; count <= 8; count++) {
    assert.equal(text(firstBytes(PARTS, count)), 'abcdefgh'.slice(0, count))
    assert.equal(text(withoutFirst(PARTS, count)), 'abcdefgh'.slice(count))
  }
})

test('what is cut off is the same memory', () => {
  const whole = [Buffer.from('abc'), Buffer.from('def')]
  firstBytes(whole, 4)[1]!.fill('x')
  withoutFirst(whole, 4)[0]!.fill('y')
  assert.equal(text(whole), 'abcxyy')
})
