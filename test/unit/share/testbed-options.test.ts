import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkTestbedOptions, TESTBED_LIMITS } from '../../../src/share/testbed-options.ts'
import type { TestbedOptions } from '../../../src/share/testbed-options.ts'

function refuses(options: TestbedOptions, message: RegExp): void {
  assert.throws(() => checkTestbedOptions(options), { code: 'USAGE', message })
}

test('nothing has to be given', () => {
  const { sizeBytes, fileCount, randomSeed, peerCount, paths } = checkTestbedOptions({})
  assert.deepEqual(
    { sizeBytes, fileCount, randomSeed, peerCount, paths },
    { sizeBytes: 10_485_760, fileCount: 1, randomSeed: 1, peerCount: 1, paths: [] },
  )
})

test('every number has bounds, and they are allowed', () => {
  for (const [key, [min, max]] of Object.entries(TESTBED_LIMITS)) {
    for (const value of [min - 1, max * 2, min + 0.5, NaN, Infinity]) {
      refuses(
        { [key]: value },
        new RegExp(`^${key} is ${value}, and must be a whole number from ${min} to ${max}$`),
      )
    }
    assert.doesNotThrow(() => checkTestbedOptions({ sizeBytes: 2 ** 40, [key]: min }), key)
    if (key !== 'fileCount') assert.doesNotThrow(() => checkTestbedOptions({ [key]: max }), key)
  }
})

test('what makes no sense is refused', () => {
  refuses({ paths: ['a'], sizeBytes: 10 }, /paths were given: sizeBytes is for data that is made up/)
  refuses({ paths: [''] }, /an empty path/)
  refuses({ pieceBytes: 50_000 }, /no power of two/)
  refuses({ sizeBytes: 2, fileCount: 3 }, /3 files need a size of at least as many bytes/)
  for (const name of ['', '.', '..', 'a/b', 'a\0b']) refuses({ name }, /is no name for a torrent/)
  refuses({ name: 'x'.repeat(300) }, /a name of more than \d+ bytes/)
})
