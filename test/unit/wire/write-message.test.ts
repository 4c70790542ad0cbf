import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OutgoingBuffer } from '../../../src/wire/outgoing-buffer.ts'
import * as write from '../../../src/wire/write-message.ts'

function written(run: (out: OutgoingBuffer) => void): string {
  const out = new OutgoingBuffer()
  run(out)
  return out.view().toString('hex')
}

const VECTORS: readonly (readonly [name: string, run: (out: OutgoingBuffer) => void, bytes: string])[] = [
  ['keep-alive', (out) => { write.writeKeepAlive(out) }, '00000000'],
  ['choke', (out) => { write.writeChoke(out) }, '00000001 00'],
  ['unchoke', (out) => { write.writeUnchoke(out) }, '00000001 01'],
  ['interested', (out) => { write.writeInterested(out) }, '00000001 02'],
  ['not interested', (out) => { write.writeNotInterested(out) }, '00000001 03'],
  ['have', (out) => { write.writeHave(out, 7) }, '00000005 04 00000007'],
  ['bitfield', (out) => { write.writeBitfield(out, Buffer.of(0x80, 0xf0)) }, '00000003 05 80f0'],
  ['request', (out) => { write.writeRequest(out, 1, 16_384, 8192) }, '0000000d 06 00000001 00004000 00002000'],
  ['block header', (out) => { write.writeBlockHeader(out, 1, 16_384, 2) }, '0000000b 07 00000001 00004000'],
  ['cancel', (out) => { write.writeCancel(out, 1, 16_384, 8192) }, '0000000d 08 00000001 00004000 00002000'],
  ['port', (out) => { write.writePort(out, 6881) }, '00000003 09 1ae1'],
  ['suggest', (out) => { write.writeSuggest(out, 7) }, '00000005 0d 00000007'],
  ['have all', (out) => { write.writeHaveAll(out) }, '00000001 0e'],
  ['have none', (out) => { write.writeHaveNone(out) }, '00000001 0f'],
  ['reject', (out) => { write.writeReject(out, 1, 16_384, 8192) }, '0000000d 10 00000001 00004000 00002000'],
  ['allowed fast', (out) => { write.writeAllowedFast(out, 7) }, '00000005 11 00000007'],
  ['extended', (out) => { write.writeExtended(out, 3, Buffer.from('de')) }, '00000004 14 03 6465'],
] // prettier-ignore

for (const [name, run, bytes] of VECTORS) {
  test(`${name} is written as ${bytes}`, () => {
    assert.equal(written(run), bytes.replaceAll(' ', ''))
  })
}

test('messages follow one another, however far the buffer has to grow', () => {
  const out = new OutgoingBuffer()
  for (let piece = 0; piece < 1000; piece++) write.writeHave(out, piece)
  write.writeBitfield(out, Buffer.alloc(100_000, 0xff))
  assert.equal(out.length, 1000 * 9 + 100_005)
  for (let piece = 0; piece < 1000; piece++) assert.equal(out.view().readUInt32BE(piece * 9 + 5), piece)
  assert.ok(out.view(9005).every((byte) => byte === 0xff))
})

test('a cleared buffer is used again without growing', () => {
  const out = new OutgoingBuffer()
  for (let i = 0; i < 200; i++) write.writeRequest(out, i, 0, 16_384)
  const { capacity } = out
  const memory = out.view().buffer
  for (let round = 0; round < 10; round++) {
    out.clear()
    assert.equal(out.length, 0)
    for (let i = 0; i < 200; i++) write.writeRequest(out, i, 0, 16_384)
  }
  assert.equal(out.capacity, capacity)
  assert.equal(out.view().buffer, memory)
})
