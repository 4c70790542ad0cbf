/** What every ByteStream must do, run against each kind of it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AttachHandler, ByteStream } from '../../src/net/byte-stream.ts'
import type { OpenPair, StreamPair } from './stream-pair.ts'
import { RecordingHandler, turn, until } from './stream-pair.ts'

interface Ends extends StreamPair {
  readonly heardLeft: RecordingHandler
  readonly heardRight: RecordingHandler
}

/** @param name of the kind, for the tests' names */
export function checkByteStream(name: string, openPair: OpenPair): void {
  const check = (behaviour: string, run: (ends: Ends) => Promise<void>): void => {
    test(`${name}: ${behaviour}`, async () => {
      const heardLeft = new RecordingHandler()
      const heardRight = new RecordingHandler()
      const pair = await openPair(heardLeft.attach, heardRight.attach)
      try {
        await run({ ...pair, heardLeft, heardRight })
      } finally {
        await pair.dispose()
      }
    })
  }
  checkTransfer(check)
  checkFlow(check)
  checkEnd(check)
  checkThrowing(name, openPair)
}

type Check = (behaviour: string, run: (ends: Ends) => Promise<void>) => void

/** More than the kernel's buffers of a loopback connection hold. */
const LARGE_BYTES = 24 * 1024 * 1024

function checkTransfer(check: Check): void {
  check('bytes arrive in order, both ways', async ({ left, right, heardLeft, heardRight }) => {
    for (let i = 0; i < 50; i++) {
      left.write(Buffer.from(`left ${i} `))
      right.write(Buffer.from(`right ${i} `))
    }
    const expected = (side: string): string => Array.from({ length: 50 }, (_, i) => `${side} ${i} `).join('')
    await until(() => heardRight.byteCount >= expected('left').length)
    await until(() => heardLeft.byteCount >= expected('right').length)
    assert.equal(heardRight.received.toString(), expected('left'))
    assert.equal(heardLeft.received.toString(), expected('right'))
  })

  check('nothing is delivered inside write', async ({ left, heardRight }) => {
    left.write(Buffer.from('x'))
    assert.equal(heardRight.byteCount, 0)
    await until(() => heardRight.byteCount === 1)
  })

  check('corked writes arrive in order after uncork', async ({ left, heardRight }) => {
    left.cork()
    for (const part of ['one ', 'two ', 'three']) left.write(Buffer.from(part))
    assert.equal(left.bufferedBytes, 13)
    await turn()
    assert.equal(heardRight.byteCount, 0)
    left.uncork()
    await until(() => heardRight.byteCount === 13)
    assert.equal(heardRight.received.toString(), 'one two three')
    assert.equal(heardRight.chunkCount, 1)
  })

  check('a megabyte arrives as it was written', async ({ left, heardRight }) => {
    const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 31 + (i >> 8)) & 0xff))
    left.write(bytes)
    await until(() => heardRight.byteCount === bytes.length)
    assert.ok(heardRight.received.equals(bytes))
  })
}

function checkFlow(check: Check): void {
  check('queued bytes are counted, and onDrain tells that they have left', async (ends) => {
    const { left, right, heardLeft, heardRight } = ends
    right.pause()
    assert.equal(left.write(Buffer.alloc(LARGE_BYTES)), false)
    assert.equal(left.bufferedBytes > 0, true)
    await turn()
    assert.equal(heardLeft.drainCount, 0)
    right.resume()
    await until(() => heardLeft.drainCount > 0)
    assert.equal(left.bufferedBytes, 0)
    assert.equal(heardLeft.drainCount, 1)
    await until(() => heardRight.byteCount === LARGE_BYTES)
  })

  check(
    'a write that leaves at once is either true or followed by onDrain',
    async ({ left, heardLeft, heardRight }) => {
      const wasSent = left.write(Buffer.from('abc'))
      assert.equal(wasSent, left.bufferedBytes === 0)
      await until(() => heardRight.byteCount === 3)
      if (!wasSent) await until(() => heardLeft.drainCount === 1)
    },
  )

  check('a paused stream delivers nothing until it is resumed', async ({ left, right, heardRight }) => {
    right.pause()
    await turn()
    left.write(Buffer.from('late'))
    for (let i = 0; i < 5; i++) await turn()
    assert.equal(heardRight.byteCount, 0)
    right.resume()
    await until(() => heardRight.byteCount === 4)
  })

  check('pausing inside onBytes holds back what follows', async ({ left, right, heardRight }) => {
    const onBytes = heardRight.onBytes.bind(heardRight)
    heardRight.onBytes = (bytes) => {
      onBytes(bytes)
      right.pause()
    }
    left.write(Buffer.alloc(LARGE_BYTES))
    await until(() => heardRight.byteCount > 0)
    for (let i = 0; i < 5; i++) await turn()
    assert.equal(heardRight.chunkCount, 1)
    heardRight.onBytes = onBytes
    right.resume()
    await until(() => heardRight.byteCount === LARGE_BYTES)
  })
}

