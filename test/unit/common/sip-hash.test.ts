import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipHash } from '../../../src/common/sip-hash.ts'

/** Bytes 0, 1, 2, ... as little-endian words. */
function counting(byteCount: number): Uint32Array {
  const bytes = Buffer.from(Array.from({ length: byteCount }, (_, i) => i))
  return Uint32Array.from({ length: byteCount / 4 }, (_, i) => bytes.readUInt32LE(4 * i))
}

test('SipHash-2-4 gives the vectors of its authors', () => {
  const hash = new SipHash(counting(16))
  const vectors: [number, string][] = [
    [0, '310e0edd47db6f72'],
    [8, '6224939a79f5f593'],
    [16, 'db9bc2577fcc2a3f'],
  ]
  for (const [length, expected] of vectors) {
    hash.digest(counting(length))
    const bytes = Buffer.alloc(8)
    bytes.writeUInt32LE(hash.low, 0)
    bytes.writeUInt32LE(hash.high, 4)
    assert.equal(bytes.toString('hex'), expected, `${length} bytes`)
  }
})
