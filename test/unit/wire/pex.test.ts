import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodePex, encodePex, MAX_PEX_CONTACTS, PexFlag } from '../../../src/wire/pex.ts'
import type { PexMessage } from '../../../src/wire/pex.ts'

const decode = (text: string): PexMessage => decodePex(Buffer.from(text, 'latin1'))

test('what is added and dropped, of both families, comes back as it was said', () => {
  const message = {
    added: [
      { endpoint: { host: '10.0.0.1', port: 6881 }, flags: PexFlag.uploadOnly },
      { endpoint: { host: '2001:db8::7', port: 6882 }, flags: PexFlag.isReachable },
    ],
    dropped: [
      { host: '10.0.0.2', port: 1025 },
      { host: '2001:db8::8', port: 65_535 },
    ],
  }
  assert.deepEqual(decodePex(encodePex(message)), message)
})

test('the bytes are those of BEP 11', () => {
  const bytes = encodePex({
    added: [{ endpoint: { host: '1.2.3.4', port: 0x1a2b }, flags: 0x12 }],
    dropped: [{ host: '5.6.7.8', port: 0x1a2c }],
  })
  assert.equal(
    bytes.toString('latin1'),
    'd5:added6:\x01\x02\x03\x04\x1a\x2b7:added.f1:\x126:added60:8:added6.f0:7:dropped6:\x05\x06\x07\x08\x1a\x2c8:dropped60:e',
  )
})

for (const [name, text] of [
  ['no fields', 'de'],
  ['fields of another kind', 'd5:addedi1e7:droppedlee'],
  ['half a contact', 'd5:added5:\x01\x02\x03\x04\x1ae'],
  ['port 0', 'd5:added6:\x01\x02\x03\x04\0\0e'],
  ['unknown keys', 'd3:fool1:aee'],
] as const) {
  test(`${name}: nothing is named`, () => {
    assert.deepEqual(decode(text), { added: [], dropped: [] })
  })
}

test('flags go by position, whatever becomes of a contact, and are 0 where they are missing', () => {
  const three = '\x01\x01\x01\x01\0\0' + '\x02\x02\x02\x02\x1a\x2b' + '\x03\x03\x03\x03\x1a\x2b'
  const flagsOf = (flags: string): number[] =>
    decode(`d5:added18:${three}7:added.f${flags.length}:${flags}e`).added.map((one) => one.flags)
  assert.deepEqual(flagsOf('\x01\x02\x10'), [2, 16])
  assert.deepEqual(flagsOf('\x01\x02'), [2, 0])
  assert.deepEqual(flagsOf('\x01\x02\x10\x10\x10'), [2, 16])
})

test('of a long list the front is read', () => {
  const list = Array.from(
    { length: 1_000 },
    (_, i) => `\x50\x00${String.fromCharCode(i >> 8, i & 255)}\x1a\x2b`,
  ).join('')
  const { added, dropped } = decode(`d5:added${list.length}:${list}7:dropped${list.length}:${list}e`)
  assert.equal(added.length, MAX_PEX_CONTACTS)
  assert.equal(dropped.length, MAX_PEX_CONTACTS)
  assert.equal(added[49]?.endpoint.host, '80.0.0.49')
})

for (const [name, bytes] of [
  ['no bencode', Buffer.from('spam')],
  ['no dictionary', Buffer.from('le')],
  ['a key twice', Buffer.from('d5:added0:5:added0:e')],
  ['deep lists', Buffer.from(`d1:a${'l'.repeat(99)}${'e'.repeat(99)}e`)],
  ['nothing', Buffer.alloc(0)],
  ['70 kB', Buffer.from(`d5:added70000:${'a'.repeat(70_000)}e`)],
] as const) {
  test(`${name} is an error`, () => {
    assert.throws(() => decodePex(bytes), { code: 'WIRE_PEX' })
  })
}
