import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HandshakeLimit } from '../../../src/session/handshake-limit.ts'

test('of one host ten may be silent at a time, and others still get in', () => {
  const limit = new HandshakeLimit()
  for (let i = 0; i < 10; i++) assert.equal(limit.take('80.1.1.1'), true)
  assert.equal(limit.take('80.1.1.1'), false)
  assert.equal(limit.take('80.1.1.2'), true)
  limit.give('80.1.1.1')
  assert.equal(limit.take('80.1.1.1'), true)
})

test('an IPv6 /64 is one host', () => {
  const limit = new HandshakeLimit()
  for (let i = 0; i < 10; i++) assert.equal(limit.take(`2001:db8::${i}`), true)
  assert.equal(limit.take('2001:db8::ffff'), false)
  assert.equal(limit.take('2001:db8:0:1::1'), true)
})

test('where few connections are possible, fewer may be silent', () => {
  const limit = new HandshakeLimit(20)
  for (let i = 0; i < 5; i++) assert.equal(limit.take(`80.1.1.${i}`), true)
  assert.equal(limit.take('80.1.1.5'), false)
})

test('two hundred may be silent in all, however many hosts', () => {
  const limit = new HandshakeLimit()
  for (let i = 0; i < 200; i++) assert.equal(limit.take(`80.1.1.${i}`), true)
  assert.equal(limit.take('80.1.2.1'), false)
  limit.give('80.1.1.1')
  assert.equal(limit.take('80.1.2.1'), true)
})
