import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlElement } from '../../../src/share/url-element.ts'

test('a shell takes it for one word, whatever the name', () => {
  const everything = Array.from({ length: 0x7f }, (_, code) => String.fromCharCode(code)).join('') + 'ü/日'
  const element = urlElement(everything)
  assert.match(element, /^[\w.~%-]+$/)
  assert.equal(decodeURIComponent(element), everything)
})
