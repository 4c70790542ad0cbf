import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PeerError } from '../../../src/common/errors.ts'
import { FrameDecoder } from '../../../src/wire/frame-decoder.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

function decodeAll(chunks: readonly Buffer[], decoder = new FrameDecoder(1024)): string[] {
  const frames: string[] = []
  for (const chunk of chunks) {
    decoder.push(chunk, (frame) => {
      frames.push(frame.toString('hex'))
    })
  }
  return frames
}

const STREAM = hex('00000001 01  00000000  00000005 04 00000007  0000000b 07 00000001 00004000 abcd')
const FRAMES = ['01', '0400000007', '070000000100004000abcd']

test('frames are the same wherever TCP cuts the stream', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    assert.deepEqual(decodeAll([STREAM.subarray(0, cut), STREAM.subarray(cut)]), FRAMES, `cut at ${cut}`)
  }
})

test('frames are the same when TCP cuts the stream twice', () => {
  for (let first = 0; first <= STREAM.length; first++) {
    for (let second = first; second <= STREAM.length; second++) {
      const chunks = [STREAM.subarray(0, first), STREAM.subarray(first, second), STREAM.subarray(second)]
      assert.deepEqual(decodeAll(chunks), FRAMES, `cut at ${first} and ${second}`)
    }
  }
})

test('frames are the same one byte at a time', () => {
  assert.deepEqual(decodeAll(Array.from(STREAM, (byte) => Buffer.of(byte))), FRAMES)
})

test('a frame survives its chunks being overwritten after the push', () => {
  const decoder = new FrameDecoder(1024)
  const frames: string[] = []
  const shared = Buffer.alloc(3)
  for (let at = 0; at < STREAM.length; at += 3) {
    const count = STREAM.copy(shared, 0, at, Math.min(at + 3, STREAM.length))
    decoder.push(shared.subarray(0, count), (frame) => {
      frames.push(frame.toString('hex'))
    })
    shared.fill(0xee)
  }
  assert.deepEqual(frames, FRAMES)
})

test('a frame that lies whole in a chunk is a view of the chunk', () => {
  const chunk = Buffer.from(STREAM)
  new FrameDecoder(1024).push(chunk, (frame) => {
    assert.equal(frame.buffer, chunk.buffer)
  })
})

test('keep-alives are counted and told apart, also when cut', () => {
  for (let cut = 0; cut <= 8; cut++) {
    let heard = 0
    const decoder = new FrameDecoder(1024, () => heard++)
    const stream = Buffer.alloc(8)
    assert.deepEqual(decodeAll([stream.subarray(0, cut), stream.subarray(cut)], decoder), [])
    assert.equal(heard, 2)
    assert.equal(decoder.keepAliveCount, 2)
    assert.equal(decoder.frameCount, 0)
  }
})

for (const prefix of ['7fffffff', 'ffffffff', '80000000', '00000401']) {
  test(`the prefix ${prefix} is refused with its fourth byte, before any of its frame`, () => {
    const bytes = hex(prefix)
    const decoder = new FrameDecoder(1024)
    decodeAll([bytes.subarray(0, 3)], decoder)
    assert.throws(
      () => decodeAll([bytes.subarray(3)], decoder),
      (error) => error instanceof PeerError && error.code === 'WIRE_FRAME_TOO_LARGE',
    )
    assert.throws(() => decodeAll([bytes]), { code: 'WIRE_FRAME_TOO_LARGE', message: /1024/ })
  })
}

test('a frame of exactly the limit passes, and the limit can be changed', () => {
  const frame = Buffer.alloc(4 + 1024, 9)
  frame.writeUInt32BE(1024)
  assert.equal(decodeAll([frame.subarray(0, 100), frame.subarray(100)]).length, 1)
  const decoder = new FrameDecoder(1024)
  decoder.setMaxFrameBytes(1023)
  assert.throws(() => decodeAll([frame], decoder), { code: 'WIRE_FRAME_TOO_LARGE' })
})

test('a callback that stops the decoder hears of no further frame', () => {
  for (let cut = 0; cut <= STREAM.length; cut++) {
    const decoder = new FrameDecoder(1024)
    let count = 0
    const onFrame = (): void => {
      count++
      decoder.stop()
    }
    decoder.push(STREAM.subarray(0, cut), onFrame)
    decoder.push(STREAM.subarray(cut), onFrame)
    assert.equal(count, 1, `cut at ${cut}`)
  }
})

test('the bytes of an unfinished frame can be asked for', () => {
  const decoder = new FrameDecoder(1024)
  decodeAll([STREAM.subarray(0, 7)], decoder)
  assert.equal(decoder.openBytes, 2)
  decodeAll([STREAM.subarray(7)], decoder)
  assert.equal(decoder.openBytes, 0)
  assert.equal(decoder.frameCount, 3)
})

test('a large frame that was only promised takes no memory', () => {
  const before = process.memoryUsage().arrayBuffers
  const decoders = Array.from({ length: 50 }, () => {
    const decoder = new FrameDecoder(1024 * 1024)
    decodeAll([hex('00100000 05')], decoder)
    return decoder
  })
  assert.ok(process.memoryUsage().arrayBuffers - before < 1024 * 1024)
  assert.equal(decoders[0]?.openBytes, 5)
})
