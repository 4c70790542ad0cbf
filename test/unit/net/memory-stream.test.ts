import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordingHandler, openMemoryPair, turn } from '../../support/stream-pair.ts'
import { checkByteStream } from '../../support/byte-stream-compliance.ts'
import { connectMemoryPair } from '../../../src/net/memory-stream.ts'

checkByteStream('memory', openMemoryPair)

test('a view that is kept reads as rubbish', async () => {
  let kept: Buffer | undefined
  const keeper = new RecordingHandler()
  keeper.onBytes = (bytes) => {
    kept = bytes
  }
  const { left } = connectMemoryPair(new RecordingHandler().attach, keeper.attach)
  left.write(Buffer.from('abc'))
  await turn()
  assert.equal(kept?.toString('hex'), 'dbdbdb')
})

test('a buffer changed before it has drained arrives changed', async () => {
  const heard = new RecordingHandler()
  const { left } = connectMemoryPair(new RecordingHandler().attach, heard.attach)
  const bytes = Buffer.from('abc')
  left.write(bytes)
  bytes.write('xyz')
  await turn()
  assert.equal(heard.received.toString(), 'xyz')
})

test('bytes come in chunks of the size asked for, and are counted', async () => {
  const heard = new RecordingHandler()
  const { left, right } = connectMemoryPair(new RecordingHandler().attach, heard.attach, { chunkBytes: 7 })
  left.write(Buffer.alloc(20))
  await turn()
  assert.equal(heard.chunkCount, 3)
  assert.equal(left.sentBytes, 20)
  assert.equal(right.receivedBytes, 20)
})

test('deliveries wait for the schedule given', () => {
  const waiting: (() => void)[] = []
  const heard = new RecordingHandler()
  const { left } = connectMemoryPair(new RecordingHandler().attach, heard.attach, {
    schedule: (run) => waiting.push(run),
  })
  left.write(Buffer.from('a'))
  assert.equal(heard.byteCount, 0)
  waiting.shift()?.()
  assert.equal(heard.byteCount, 1)
})
