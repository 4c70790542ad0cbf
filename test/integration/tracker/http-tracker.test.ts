import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { TrackerError } from '../../../src/common/errors.ts'
import { HttpTracker } from '../../../src/tracker/http-tracker.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { NEVER, REQUEST } from '../../unit/tracker/fake-udp.ts'
import { announceTo, ANSWER, failure, failureOf, serve } from './http-client.ts'
import { reply, serveRaw, until } from './loopback.ts'

describe('an HTTP tracker', () => {
  test('gets a proper request, and its answer is read', async () => {
    const server = await serve((socket) => {
      reply(socket, ANSWER)
    })
    const answer = await announceTo(`http://127.0.0.1:${server.port}/announce?k=v`)
    assert.deepEqual(answer.endpoints, [{ host: '10.0.0.1', port: 6881 }])
    assert.equal(answer.scope, 'loopback')
    const [line, ...headers] = server.requests[0]!.split('\r\n')
    assert.ok(line!.startsWith('GET /announce?k=v&info_hash=%00%01%02%03'))
    assert.ok(headers.includes('User-Agent: torrent-dl/test'))
    assert.ok(headers.includes(`Host: 127.0.0.1:${server.port}`))
  })

  test('may take its time between any two bytes', async () => {
    const { port } = await serve((socket) => {
      const bytes = Buffer.from(
        `HTTP/1.1 200 OK\r\nContent-Length: ${ANSWER.length}\r\n\r\n${ANSWER}`,
        'latin1',
      )
      let at = 0
      const step = (): void => {
        if (at < bytes.length) socket.write(bytes.subarray(at, ++at), () => setImmediate(step))
      }
      socket.setNoDelay(true)
      step()
    })
    assert.equal((await announceTo(`http://127.0.0.1:${port}/announce`)).endpoints.length, 1)
  })

  test('may chunk, compress, or send its peers as dictionaries', async () => {
    const chunked = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nd\r\n${(ANSWER.length - 1).toString(16)}\r\n${ANSWER.slice(1)}\r\n0\r\n\r\n`
    const ways: ((socket: Socket) => void)[] = [
      (socket) => socket.end(Buffer.from(chunked, 'latin1')),
      (socket) => {
        reply(socket, gzipSync(Buffer.from(ANSWER, 'latin1')), ['Content-Encoding: gzip'])
      },
      (socket) => {
        reply(socket, 'd8:intervali1800e5:peersld2:ip8:10.0.0.17:peer id3:abc4:porti6881eeee')
      },
      (socket) => socket.end(Buffer.from(`HTTP/1.0 200 OK\r\n\r\n${ANSWER}`, 'latin1')),
    ]
    for (const way of ways) {
      const { port } = await serve(way)
      const answer = await announceTo(`http://127.0.0.1:${port}/announce`)
      assert.deepEqual(answer.endpoints, [{ host: '10.0.0.1', port: 6881 }])
    }
  })

  test('gets its tracker id back', async () => {
    const server = await serve((socket) => {
      reply(socket, 'd10:tracker id3:x/ye')
    })
    const tracker = new HttpTracker(`http://127.0.0.1:${server.port}/announce`, { userAgent: 'x' })
    await tracker.announce(REQUEST, NEVER)
    await tracker.announce(REQUEST, NEVER)
    assert.ok(!server.requests[0]!.includes('trackerid'))
    assert.ok(server.requests[1]!.includes('&trackerid=x%2Fy'))
    tracker.close()
  })

  test('answers a scrape at the address next to its announce, or has none', async () => {
    const server = await serve((socket) => {
      const file = 'd8:completei1e10:downloadedi2e10:incompletei3ee'
      reply(socket, `d5:filesd20:${REQUEST.infoHash.toString('latin1')}${file}ee`)
    })
    const options = { userAgent: 'x', isUserNamed: true }
    const tracker = new HttpTracker(`http://127.0.0.1:${server.port}/x/announce`, options)
    assert.deepEqual(await tracker.scrape(REQUEST.infoHash, NEVER), {
      seederCount: 1,
      completedCount: 2,
      leecherCount: 3,
    })
    assert.ok(server.requests[0]!.startsWith('GET /x/scrape?info_hash=%00%01'))
    const other = new HttpTracker(`http://127.0.0.1:${server.port}/x`, options)
    assert.equal((await failure(other.scrape(REQUEST.infoHash, NEVER))).code, 'TRACKER_NO_SCRAPE')
  })
})

