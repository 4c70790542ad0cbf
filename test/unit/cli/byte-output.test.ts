import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteOutput, isText } from '../../../src/cli/byte-output.ts'
import type { ByteStream } from '../../../src/cli/byte-output.ts'

/** Takes each write when the test says so. */
class SlowStream implements ByteStream {
  readonly taken: Buffer[] = []
  readonly isTTY: boolean
  settle: (error?: Error) => void = () => undefined

  constructor(isTTY = false) {
    this.isTTY = isTTY
  }

  write(bytes: Buffer, done: (error?: Error | null) => void): boolean {
    this.settle = (error) => {
      if (error === undefined) this.taken.push(bytes)
      done(error)
    }
    return false
  }

  on(): void {
    // nothing happens by itself
  }
}

test('a write waits until it was taken', async () => {
  const stream = new SlowStream()
  const output = new ByteOutput(stream)
  let isDone = false
  const write = output.write(Buffer.from('abc')).then(() => {
    isDone = true
  })
  await Promise.resolve()
  assert.deepEqual([isDone, output.isWriting], [false, true])
  stream.settle()
  await write
  assert.deepEqual([isDone, output.isWriting], [true, false])
})

test('why it could not be written has a code', async () => {
  for (const [system, code] of [
    ['EPIPE', 'OUTPUT_GONE'],
    ['ENOSPC', 'OUTPUT_FULL'],
    ['EIO', 'OUTPUT_FAILED'],
  ] as const) {
    const stream = new SlowStream()
    const write = new ByteOutput(stream).write(Buffer.from('abc'))
    stream.settle(Object.assign(new Error(`write ${system}`), { code: system }))
    await assert.rejects(write, { code })
  }
})

test('a terminal gets text and nothing that it would act on', async () => {
  const stream = new SlowStream(true)
  const output = new ByteOutput(stream)
  const write = output.write(Buffer.from('plain\ttext, é 数据\r\n'))
  stream.settle()
  await write
  for (const bytes of ['\0', 'a\x1b[2J', '\x7f', '\u009b31m']) {
    assert.equal(isText(Buffer.from(bytes)), false)
    await assert.rejects(output.write(Buffer.from(bytes)), { code: 'OUTPUT_IS_TERMINAL' })
  }
  assert.equal(stream.taken.length, 1)
})
