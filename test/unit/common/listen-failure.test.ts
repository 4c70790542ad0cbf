import assert from 'node:assert/strict'
import { test } from 'node:test'
import { whyNotListening } from '../../../src/common/listen-failure.ts'

test('what people can do something about is said in words, anything else as the system has it', () => {
  const failure = (code: string): Error => Object.assign(new Error('listen failed'), { code })
  assert.equal(whyNotListening(failure('EADDRINUSE')), 'in use by another program')
  assert.equal(whyNotListening(failure('EADDRNOTAVAIL')), 'not an address of this machine')
  assert.match(whyNotListening(failure('EACCES')), /^not allowed/)
  assert.equal(whyNotListening(new Error('odd')), 'odd')
})
