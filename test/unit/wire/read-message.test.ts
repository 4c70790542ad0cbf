import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireHandler } from '../../../src/wire/read-message.ts'
import { readMessage } from '../../../src/wire/read-message.ts'
import { recordCalls } from '../../support/record-calls.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function read(frame: Buffer): string[] {
  const { handler, calls } = recordCalls<WireHandler>()
  readMessage(frame, handler)
  return calls
}

const VECTORS: readonly (readonly [frame: string, call: string])[] = [
  ['00', 'onChoke'],
  ['01', 'onUnchoke'],
  ['02', 'onInterested'],
  ['03', 'onNotInterested'],
  ['04 00000007', 'onHave 7'],
  ['04 ffffffff', 'onHave 4294967295'],
  ['05 80f0', 'onBitfield 80f0'],
  ['05', 'onBitfield '],
  ['06 00000001 00004000 00002000', 'onRequest 1 16384 8192'],
  ['06 80000000 ffffffff 80000000', 'onRequest 2147483648 4294967295 2147483648'],
  ['07 00000001 00004000 ab', 'onBlock 1 16384 ab'],
  ['08 00000001 00004000 00002000', 'onCancel 1 16384 8192'],
  ['09 1ae1', 'onPort 6881'],
  ['0d 00000007', 'onSuggest 7'],
  ['0e', 'onHaveAll'],
  ['0f', 'onHaveNone'],
  ['10 00000001 00004000 00002000', 'onReject 1 16384 8192'],
  ['11 00000007', 'onAllowedFast 7'],
  ['14 00 6465', 'onExtended 0 6465'],
  ['14 03', 'onExtended 3 '],
  ['63', 'onUnknown 99'],
  ['0a 00112233', 'onUnknown 10'],
]

for (const [frame, call] of VECTORS) {
  test(`the frame ${frame} reads as ${call}`, () => {
    assert.deepEqual(read(hex(frame)), [call])
  })
}

test('a block of 16 KiB reads whole, one byte more is refused', () => {
  const frame = Buffer.alloc(9 + 16_384)
  frame.writeUInt8(7)
  assert.equal(read(frame).length, 1)
  assert.throws(() => read(Buffer.concat([frame, Buffer.alloc(1)])), { code: 'WIRE_LENGTH' })
})

const WRONG = [
  '', '0000', '0100', '0200', '0300', '0e00', '0f00', '04', '04000000', '040000000000', '0d000000', '1100',
  '06' + '00'.repeat(11), '06' + '00'.repeat(13), '08' + '00'.repeat(11), '10' + '00'.repeat(13),
  '07' + '00'.repeat(7), '07' + '00'.repeat(8), '0900', '09000000', '14',
] // prettier-ignore

for (const frame of WRONG) {
  test(`the frame "${frame}" has a wrong length and is refused with id and length`, () => {
    const id = frame === '' ? 'none' : String(parseInt(frame.slice(0, 2), 16))
    assert.throws(() => read(hex(frame)), {
      name: 'PeerError',
      code: 'WIRE_LENGTH',
      message: `message of id ${id} with ${frame.length / 2} bytes`,
    })
  })
}
