import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { FrameDecoder } from '../../src/wire/frame-decoder.ts'
import { PeerError } from '../../src/common/errors.ts'

/** Pushes chunks through one reused buffer, as the socket does. */
function decodeAll(decoder: FrameDecoder, chunks: readonly Uint8Array[]): string[] {
  const frames: string[] = []
  const shared = Buffer.alloc(Math.max(1, ...chunks.map((chunk) => chunk.length)))
  for (const chunk of chunks) {
    shared.set(chunk)
    decoder.push(shared.subarray(0, chunk.length), (frame) => {
      frames.push(frame.toString('hex'))
    })
    shared.fill(0xdb)
  }
  return frames
}

/** `bytes` cut at the given places. */
function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return places.slice(1).map((to, i) => bytes.subarray(places[i], to))
}

const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 })
const cuts = fc.array(fc.nat(4000), { maxLength: 12 })

test('any frames come out as they went in, however the stream is cut', () => {
  const property = fc.property(payloads, cuts, (frames, places) => {
    const stream = frames.flatMap((frame) => {
      const prefix = Buffer.alloc(4)
      prefix.writeUInt32BE(frame.length)
      return [prefix, Buffer.from(frame)]
    })
    const decoder = new FrameDecoder(300)
    const decoded = decodeAll(decoder, cutAt(Buffer.concat(stream), places))
    const expected = frames
      .filter((frame) => frame.length > 0)
      .map((frame) => Buffer.from(frame).toString('hex'))
    assert.deepEqual(decoded, expected)
    assert.equal(decoder.keepAliveCount, frames.length - expected.length)
    assert.equal(decoder.openBytes, 0)
  })
  fc.assert(property, { numRuns: 500 })
})

test('any bytes give frames or WIRE_FRAME_TOO_LARGE, the same however they are cut', () => {
  // Small numbers in front make whole frames likely.
  const bytes = fc.array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 5), fc.nat(255)), { maxLength: 200 })
  const outcome = (chunks: readonly Buffer[]): string => {
    const frames: string[] = []
    const decoder = new FrameDecoder(64)
    try {
      for (const chunk of chunks)
        decoder.push(Buffer.from(chunk), (frame) => frames.push(frame.toString('hex')))
    } catch (error) {
      assert.ok(error instanceof PeerError)
      frames.push(error.code)
    }
    return frames.join(' ')
  }
  const property = fc.property(bytes, cuts, (stream, places) => {
    const whole = Buffer.from(stream)
    assert.equal(outcome(cutAt(whole, places)), outcome([whole]))
  })
  fc.assert(property, { numRuns: 1000 })
})