function checkEnd(check: Check): void {
  check(
    'close reaches both ends once, and not before it returns',
    async ({ left, heardLeft, heardRight }) => {
      left.close()
      left.close()
      assert.equal(heardLeft.closeCount, 0)
      await until(() => heardLeft.closeCount > 0 && heardRight.closeCount > 0)
      for (let i = 0; i < 3; i++) await turn()
      assert.deepEqual([heardLeft.closeCount, heardRight.closeCount], [1, 1])
      assert.equal(heardLeft.error, undefined)
    },
  )

  check('after close nothing but onClose comes', async ({ left, right, heardRight, heardLeft }) => {
    left.write(Buffer.alloc(100_000))
    right.write(Buffer.alloc(100_000))
    right.close()
    await until(() => heardRight.closeCount > 0)
    await until(() => heardLeft.closeCount > 0)
    assert.equal(heardRight.byteCount, 0)
    assert.equal(heardRight.drainCount, 0)
  })

  check(
    'last words are heard, whatever the other side sends meanwhile',
    async ({ left, right, heardLeft, heardRight }) => {
      right.write(Buffer.alloc(100_000))
      left.write(Buffer.from('last words'))
      left.end()
      assert.equal(left.write(Buffer.from('too late')), false)
      await Promise.resolve()
      right.write(Buffer.from('x')) // fails, and takes what is unread with it, when the other end is gone already
      await until(() => heardRight.closeCount > 0 && heardLeft.closeCount > 0)
      assert.equal(heardRight.received.toString(), 'last words')
      assert.equal(heardRight.error, undefined)
      assert.deepEqual([heardLeft.byteCount, heardLeft.closeCount, heardRight.closeCount], [0, 1, 1])
    },
  )

  check('using a closed stream does nothing', async ({ left, heardLeft, heardRight }) => {
    left.close()
    assert.equal(left.write(Buffer.from('x')), false)
    left.cork()
    left.uncork()
    left.pause()
    left.resume()
    await until(() => heardLeft.closeCount > 0 && heardRight.closeCount > 0)
    assert.equal(left.write(Buffer.from('x')), false)
    assert.equal(heardRight.byteCount, 0)
  })

  check('closing inside onBytes ends it there', async ({ left, right, heardRight }) => {
    const onBytes = heardRight.onBytes.bind(heardRight)
    heardRight.onBytes = (bytes) => {
      onBytes(bytes)
      right.close()
    }
    left.write(Buffer.alloc(LARGE_BYTES))
    await until(() => heardRight.closeCount > 0)
    assert.equal(heardRight.chunkCount, 1)
    assert.equal(heardRight.error, undefined)
  })
}

function checkThrowing(name: string, openPair: OpenPair): void {
  for (const method of ['onBytes', 'onDrain'] as const) {
    test(`${name}: what ${method} throws closes the stream with that error`, async () => {
      const failing = new RecordingHandler()
      failing[method] = () => {
        throw new Error(`from ${method}`)
      }
      const other = new RecordingHandler()
      const pair = await openPair(failing.attach, other.attach)
      try {
        if (method === 'onBytes') pair.right.write(Buffer.from('x'))
        else pair.left.write(Buffer.alloc(LARGE_BYTES))
        await until(() => failing.closeCount > 0 && other.closeCount > 0)
        assert.equal(failing.error?.message, `from ${method}`)
        assert.equal(failing.closeCount, 1)
      } finally {
        await pair.dispose()
      }
    })
  }

  test(`${name}: each end is attached once, and knows the other`, async () => {
    const streams: ByteStream[] = []
    const attach: AttachHandler = (stream) => {
      streams.push(stream)
      return new RecordingHandler()
    }
    const pair = await openPair(attach, attach)
    try {
      assert.deepEqual(new Set(streams), new Set([pair.left, pair.right]))
      assert.equal(pair.left.remote.host, '127.0.0.1')
      assert.equal(pair.right.remote.host, '127.0.0.1')
      assert.ok(pair.left.remote.port > 0 && pair.right.remote.port > 0)
    } finally {
      await pair.dispose()
    }
  })
}
