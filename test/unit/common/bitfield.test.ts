import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bitfield } from '../../../src/common/bitfield.ts'

test('bit 0 is the high bit of byte 0, as on the wire', () => {
  const field = new Bitfield(10)
  field.set(0)
  field.set(9)
  assert.equal(field.toBytes().toString('hex'), '8040')
})

test('setting a bit twice counts once', () => {
  const field = new Bitfield(3)
  assert.equal(field.set(1), true)
  assert.equal(field.set(1), false)
  assert.equal(field.count, 1)
  assert.equal(field.clear(1), true)
  assert.equal(field.clear(1), false)
  assert.ok(field.isEmpty)
})

test('wire bytes of the wrong length or with spare bits are refused', () => {
  assert.equal(Bitfield.fromBytes(Buffer.from('ff', 'hex'), 9), undefined)
  assert.equal(Bitfield.fromBytes(Buffer.from('ffff80', 'hex'), 9), undefined)
  assert.equal(Bitfield.fromBytes(Buffer.from('ffc0', 'hex'), 9), undefined)
  assert.equal(Bitfield.fromBytes(Buffer.from('ff80', 'hex'), 9)?.isFull, true)
})

test('filling it sets no spare bit', () => {
  const field = new Bitfield(11)
  field.setAll()
  assert.equal(field.toBytes().toString('hex'), 'ffe0')
  assert.ok(field.isFull)
  assert.equal(field.firstMissing(), undefined)
})

test('a field of no bits is full and empty', () => {
  const field = new Bitfield(0)
  field.setAll()
  assert.ok(field.isFull && field.isEmpty)
  assert.deepEqual([...field.indices()], [])
})

test('it behaves as a set of numbers', () => {
  const operations = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 60 })
  fc.assert(
    fc.property(operations, (steps) => {
      const field = new Bitfield(41)
      const model = new Set<number>()
      for (const [isSet, index] of steps) {
        if (isSet) assert.equal(field.set(index), !model.has(index))
        else assert.equal(field.clear(index), model.has(index))
        if (isSet) model.add(index)
        else model.delete(index)
      }
      const sorted = [...model].sort((a, b) => a - b)
      assert.deepEqual([...field.indices()], sorted)
      assert.equal(field.count, model.size)
      const missing = Array.from({ length: 41 }, (_, index) => index).find((index) => !model.has(index))
      assert.equal(field.firstMissing(), missing)
      assert.deepEqual([...(Bitfield.fromBytes(field.toBytes(), 41)?.indices() ?? [])], sorted)
    }),
    { numRuns: 200 },
  )
})
