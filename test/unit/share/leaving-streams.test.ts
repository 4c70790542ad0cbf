import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream } from '../../../src/net/byte-stream.ts'
import { leavingStreams } from '../../../src/share/leaving-streams.ts'
import { openMemoryPair, RecordingHandler, turn } from '../../support/stream-pair.ts'

test('all connections together say so much, then nothing more', async () => {
  let leftCount = 0
  const wrap = leavingStreams(10, () => {
    leftCount++
  })
  const connect = async (): Promise<{ leaving: ByteStream; heard: RecordingHandler }> => {
    const heard = new RecordingHandler()
    let leaving: ByteStream | undefined
    const attach = wrap((stream) => {
      leaving = stream
      return new RecordingHandler()
    })
    await openMemoryPair(attach, () => heard)
    return { leaving: leaving!, heard }
  }
  const one = await connect()
  const two = await connect()
  one.leaving.write(Buffer.from('123456'))
  await turn()
  assert.equal(leftCount, 0)
  two.leaving.write(Buffer.from('abcdefgh'))
  one.leaving.write(Buffer.from('789'))
  await turn()
  assert.equal(one.heard.received.toString(), '123456')
  assert.equal(two.heard.received.toString(), 'abcd')
  assert.equal(leftCount, 1)
})
