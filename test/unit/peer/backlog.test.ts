import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream } from '../../../src/net/byte-stream.ts'
import { THEIRS, makePeer } from '../../support/peer-pair.ts'
import { writeHandshake } from '../../../src/wire/handshake.ts'

test('a peer that asks on without reading our answers is closed, and the answers cost no more than their bytes', () => {
  const queued: Buffer[] = []
  const stream: ByteStream = {
    remote: { host: '127.0.0.1', port: 1 },
    get bufferedBytes() {
      return queued.reduce((sum, bytes) => sum + bytes.length, 0)
    },
    write: (bytes) => queued.push(bytes) < 0, // the peer takes nothing: all is queued
    cork: () => undefined,
    uncork: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    close: () => undefined,
  }
  const peer = makePeer({
    handler: {
      onRequest: (piece, offset, length) => {
        peer.connection.reject(piece, offset, length)
      },
    },
  })
  const handler = peer.connection.attach(stream)
  handler.onBytes(writeHandshake(THEIRS))
  const requests = Buffer.from(`0000000d06${'00'.repeat(12)}`.repeat(10_000), 'hex')
  for (let i = 0; i < 60 && peer.connection.phase === 'open'; i++) handler.onBytes(requests)
  assert.equal(peer.reason?.code, 'PEER_NOT_READING')
  assert.ok(queued.length <= 2, `${queued.length} writes queued`)
})
