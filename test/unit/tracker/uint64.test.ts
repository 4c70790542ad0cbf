import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  loadBignum,
  uint64,
  uint64WithBigInt,
  uint64WithBignum,
  type BignumPackage,
} from '../../../src/tracker/uint64.ts'

const VALUES = [0, 1, 255, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 5, Number.MAX_SAFE_INTEGER]

/** Stands in where the add-on did not build, with the two calls of it that we use. */
const bignumLike: BignumPackage = Object.assign(
  (value: number) => ({
    toBuffer: () => Buffer.from(BigInt(value).toString(16).padStart(16, '0'), 'hex'),
    toNumber: () => value,
  }),
  {
    fromBuffer: (bytes: Buffer) => ({
      toBuffer: () => bytes,
      toNumber: () => Number(`0x${bytes.toString('hex')}`),
    }),
  },
)

test('bignum and BigInt write the same eight bytes and read the same number', () => {
  const withBignum = uint64WithBignum(loadBignum() ?? bignumLike)
  for (const value of VALUES) {
    const [a, b] = [Buffer.alloc(12, 0xaa), Buffer.alloc(12, 0xaa)]
    withBignum.write(a, 2, value)
    uint64WithBigInt.write(b, 2, value)
    assert.equal(a.toString('hex'), b.toString('hex'), `${value}`)
    assert.equal(withBignum.read(b, 2), value)
    assert.equal(uint64WithBigInt.read(a, 2), value)
  }
})

test('numbers are big endian and touch only their eight bytes', () => {
  const bytes = Buffer.alloc(10, 0xff)
  uint64().write(bytes, 1, 0x0102030405)
  assert.equal(bytes.toString('hex'), 'ff0000000102030405ff')
})

test('the machine has a codec whether or not the add-on is there', () => {
  assert.equal(uint64(), uint64())
  assert.equal(uint64().read(Buffer.from('00000000000001ff', 'hex'), 0), 511)
})
