import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  formatEndpoint,
  readCompactList,
  readCompactV4,
  readCompactV6,
  writeCompact,
} from '../../../src/common/endpoint.ts'

test('an IPv4 endpoint is six bytes', () => {
  const bytes = Buffer.from('0a000007 1ae1'.replaceAll(' ', ''), 'hex')
  assert.deepEqual(readCompactV4(bytes, 0), { host: '10.0.0.7', port: 6881 })
  assert.deepEqual(writeCompact({ host: '10.0.0.7', port: 6881 }), bytes)
})

test('an IPv6 endpoint is eighteen bytes and its text is the short form', () => {
  const bytes = Buffer.from('20010db8000000000000000000000001 1ae1'.replaceAll(' ', ''), 'hex')
  assert.deepEqual(readCompactV6(bytes, 0), { host: '2001:db8::1', port: 6881 })
  assert.deepEqual(writeCompact({ host: '2001:db8::1', port: 6881 }), bytes)
  assert.equal(formatEndpoint({ host: '2001:db8::1', port: 6881 }), '[2001:db8::1]:6881')
})

test('an IPv4 address inside IPv6 comes back as IPv4', () => {
  const bytes = Buffer.from('00000000000000000000ffff0a000007 1ae1'.replaceAll(' ', ''), 'hex')
  assert.deepEqual(readCompactV6(bytes, 0), { host: '10.0.0.7', port: 6881 })
})

test('a list drops port 0 and a cut last entry', () => {
  const bytes = Buffer.from('0a0000071ae1 0a0000080000 0a0000'.replaceAll(' ', ''), 'hex')
  assert.deepEqual(readCompactList(bytes, 6), [{ host: '10.0.0.7', port: 6881 }])
})

test('any 18 bytes make an address that Node accepts and that writes the same bytes again', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 18, maxLength: 18 }), (array) => {
      const bytes = Buffer.from(array)
      const endpoint = readCompactV6(bytes, 0)
      assert.notEqual(isIP(endpoint.host), 0)
      const written = writeCompact(endpoint)
      assert.deepEqual(written, endpoint.host.includes(':') ? bytes : bytes.subarray(12))
    }),
  )
})
