/** Bencode: whatever the bytes, a view or a BencodeError; what is accepted reads the same twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BencodeError, checkBencode } from '../../src/bencode/check.ts'
import { decode, encode, type BencodeValue } from '../../src/bencode/codec.ts'
import type { BencodeView } from '../../src/bencode/view.ts'
import { encodeRaw } from '../support/bencode-raw.ts'

/** Random bencode whose keys and strings are text, in the package's own terms. */
const { value: bencodeValue } = fc.letrec<{
  value: BencodeValue
  list: BencodeValue[]
  dictionary: BencodeValue
}>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.maxSafeInteger(),
    fc.string({ unit: 'grapheme', maxLength: 8 }),
    tie('list'),
    tie('dictionary'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }),
  dictionary: fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 4 }),
}))

/** Sound bencode with a few bytes changed, left out or doubled: much of it nearly right. */
const mutated = fc
  .tuple(bencodeValue, fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.nat(2)), { maxLength: 3 }))
  .map(([value, changes]) => changes.reduce(mutate, encode(value)))

function mutate(bytes: Buffer, [position, byte, kind]: [number, number, number]): Buffer {
  const at = position % Math.max(1, bytes.length)
  const middle = [[byte], [], [byte, byte]][kind]!
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(middle), bytes.subarray(at + 1)])
}

/** Reads everything there is to read, and puts it together again. */
function rebuild(view: BencodeView): Buffer {
  if (view.kind === 'list') return encodeParts('l', [...view.items()].map(rebuild))
  if (view.kind === 'dictionary') {
    return encodeParts(
      'd',
      [...view.entries()].flatMap(({ key, value }) => [encodeRaw(key), rebuild(value)]),
    )
  }
  const bytes = view.asBytes()
  if (bytes !== undefined) return encodeRaw(bytes)
  const integer = view.asInteger()
  return integer === undefined ? view.raw : encodeRaw(integer)
}

function encodeParts(marker: string, parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(marker), ...parts, Buffer.from('e')])
}

function assertViewOrError(bytes: Uint8Array): void {
  let view: BencodeView
  try {
    view = checkBencode(bytes, { allowTrailing: true })
  } catch (error) {
    assert.ok(error instanceof BencodeError, String(error))
    return
  }
  assert.deepEqual(rebuild(view), view.raw, 'reading in place gives back the very bytes')
}

test('any bytes give a view of exactly those bytes, or a BencodeError', () => {
  const likely = fc.constantFrom(...Buffer.from('dlie0123456789:-'))
  const bytes = fc.array(fc.oneof({ weight: 9, arbitrary: likely }, fc.nat(255)), { maxLength: 60 })
  fc.assert(
    fc.property(bytes, (array) => {
      assertViewOrError(Buffer.from(array))
    }),
    { numRuns: 3000 },
  )
})

test('nearly sound bytes give a view of exactly those bytes, or a BencodeError', () => {
  fc.assert(fc.property(mutated, assertViewOrError), { numRuns: 1500 })
})

test('what decode makes of sound bytes encodes to the same bytes', () => {
  fc.assert(
    fc.property(bencodeValue, (value) => {
      const bytes = encode(value)
      assert.deepEqual(encode(decode(bytes) as BencodeValue), bytes)
    }),
    { numRuns: 500 },
  )
})

test('any bytes decode to a value or give a BencodeError', () => {
  fc.assert(
    fc.property(mutated, (bytes) => {
      try {
        decode(bytes, { maxDepth: 8, maxValues: 1000 })
      } catch (error) {
        assert.ok(error instanceof BencodeError, String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('limits hold however the bytes are made', () => {
  fc.assert(
    fc.property(mutated, fc.nat(5), fc.nat(20), (bytes, maxDepth, maxValues) => {
      try {
        const view = checkBencode(bytes, { maxDepth, maxValues, allowTrailing: true })
        assert.ok(measure(view).depth <= maxDepth && measure(view).values <= maxValues)
      } catch (error) {
        assert.ok(error instanceof BencodeError, String(error))
      }
    }),
    { numRuns: 500 },
  )
})

function measure(view: BencodeView): { depth: number; values: number } {
  const children = [...view.items(), ...[...view.entries()].map(({ value }) => value)].map(measure)
  const keys = [...view.entries()].length
  const isContainer = view.kind === 'list' || view.kind === 'dictionary'
  return {
    depth: Math.max(0, ...children.map(({ depth }) => depth)) + (isContainer ? 1 : 0),
    values: children.reduce((sum, { values }) => sum + values, 1 + keys),
  }
}
