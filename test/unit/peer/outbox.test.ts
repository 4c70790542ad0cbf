import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream } from '../../../src/net/byte-stream.ts'
import { Outbox } from '../../../src/peer/outbox.ts'
import { writeHave, writeRequest } from '../../../src/wire/write-message.ts'

/** A stream that keeps the very buffers it is given, as a kernel queue does, until it is told to drain. */
function keepingStream(): { stream: ByteStream; kept: Buffer[]; state: { isFull: boolean; writes: number } } {
  const kept: Buffer[] = []
  const state = { isFull: true, writes: 0 }
  const stream: ByteStream = {
    remote: { host: '127.0.0.1', port: 1 },
    get bufferedBytes() {
      return state.isFull ? kept.reduce((sum, bytes) => sum + bytes.length, 0) : 0
    },
    write(bytes) {
      state.writes++
      kept.push(state.isFull ? bytes : Buffer.from(bytes))
      return !state.isFull
    },
    cork: () => undefined,
    uncork: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    end: () => undefined,
    close: () => undefined,
  }
  return { stream, kept, state }
}

const HAVE = (piece: number): string => `0000000504${piece.toString(16).padStart(8, '0')}`

test('messages leave in one write', () => {
  const { stream, kept } = keepingStream()
  const outbox = new Outbox()
  assert.equal(outbox.flush(stream), false)
  for (let piece = 0; piece < 3; piece++) writeHave(outbox.out, piece)
  assert.equal(outbox.pendingBytes, 27)
  assert.equal(outbox.flush(stream), true)
  assert.equal(outbox.pendingBytes, 0)
  assert.deepEqual(
    kept.map((bytes) => bytes.toString('hex')),
    [HAVE(0) + HAVE(1) + HAVE(2)],
  )
})

test('blocks leave in their place among the messages, without a copy', () => {
  const { stream, kept } = keepingStream()
  const outbox = new Outbox()
  const blocks = [Buffer.from('first'), Buffer.from('second')]
  writeHave(outbox.out, 1)
  outbox.addBlock(2, 16_384, blocks[0]!)
  outbox.addBlock(2, 0, blocks[1]!)
  writeHave(outbox.out, 3)
  assert.equal(outbox.pendingBytes, 9 + 13 + 5 + 13 + 6 + 9)
  outbox.flush(stream)
  assert.equal(
    Buffer.concat(kept).toString('hex'),
    HAVE(1) +
      '0000000e070000000200004000' + blocks[0]!.toString('hex') +
      '0000000f070000000200000000' + blocks[1]!.toString('hex') +
      HAVE(3), // prettier-ignore
  )
  assert.ok(kept.includes(blocks[0]!) && kept.includes(blocks[1]!))
})

test('messages that others put together leave in their place, and are given back when the stream is done with them', () => {
  const { stream, kept, state } = keepingStream()
  const outbox = new Outbox()
  const released: string[] = []
  const lease = (name: string): { release: () => void } => ({ release: () => released.push(name) })
  const messages = ['aa', 'bb', 'cc'].map((text) => Buffer.from(text))
  outbox.addMessages(messages[0]!, lease('a'))
  writeHave(outbox.out, 1)
  outbox.addMessages(messages[1]!, lease('b'))
  assert.equal(outbox.pendingBytes, 4 + 9)
  assert.equal(outbox.flush(stream), true)
  assert.equal(Buffer.concat(kept).toString('hex'), `6161${HAVE(1)}6262`)
  assert.ok(kept.includes(messages[0]!) && kept.includes(messages[1]!))
  assert.deepEqual(released, [])
  outbox.onDrain()
  assert.deepEqual(released, ['a', 'b'])
  state.isFull = false
  outbox.addMessages(messages[2]!, lease('c'))
  outbox.flush(stream)
  assert.deepEqual(released, ['a', 'b', 'c'])
})

test('when the stream is closed everything is given back, sent or not', () => {
  const { stream } = keepingStream()
  const outbox = new Outbox()
  const released: string[] = []
  outbox.addMessages(Buffer.from('sent'), { release: () => released.push('sent') })
  outbox.flush(stream)
  outbox.addMessages(Buffer.from('waits'), { release: () => released.push('waits') })
  outbox.onClosed()
  outbox.onDrain()
  assert.deepEqual(released.sort(), ['sent', 'waits'])
})

test('what the stream could not send yet is never written over', () => {
  const { stream, kept } = keepingStream()
  const outbox = new Outbox()
  let expected = ''
  for (let piece = 0; piece < 20; piece++) {
    writeHave(outbox.out, piece)
    expected += HAVE(piece)
    outbox.flush(stream)
  }
  assert.equal(Buffer.concat(kept).toString('hex'), expected)
})

test('buffers come back after the stream has drained', () => {
  const { stream, kept } = keepingStream()
  const outbox = new Outbox()
  const memories = new Set<ArrayBufferLike>()
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 2; i++) {
      writeRequest(outbox.out, round, 0, 16_384)
      outbox.flush(stream)
    }
    for (const bytes of kept.splice(0)) memories.add(bytes.buffer)
    outbox.onDrain()
  }
  assert.ok(memories.size <= 4, `${memories.size} buffers for two at a time`)
})

test('one buffer is enough while everything is sent at once', () => {
  const { stream, state, kept } = keepingStream()
  state.isFull = false
  const outbox = new Outbox()
  const { out } = outbox
  for (let round = 0; round < 100; round++) {
    writeRequest(outbox.out, round, 0, 16_384)
    outbox.flush(stream)
    assert.equal(outbox.out, out)
  }
  assert.equal(kept.length, 100)
  assert.equal(kept[99]!.readUInt32BE(5), 99)
})

test('a buffer that a bitfield blew up is let go', () => {
  const { stream, state } = keepingStream()
  state.isFull = false
  const outbox = new Outbox()
  outbox.out.raw(Buffer.alloc(1_000_000))
  outbox.flush(stream)
  assert.ok(outbox.out.capacity < 100_000)
})
