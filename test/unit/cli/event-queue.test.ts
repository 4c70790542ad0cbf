import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { EventWriter } from '../../../src/cli/events.ts'
import type { EventStream } from '../../../src/cli/event-queue.ts'
import { RunTally } from '../../../src/cli/run-tally.ts'
import type { JobResult, JobView } from '../../../src/cli/view.ts'
import { readEvents } from '../../support/event-schema.ts'
import type { Event } from '../../support/event-schema.ts'
import { MIB, makeMetainfo, makeSnapshot, makeTracker } from './fake-session.ts'

const FILE_COUNT = 50_000

/** A pipe to a reader that reads when it is told to. */
class SlowStream extends EventEmitter implements EventStream {
  text = ''
  writableLength = 0
  destroyed = false
  isStuck = false

  write(text: string): void {
    this.text += text
    if (this.isStuck) this.writableLength += Buffer.byteLength(text)
  }

  /** Reads all that waits, again and again until nothing does. */
  readAll(): void {
    this.isStuck = false
    while (this.writableLength > 0) {
      this.writableLength = 0
      this.emit('drain')
    }
  }
}

function setup(): { stream: SlowStream; writer: EventWriter; job: JobView } {
  const stream = new SlowStream()
  const one = makeMetainfo('dir')
  const entry = one.files[0]!
  const files = Array.from({ length: FILE_COUNT }, (_, i) => ({ ...entry, path: ['dir', String(i)] }))
  const metainfo = { ...one, files, isSingleFile: false }
  const infoHash = metainfo.infoHash.toString('hex')
  const job = { source: 'a', metainfo, infoHash, path: 'dir', snapshot: () => makeSnapshot() }
  return { stream, writer: new EventWriter(stream, () => new Date(0)), job }
}

function resultOf(job: JobView): JobResult {
  const ends = {
    outcome: 'complete',
    code: 0,
    error: undefined,
    snapshot: job.snapshot(),
    seconds: 1,
  } as const
  return { source: job.source, job, ...ends }
}

const countOf = (events: readonly Event[], type: string): number =>
  events.filter((event) => event['type'] === type).length

test('a reader that stands still costs a mebibyte, and gets everything but progress when it goes on', async () => {
  const { stream, writer, job } = setup()
  stream.isStuck = true
  writer.onStart(job)
  for (let file = 0; file < FILE_COUNT; file++) writer.onFile(job, file)
  for (let second = 0; second < 100; second++) {
    writer.onTick()
    writer.onTracker(job, makeTracker({ seederCount: second }))
    for (let i = 0; i < 50; i++) writer.onWarning(job, `warning ${second}/${i}`)
  }
  const result = resultOf(job)
  writer.onResult(result)
  const tally = new RunTally()
  tally.add(0, result)
  const ends = { code: 0, signal: undefined, seconds: 1, failedList: undefined }
  writer.onEnd({ ...ends, counts: tally.counts, results: tally.results() })
  assert.ok(stream.writableLength < 1.1 * MIB, String(stream.writableLength))
  let isWritten = false
  const written = writer.written().then(() => {
    isWritten = true
  })
  await Promise.resolve()
  assert.equal(isWritten, false)
  stream.readAll()
  await written
  const events = readEvents(stream.text)
  assert.equal(countOf(events, 'file'), FILE_COUNT)
  assert.equal(countOf(events, 'progress'), 0)
  assert.deepEqual(
    events.filter(({ type }) => type === 'tracker').map((event) => event['seederCount']),
    [99],
  )
  assert.equal(countOf(events, 'warning'), 1000)
  assert.deepEqual(
    events.slice(-2).map(({ type }) => type),
    ['complete', 'exit'],
  )
})

test('a reader that caught up sees progress again', () => {
  const { stream, writer, job } = setup()
  stream.isStuck = true
  writer.onStart(job)
  for (let file = 0; file < FILE_COUNT; file++) writer.onFile(job, file)
  writer.onTick()
  stream.readAll()
  writer.onTick()
  const events = readEvents(stream.text)
  assert.deepEqual([countOf(events, 'progress'), events.at(-1)?.['type']], [1, 'progress'])
})

test('for a reader that went away nothing is kept, and nobody waits for it', async () => {
  const { stream, writer, job } = setup()
  stream.isStuck = true
  for (let file = 0; file < FILE_COUNT; file++) writer.onFile(job, file)
  const written = writer.written()
  stream.destroyed = true
  stream.emit('close')
  await written
  const before = stream.text.length
  writer.onWarning(job, 'x')
  assert.equal(stream.text.length, before)
})