describe('an HTTP tracker that answers badly', () => {
  test('with HTML, nothing, JSON or hostile bencode is a bad response', async () => {
    const bodies = [
      '<html></html>',
      '',
      '{"peers":[]}',
      'd8:interval',
      'l-3:e',
      'd1:ai1e1:ai2ee',
      'l'.repeat(10_000),
    ]
    for (const body of bodies) {
      const { code } = await failureOf((socket) => {
        reply(socket, body)
      })
      assert.equal(code, 'TRACKER_BAD_RESPONSE', body.slice(0, 20))
    }
  })

  test('with a failure reason has refused, with status 200 or 4xx; the reason is cut', async () => {
    for (const status of ['200 OK', '403 Forbidden']) {
      const error = await failureOf((socket) => {
        reply(socket, `d14:failure reason900000:${'\u001b'.repeat(900_000)}e`, [], status)
      })
      assert.deepEqual([error.code, error.message.length], ['TRACKER_REFUSED', 512])
    }
  })

  test('with another status fails by that', async () => {
    for (const status of ['404 Not Found', '500 Oops', '204 No Content', '302 Found']) {
      const error = await failureOf((socket) => {
        reply(socket, status.startsWith('204') ? '' : 'nothing here', [], status)
      })
      assert.deepEqual(
        [error.code, error.message],
        ['TRACKER_HTTP_STATUS', `HTTP status ${status.slice(0, 3)}`],
      )
    }
  })

  test('without end is stopped at 1 MiB', async () => {
    const error = await failureOf((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const block = Buffer.alloc(65_536, 0x78)
      const pour = (): void => {
        if (!socket.destroyed) socket.write(block, pour)
      }
      pour()
    })
    assert.equal(error.code, 'TRACKER_RESPONSE_TOO_LARGE')
  })

  test('with lengths that lie is a bad response', async () => {
    for (const head of [
      'Content-Length: 1000000000000\r\n',
      'Content-Length: -1\r\n',
      'Content-Length: 3\r\nContent-Length: 5\r\n',
      'Transfer-Encoding: chunked\r\n',
    ]) {
      const error = await failureOf((socket) => {
        socket.end(`HTTP/1.1 200 OK\r\n${head}\r\nffffffffffffffff1\r\nde`)
      })
      assert.equal(error.code, 'TRACKER_BAD_RESPONSE', head)
    }
    const notHttp = await failureOf((socket) => socket.end('SSH-2.0-x\r\n'))
    assert.equal(notHttp.code, 'TRACKER_BAD_RESPONSE')
  })

  test('with a gzip bomb, broken gzip or another encoding fails', async () => {
    const bomb = gzipSync(Buffer.alloc(16 * 1_048_576))
    const good = gzipSync(Buffer.from(ANSWER, 'latin1'))
    const corrupt = Buffer.from(good)
    corrupt.fill(0xff, 12, 20)
    for (const [body, encoding, expected] of [
      [bomb, 'gzip', 'TRACKER_RESPONSE_TOO_LARGE'],
      [corrupt, 'gzip', 'TRACKER_BAD_RESPONSE'],
      [good.subarray(0, 10), 'gzip', 'TRACKER_BAD_RESPONSE'],
      [good.subarray(0, -1), 'gzip', 'TRACKER_BAD_RESPONSE'],
      [good, 'br', 'TRACKER_BAD_RESPONSE'],
    ] as const) {
      const { code } = await failureOf((socket) => {
        reply(socket, body, [`Content-Encoding: ${encoding}`])
      })
      assert.equal(code, expected)
    }
  })

  test('with 10 MB of headers, or by hanging up, fails at once', async () => {
    const headers = await failureOf((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\n${`X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(10_000)}`)
    })
    assert.equal(headers.code, 'TRACKER_BAD_RESPONSE')
    const reset = await failureOf((socket) => socket.resetAndDestroy())
    assert.deepEqual(
      [reset.code, reset.message.startsWith('connection closed by')],
      ['TRACKER_UNREACHABLE', true],
    )
  })

  test('with a closed port says so', async () => {
    const server = await serveRaw(() => undefined)
    await server.close()
    const error = await failure(announceTo(`http://127.0.0.1:${server.port}/announce`))
    assert.deepEqual(
      [error.code, error.message],
      ['TRACKER_UNREACHABLE', `connection refused by 127.0.0.1:${server.port}`],
    )
  })
})

