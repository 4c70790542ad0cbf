import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import type { WireHandler } from '../../src/wire/read-message.ts'
import { FrameDecoder } from '../../src/wire/frame-decoder.ts'
import { OutgoingBuffer } from '../../src/wire/outgoing-buffer.ts'
import { PeerError } from '../../src/common/errors.ts'
import { decodeExtensionHandshake, encodeExtensionHandshake } from '../../src/wire/extensions.ts'
import { readMessage } from '../../src/wire/read-message.ts'
import { recordCalls } from '../support/record-calls.ts'
import * as write from '../../src/wire/write-message.ts'

const u32 = fc.integer({ min: 0, max: 0xffffffff })
const range = fc.tuple(u32, u32, u32)
const bytes = fc.uint8Array({ minLength: 1, maxLength: 100 }).map((array) => Buffer.from(array))

interface Spoken {
  /** The call that reading must give. */
  readonly call: string
  readonly say: (out: OutgoingBuffer) => void
}

type RangeWriter = (out: OutgoingBuffer, piece: number, offset: number, length: number) => void
type PieceWriter = (out: OutgoingBuffer, piece: number) => void

const bare = (name: string, writer: (out: OutgoingBuffer) => void): fc.Arbitrary<Spoken> =>
  fc.constant({ call: name, say: writer })
const aboutPiece = (name: string, writer: PieceWriter): fc.Arbitrary<Spoken> =>
  u32.map((piece) => ({
    call: `${name} ${piece}`,
    say: (out: OutgoingBuffer) => {
      writer(out, piece)
    },
  }))
const aboutRange = (name: string, writer: RangeWriter): fc.Arbitrary<Spoken> =>
  range.map(([piece, offset, length]) => ({
    call: `${name} ${piece} ${offset} ${length}`,
    say: (out: OutgoingBuffer) => {
      writer(out, piece, offset, length)
    },
  }))

const spoken: fc.Arbitrary<Spoken> = fc.oneof(
  bare('onChoke', write.writeChoke),
  bare('onUnchoke', write.writeUnchoke),
  bare('onInterested', write.writeInterested),
  bare('onNotInterested', write.writeNotInterested),
  bare('onHaveAll', write.writeHaveAll),
  bare('onHaveNone', write.writeHaveNone),
  aboutPiece('onHave', write.writeHave),
  aboutPiece('onSuggest', write.writeSuggest),
  aboutPiece('onAllowedFast', write.writeAllowedFast),
  aboutRange('onRequest', write.writeRequest),
  aboutRange('onCancel', write.writeCancel),
  aboutRange('onReject', write.writeReject),
  bytes.map((bits) => ({ call: `onBitfield ${bits.toString('hex')}`, say: (out: OutgoingBuffer) => { write.writeBitfield(out, bits) } })),
  fc.tuple(u32, u32, bytes).map(([piece, offset, data]) => ({
    call: `onBlock ${piece} ${offset} ${data.toString('hex')}`,
    say: (out: OutgoingBuffer) => {
      write.writeBlockHeader(out, piece, offset, data.length)
      out.raw(data)
    },
  })),
  fc.tuple(fc.nat(255), bytes).map(([id, payload]) => ({
    call: `onExtended ${id} ${payload.toString('hex')}`,
    say: (out: OutgoingBuffer) => { write.writeExtended(out, id, payload) },
  })),
  fc.nat(65_535).map((port) => ({ call: `onPort ${port}`, say: (out: OutgoingBuffer) => { write.writePort(out, port) } })),
) // prettier-ignore

test('any messages read as they were written', () => {
  const out = new OutgoingBuffer()
  const property = fc.property(
    fc.array(spoken, { maxLength: 30 }),
    fc.integer({ min: 1, max: 50 }),
    (all, chunkBytes) => {
      out.clear()
      for (const { say } of all) say(out)
      const { handler, calls } = recordCalls<WireHandler>()
      const decoder = new FrameDecoder(1024)
      for (let at = 0; at < out.length; at += chunkBytes) {
        decoder.push(Buffer.from(out.view(at, Math.min(out.length, at + chunkBytes))), (frame) => {
          readMessage(frame, handler)
        })
      }
      assert.deepEqual(
        calls,
        all.map(({ call }) => call),
      )
    },
  )
  fc.assert(property, { numRuns: 300 })
})

test('any frame gives one call or WIRE_LENGTH, nothing else', () => {
  const frame = fc.tuple(fc.nat(25), fc.uint8Array({ maxLength: 20 }))
  const property = fc.property(frame, ([id, payload]) => {
    const { handler, calls } = recordCalls<WireHandler>()
    try {
      readMessage(Buffer.from([id, ...payload]), handler)
      assert.equal(calls.length, 1)
    } catch (error) {
      assert.ok(error instanceof PeerError && error.code === 'WIRE_LENGTH', String(error))
      assert.equal(calls.length, 0)
    }
  })
  fc.assert(property, { numRuns: 2000 })
})

const optional = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined })

test('any extension handshake reads as it was written', () => {
  const name = fc.string({ minLength: 1, maxLength: 16 })
  const handshake = fc.record({
    m: fc.dictionary(name, fc.nat(255), { maxKeys: 10 }).map((ids) => new Map(Object.entries(ids))),
    clientName: optional(fc.string({ maxLength: 64 })),
    requestQueueLimit: optional(fc.integer({ min: 1, max: 100_000 })),
    listenPort: optional(fc.integer({ min: 1, max: 65_535 })),
    metadataSize: optional(fc.integer({ min: 1, max: 30 * 1024 * 1024 })),
    uploadOnly: optional(fc.constant(true)),
    prefersEncryption: fc.constant(undefined), // never written: it is theirs to say
  })
  const property = fc.property(handshake, (written) => {
    const read = decodeExtensionHandshake(encodeExtensionHandshake(written))
    assert.deepEqual(
      { ...read, m: Object.fromEntries(read.m) },
      { ...written, m: Object.fromEntries(written.m) },
    )
  })
  fc.assert(property, { numRuns: 300 })
})

test('any payload is an extension handshake or a PeerError', () => {
  const sane = Buffer.from(
    'd1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei1000e1:pi6881e4:reqqi250e1:v3:abce',
  )
  const mutated = fc
    .array(fc.tuple(fc.nat(sane.length - 1), fc.nat(255)), { maxLength: 6 })
    .map((changes) => {
      const copy = Buffer.from(sane)
      for (const [at, byte] of changes) copy.writeUInt8(byte, at)
      return copy
    })
  const alphabet = fc.array(fc.constantFrom(...Buffer.from('dlie0123456789:-mpv')), { maxLength: 40 })
  const payload = fc.oneof(
    mutated,
    alphabet.map((codes) => Buffer.from(codes)),
    bytes,
  )
  const property = fc.property(payload, (candidate) => {
    try {
      const { m, clientName = '' } = decodeExtensionHandshake(candidate)
      assert.ok(Array.from(m.values()).every((id) => id >= 0 && id <= 255))
      assert.ok(!/\p{Cc}/u.test(clientName))
    } catch (error) {
      assert.ok(error instanceof PeerError && error.code === 'WIRE_EXTENSION_HANDSHAKE', String(error))
    }
  })
  fc.assert(property, { numRuns: 2000 })
})
