import assert from 'node:assert/strict'
import { test } from 'node:test'
import { uploadSlots } from '../../../src/swarm/upload-slots.ts'

const KIB = 1024
const rates = (count: number, rate: number): number[] => Array.from({ length: count }, () => rate)

test('eight at first, and while downloading', () => {
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: [], limit: Infinity }), 8)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(8, 1000), limit: Infinity }), 8)
  assert.equal(uploadSlots({ isSeeding: false, ratesTo: rates(8, 1e6), limit: Infinity }), 8)
})

test('a seed serves one more while all take enough, each a little more than the one before', () => {
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(8, 1e6), limit: Infinity }), 9)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(40, 60 * KIB), limit: Infinity }), 31)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(500, 1e9), limit: Infinity }), 100)
})

test('a limit that is used up makes room for no more, a small one for fewer', () => {
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(8, 1e6), limit: 8e6 }), 8)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: rates(8, 1e6), limit: 20e6 }), 9)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: [], limit: 64 * KIB }), 4)
  assert.equal(uploadSlots({ isSeeding: true, ratesTo: [], limit: KIB }), 2)
})