describe('an HTTP tracker that takes too long', () => {
  /** Runs the clock forward once the request has arrived. */
  async function failureAfter(
    respond: (socket: Socket) => void,
    ms: number,
  ): Promise<TrackerError | 'waiting'> {
    const clock = new FakeClock()
    const server = await serve(respond)
    const abort = new AbortController()
    const tracker = new HttpTracker(`http://127.0.0.1:${server.port}/announce`, { userAgent: 'x', clock })
    let outcome: TrackerError | 'waiting' = 'waiting'
    const over = failure(tracker.announce(REQUEST, abort.signal)).then((error) => (outcome = error))
    await until(() => server.requests.length === 1, 'the request arrives')
    await clock.advance(ms)
    const result = outcome
    abort.abort()
    await over
    assert.equal(clock.timerCount, 0)
    return result
  }

  test('to its first byte, or drips its headers, has 10 s', async () => {
    const drip = (socket: Socket): void => {
      socket.write('HTTP/1.1 200 OK\r\nX-')
    }
    for (const respond of [drip, () => undefined]) {
      assert.equal(await failureAfter(respond, 9999), 'waiting')
      const error = await failureAfter(respond, 10_000)
      assert.ok(error instanceof TrackerError)
      assert.deepEqual([error.code, error.message], ['TRACKER_TIMEOUT', 'no answer in 10 s'])
    }
  })

  test('over its body has 30 s in all', async () => {
    const clock = new FakeClock()
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nd')
    })
    const tracker = new HttpTracker(`http://127.0.0.1:${server.port}/announce`, { userAgent: 'x', clock })
    const over = failure(tracker.announce(REQUEST, NEVER))
    // Two timers until the head is there, one afterwards.
    await until(() => server.requests.length === 1 && clock.timerCount === 1, 'the head arrives')
    await clock.advance(30_000)
    assert.deepEqual(
      [(await over).code, (await over).message],
      ['TRACKER_TIMEOUT', 'no whole answer in 30 s'],
    )
  })

  test('is let go when it switches to a protocol nobody asked for', async () => {
    const { port } = await serve((socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n')
    })
    const tracker = new HttpTracker(`http://127.0.0.1:${port}/announce`, { userAgent: 'x' })
    const { code, message } = await failure(tracker.announce(REQUEST, NEVER))
    assert.deepEqual([code, message], ['TRACKER_BAD_RESPONSE', 'the connection ended without an answer'])
  })

  test('is let go when the announce is called off or the tracker closed', async () => {
    const server = await serve(() => undefined)
    const abort = new AbortController()
    const trackers = [0, 1].map(
      () => new HttpTracker(`http://127.0.0.1:${server.port}/announce`, { userAgent: 'x' }),
    )
    const failures = trackers.map(async (tracker) => failure(tracker.announce(REQUEST, abort.signal)))
    await until(() => server.requests.length === 2, 'the requests arrive')
    trackers[0]!.close()
    assert.equal((await failures[0]!).code, 'TRACKER_ABORTED')
    abort.abort()
    assert.equal((await failures[1]!).code, 'TRACKER_ABORTED')
    assert.equal((await failure(trackers[0]!.announce(REQUEST, NEVER))).code, 'TRACKER_ABORTED')
  })
})
