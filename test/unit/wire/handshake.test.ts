import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Handshake } from '../../../src/wire/handshake.ts'
import { PeerError } from '../../../src/common/errors.ts'
import { HandshakeReader, readHandshake, writeHandshake } from '../../../src/wire/handshake.ts'

const HANDSHAKE: Handshake = {
  infoHash: Buffer.alloc(20, 0xaa),
  peerId: Buffer.from('-TD0100-abcdefghijkl'),
  hasFast: true,
  hasExtensions: true,
  hasDht: false,
}

const HEX =
  '13426974546f7272656e742070726f746f636f6c' +
  '0000000000100004' +
  'aa'.repeat(20) +
  '2d5444303130302d6162636465666768696a6b6c'

test('the 68 bytes are those of BEP 3 with the bits of BEP 6 and 10', () => {
  assert.equal(writeHandshake(HANDSHAKE).toString('hex'), HEX)
  assert.deepEqual(readHandshake(Buffer.from(HEX, 'hex')), HANDSHAKE)
})

for (const [name, byte, mask] of [
  ['hasExtensions', 25, 0x10],
  ['hasFast', 27, 0x04],
  ['hasDht', 27, 0x01],
] as const) {
  test(`${name} is bit ${mask} of byte ${byte}, whatever the other reserved bits say`, () => {
    const none = writeHandshake({ ...HANDSHAKE, hasFast: false, hasExtensions: false, hasDht: false })
    assert.ok(none.subarray(20, 28).every((reserved) => reserved === 0))
    none.writeUInt8(mask, byte)
    assert.equal(readHandshake(none)[name], true)
    none.fill(0xff, 20, 28)
    none.writeUInt8(0xff - mask, byte)
    assert.equal(readHandshake(none)[name], false)
  })
}

test('what was read does not change when the bytes do', () => {
  const bytes = writeHandshake(HANDSHAKE)
  const read = readHandshake(bytes)
  bytes.fill(0)
  assert.deepEqual(read, HANDSHAKE)
})

for (const wrong of [
  '00',
  'ff',
  '13426974546f7272656e742070726f746f636f6d',
  '474554202f20485454502f312e31',
]) {
  test(`bytes that start with ${wrong} are no handshake`, () => {
    const bytes = Buffer.from(wrong.padEnd(136, '0'), 'hex')
    const isRefusal = (error: unknown): boolean =>
      error instanceof PeerError && error.code === 'WIRE_HANDSHAKE'
    assert.throws(() => readHandshake(bytes), isRefusal)
    assert.throws(() => new HandshakeReader().push(Buffer.from(wrong, 'hex')), isRefusal)
  })
}

test('67 or 69 bytes are no handshake', () => {
  assert.throws(() => readHandshake(Buffer.from(HEX, 'hex').subarray(1)), { code: 'WIRE_HANDSHAKE' })
  assert.throws(() => readHandshake(Buffer.from(`${HEX}00`, 'hex')), { code: 'WIRE_HANDSHAKE' })
})

test('the reader takes exactly its 68 bytes, wherever they are cut', () => {
  const stream = Buffer.concat([writeHandshake(HANDSHAKE), Buffer.from('0000000101', 'hex')])
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new HandshakeReader()
    const head = Buffer.from(stream.subarray(0, cut))
    const first = reader.push(head)
    head.fill(0)
    const second = reader.push(stream.subarray(cut))
    assert.equal(first + second, 68, `cut at ${cut}`)
    assert.deepEqual(reader.result(), HANDSHAKE)
  }
})

test('the reader has no result before the last byte', () => {
  const reader = new HandshakeReader()
  const bytes = writeHandshake(HANDSHAKE)
  for (let at = 0; at < 68; at++) {
    assert.equal(reader.result(), undefined)
    reader.push(bytes.subarray(at, at + 1))
  }
  assert.deepEqual(reader.result(), HANDSHAKE)
})
