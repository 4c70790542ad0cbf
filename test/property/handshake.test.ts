import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { HandshakeReader, readHandshake, writeHandshake } from '../../src/wire/handshake.ts'
import { PeerError } from '../../src/common/errors.ts'
import { THEIRS, openScripted } from '../support/peer-pair.ts'

const twentyBytes = fc.uint8Array({ minLength: 20, maxLength: 20 }).map((bytes) => Buffer.from(bytes))
const handshake = fc.record(
  {
    infoHash: twentyBytes,
    peerId: twentyBytes,
    hasFast: fc.boolean(),
    hasExtensions: fc.boolean(),
    hasDht: fc.boolean(),
  },
  { noNullPrototype: true },
)

test('any handshake reads as it was written', () => {
  const property = fc.property(handshake, (written) => {
    assert.deepEqual(readHandshake(writeHandshake(written)), written)
  })
  fc.assert(property, { numRuns: 200 })
})

test('any bytes are a handshake or WIRE_HANDSHAKE', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)),
    fc.tuple(handshake, fc.nat(67), fc.nat(255)).map(([written, at, byte]) => {
      const mutated = writeHandshake(written)
      mutated.writeUInt8(byte, at)
      return mutated
    }),
  )
  const property = fc.property(bytes, (candidate) => {
    for (const read of [readHandshake, (chunk: Buffer) => new HandshakeReader().push(chunk)]) {
      try {
        read(candidate)
      } catch (error) {
        assert.ok(error instanceof PeerError && error.code === 'WIRE_HANDSHAKE', String(error))
      }
    }
  })
  fc.assert(property, { numRuns: 500 })
})

/** Bytes that look like messages often enough to get past the codec. */
const messages = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(fc.nat(22), fc.uint8Array({ maxLength: 16 })).map(([id, payload]) => {
      return Buffer.from([0, 0, 0, 1 + payload.length, id, ...payload])
    }),
  ),
  { maxLength: 20 },
)

test('whatever a peer says after its handshake, the connection stays open or closes with a reason, once', async () => {
  const property = fc.asyncProperty(messages, async (chunks) => {
    const peer = await openScripted({ pieceCount: 100 }, THEIRS)
    await peer.say(...chunks.map((chunk) => chunk.toString('hex')))
    const closes = peer.calls.filter((call) => call.startsWith('onClosed'))
    assert.equal(closes.length, peer.connection.phase === 'closed' ? 1 : 0)
    assert.deepEqual(peer.failures, [])
    assert.deepEqual(peer.logged, [])
    if (closes.length > 0) {
      assert.ok(peer.reason instanceof PeerError)
      assert.notEqual(peer.reason.code, 'PEER_BUG')
      assert.equal(peer.calls.at(-1), closes[0])
    }
  })
  await fc.assert(property, { numRuns: 200 })
})
