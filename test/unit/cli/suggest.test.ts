import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean, suggest } from '../../../src/cli/suggest.ts'

const NAMES = ['output', 'jobs', 'json', 'stall-timeout', 'timeout', 'info', 'completion']

test('a slip leads to the name that was meant: a letter too many, too few, wrong, or two swapped', () => {
  const slips: Readonly<Record<string, string>> = {
    jobbs: 'jobs',
    ouput: 'output',
    outpet: 'output',
    outptu: 'output',
    inof: 'info',
    'stall-timeuot': 'stall-timeout',
    complete: 'completion',
  }
  for (const [slip, meant] of Object.entries(slips)) assert.equal(suggest(slip, NAMES), meant, slip)
})

test('the name itself is nearest to itself, and another word is near to none', () => {
  assert.equal(suggest('timeout', NAMES), 'timeout')
  for (const word of ['', 'x', 'seed', 'linux', 'kubernetes-port', 'a'.repeat(10_000)]) {
    assert.equal(suggest(word, NAMES), undefined, word)
  }
})

test('didYouMean is the end of a sentence', () => {
  assert.equal(didYouMean('jbos', NAMES), ' (did you mean jobs?)')
  assert.equal(didYouMean('nothing', NAMES), '')
})
