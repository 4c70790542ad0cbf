import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream } from '../../../src/net/byte-stream.ts'
import { lateStreams } from '../../../src/share/late-stream.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { openMemoryPair, RecordingHandler, turn } from '../../support/stream-pair.ts'

const DELAY_MS = 200

interface Far {
  readonly clock: FakeClock
  /** Who speaks. */
  readonly near: ByteStream
  /** Whom what is said reaches late. */
  readonly far: ByteStream
  readonly heard: RecordingHandler
  readonly answers: RecordingHandler
}

async function openFar(): Promise<Far> {
  const clock = new FakeClock()
  const heard = new RecordingHandler()
  const answers = new RecordingHandler()
  let far: ByteStream | undefined
  const late = lateStreams(
    clock,
    DELAY_MS,
  )((stream) => {
    far = stream
    return heard
  })
  const { left } = await openMemoryPair(() => answers, late)
  return { clock, near: left, far: far!, heard, answers }
}

test('what is said is heard later, in order and unchanged', async () => {
  const { clock, near, heard } = await openFar()
  near.write(Buffer.from('one '))
  await turn()
  await clock.advance(DELAY_MS / 2)
  near.write(Buffer.from('two'))
  await turn()
  await clock.advance(DELAY_MS / 2 - 1)
  assert.equal(heard.received.toString(), '')
  await clock.advance(1)
  assert.equal(heard.received.toString(), 'one ')
  await clock.advance(DELAY_MS / 2)
  assert.equal(heard.received.toString(), 'one two')
})

test('answers are not held up', async () => {
  const { far, answers } = await openFar()
  far.write(Buffer.from('at once'))
  await turn()
  assert.equal(answers.received.toString(), 'at once')
})

test('while it is paused nothing is heard, and then all of it', async () => {
  const { clock, near, far, heard } = await openFar()
  near.write(Buffer.from('wait'))
  await turn()
  far.pause()
  await clock.advance(2 * DELAY_MS)
  assert.equal(heard.received.toString(), '')
  far.resume()
  await clock.advance(1)
  assert.equal(heard.received.toString(), 'wait')
})

test('what had not arrived when the stream was closed never does', async () => {
  const { clock, near, far, heard } = await openFar()
  near.write(Buffer.from('lost'))
  await turn()
  far.close()
  await turn()
  await clock.advance(2 * DELAY_MS)
  assert.equal(heard.received.toString(), '')
  assert.equal(clock.timerCount, 0)
})
