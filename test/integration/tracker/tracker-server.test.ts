import assert from 'node:assert/strict'
import { request } from 'node:http'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { systemClock } from '../../../src/common/clock.ts'
import { TrackerError } from '../../../src/common/errors.ts'
import { bindUdp } from '../../../src/net/udp-socket.ts'
import { makeTracker } from '../../../src/tracker/make-tracker.ts'
import { TrackerServer } from '../../../src/tracker/tracker-server.ts'
import type { AnnounceRequest, AnnounceResponse, Tracker } from '../../../src/tracker/tracker.ts'
import {
  readConnectResponse,
  readErrorResponse,
  readHead,
  writeAnnounceRequest,
  writeConnectRequest,
} from '../../../src/tracker/udp-codec.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { NEVER, REQUEST } from '../../unit/tracker/fake-udp.ts'
import { loopbackHosts, openHandles, openTracker, until } from './loopback.ts'

const KINDS = ['udp', 'http'] as const
const hosts = await loopbackHosts()

function urlOf(server: TrackerServer, kind: 'udp' | 'http'): string {
  return kind === 'udp' ? server.udpUrl : server.httpUrl
}

/** As many clients as there are ports, asking one after another. */
async function announceAll(
  url: string,
  requests: readonly Partial<AnnounceRequest>[],
): Promise<AnnounceResponse[]> {
  const answers: AnnounceResponse[] = []
  for (const fields of requests) {
    const tracker: Tracker = makeTracker(url, { clock: systemClock, userAgent: 'torrent-dl/test' })
    try {
      answers.push(await tracker.announce({ ...REQUEST, ...fields }, NEVER))
    } finally {
      tracker.close()
    }
  }
  return answers
}

for (const host of hosts) {
  for (const kind of KINDS) {
    describe(`our tracker over ${kind} at ${host}`, () => {
      test('introduces peers to one another, counts them, and forgets who stops', async (t) => {
        const server = await openTracker(t, { host, port: 0, intervalSeconds: 777 })
        const answers = await announceAll(urlOf(server, kind), [
          { port: 1001, leftBytes: 0 },
          { port: 1002, leftBytes: 5 },
          { port: 1002, leftBytes: 0, event: 'completed' },
          { port: 1003, event: 'stopped' },
          { port: 1002, leftBytes: 0, event: 'stopped' },
          { port: 1004, event: 'none', numWant: 1 },
        ])
        const ports = answers.map(({ endpoints }) => endpoints.map(({ port }) => port))
        assert.deepEqual(ports, [[], [1001], [], [], [], [1001]])
        assert.ok(answers.every(({ endpoints }) => endpoints.every((endpoint) => endpoint.host === host)))
        assert.deepEqual(
          answers.map(({ seederCount, leecherCount }) => [seederCount, leecherCount]),
          [
            [1, 0],
            [1, 1],
            [2, 0],
            [2, 0],
            [1, 0],
            [1, 1],
          ],
        )
        assert.ok(answers.every(({ intervalSeconds }) => intervalSeconds === 777))
        const tracker = makeTracker(urlOf(server, kind), { clock: systemClock, userAgent: 'x' })
        const counts = await tracker.scrape(REQUEST.infoHash, NEVER)
        assert.deepEqual(counts, { seederCount: 1, completedCount: 1, leecherCount: 1 })
        const none = await tracker.scrape(Buffer.alloc(20, 0xee), NEVER)
        assert.deepEqual(none, { seederCount: 0, completedCount: 0, leecherCount: 0 })
        tracker.close()
        await server.close()
      })

      test('refuses in the words it was given', async (t) => {
        const server = await openTracker(t, { host, port: 0, intervalSeconds: 60, failWith: 'not here' })
        const tracker = makeTracker(urlOf(server, kind), { clock: systemClock, userAgent: 'x' })
        for (const ask of [tracker.announce(REQUEST, NEVER), tracker.scrape(REQUEST.infoHash, NEVER)]) {
          await assert.rejects(ask, (error) => {
            assert.ok(error instanceof TrackerError)
            assert.deepEqual([error.code, error.message], ['TRACKER_REFUSED', 'not here'])
            return true
          })
        }
        tracker.close()
        await server.close()
      })
    })
  }
}

test('what it hears over one protocol it tells over the other, and shows to the observer', async (t) => {
  const seen: string[] = []
  const server = await openTracker(t, {
    host: '127.0.0.1',
    port: 0,
    intervalSeconds: 60,
    onAnnounce: ({ transport, event, port, leftBytes }) =>
      seen.push(`${transport} ${event} ${port} ${leftBytes}`),
  })
  await announceAll(server.httpUrl, [{ port: 1, leftBytes: 9 }])
  const [answer] = await announceAll(server.udpUrl, [{ port: 2, leftBytes: 0, event: 'none' }])
  assert.deepEqual(answer?.endpoints, [{ host: '127.0.0.1', port: 1 }])
  assert.deepEqual(seen, ['http started 1 9', 'udp none 2 0'])
  await server.close()
})

test('on every address it serves both families, each with its own kind of peers', async (t) => {
  if (hosts.length < 2) return
  const server = await openTracker(t, { host: '::', port: 0, intervalSeconds: 60 })
  await announceAll(`udp://127.0.0.1:${server.port}`, [{ port: 4 }])
  await announceAll(`udp://[::1]:${server.port}`, [{ port: 6 }])
  const [overV4] = await announceAll(`udp://127.0.0.1:${server.port}`, [{ port: 9 }])
  const [overV6] = await announceAll(`udp://[::1]:${server.port}`, [{ port: 9 }])
  const [overHttp] = await announceAll(`http://127.0.0.1:${server.port}/announce`, [{ port: 9 }])
  assert.deepEqual(overV4?.endpoints, [{ host: '127.0.0.1', port: 4 }])
  assert.deepEqual(overV6?.endpoints, [{ host: '::1', port: 6 }])
  assert.equal(overHttp?.endpoints.length, 3)
  await server.close()
})

test('a connection id is good for its own address alone', async (t) => {
  const server = await openTracker(t, { host: '0.0.0.0', port: 0, intervalSeconds: 60 })
  const answers: Buffer[] = []
  const handler = { onPacket: (bytes: Buffer) => answers.push(bytes), onError: () => undefined }
  const [mine, other, another] = [
    await bindUdp({ host: '127.0.0.1', port: 0 }, handler),
    await bindUdp({ host: '127.0.0.2', port: 0 }, handler),
    await bindUdp({ host: '127.0.0.1', port: 0 }, handler),
  ]
  const to = { host: '127.0.0.1', port: server.port }
  mine.send(Buffer.alloc(5), to)
  mine.send(Buffer.alloc(16), to) // a connect request without the protocol id: no answer, so no amplification
  mine.send(writeConnectRequest(1), to)
  await until(() => answers.length === 1, 'connected')
  const connectionId = readConnectResponse(answers[0]!)!
  other.send(writeAnnounceRequest({ connectionId, transactionId: 2 }, REQUEST, ''), to)
  await until(() => answers.length === 2, 'refused')
  assert.match(readErrorResponse(answers[1]!) ?? '', /connection id/)
  mine.send(writeAnnounceRequest({ connectionId, transactionId: 3 }, REQUEST, ''), to)
  await until(() => answers.length === 3, 'answered')
  assert.deepEqual(readHead(answers[2]!), { action: 1, transactionId: 3 })
  // A NAT may have given the client another port meanwhile.
  another.send(writeAnnounceRequest({ connectionId, transactionId: 4 }, REQUEST, ''), to)
  await until(() => answers.length === 4, 'answered at another port')
  assert.deepEqual(readHead(answers[3]!), { action: 1, transactionId: 4 })
  for (const socket of [mine, other, another]) socket.close()
  await server.close()
})

test('what a client says its address is does not matter', async (t) => {
  const server = await openTracker(t, { host: '127.0.0.1', port: 0, intervalSeconds: 60 })
  const ids = `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}`
  await get(`${server.httpUrl}?${ids}&port=1&left=1&ip=192.0.2.1&ipv6=2001:db8::1`)
  const { body } = await get(`${server.httpUrl}?${ids}&port=2&compact=0&no_peer_id=1`)
  assert.match(body, /5:peersld2:ip9:127\.0\.0\.14:porti1eee/)
  await server.close()
})

test('torrents that are not allowed are refused, and count nothing', async (t) => {
  const allowed = REQUEST.infoHash.toString('latin1')
  const server = await openTracker(t, { isAllowed: (infoHash) => infoHash === allowed })
  await announceAll(server.udpUrl, [{ port: 1 }])
  for (const url of [server.udpUrl, server.httpUrl])
    await assert.rejects(announceAll(url, [{ infoHash: Buffer.alloc(20, 9) }]), /not served here/)
  const { announceCount, refusedCount, peerCount, torrentCount } = server.stats()
  assert.deepEqual([announceCount, refusedCount, peerCount, torrentCount], [3, 2, 1, 1])
  await server.close()
})

test('peers that fall silent are forgotten though nobody asks', async (t) => {
  const clock = new FakeClock()
  const server = await openTracker(t, { intervalSeconds: 60, clock })
  await announceAll(server.udpUrl, [{ port: 1, leftBytes: 0 }, { port: 2 }])
  await announceAll(server.httpUrl, [{ port: 3 }])
  await clock.advance(179_000)
  assert.deepEqual([server.stats().peerCount, server.stats().seedCount], [3, 1])
  await clock.advance(2000)
  const { peerCount, seedCount, torrentCount, announceCount } = server.stats()
  assert.deepEqual([peerCount, seedCount, torrentCount, announceCount], [0, 0, 0, 3])
  await server.close()
  assert.equal(clock.timerCount, 0)
})

test('with many connections that send nothing, others are served all the same', async (t) => {
  const server = await openTracker(t, {})
  const idle = Array.from({ length: 600 }, () => connect(server.port, '127.0.0.1'))
  t.after(() => {
    for (const socket of idle) socket.destroy()
  })
  let closedCount = 0
  for (const socket of idle) {
    socket.on('error', () => undefined)
    socket.on('close', () => (closedCount += 1))
    socket.write('GET /announce?') // and no end to it
  }
  const ids = `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}`
  assert.equal((await get(`${server.httpUrl}?${ids}&port=1`)).status, 200)
  await until(() => closedCount >= 88, 'the oldest had to go')
  await server.close()
})

test('on two addresses it has one port, and missing ones are left out when that is asked for', async (t) => {
  const server = await openTracker(t, { host: ['127.0.0.1', '127.0.0.2'] })
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    await announceAll(`udp://${host}:${server.port}`, [{ port: 1 }])
    await announceAll(`http://${host}:${server.port}/announce`, [{ port: 2 }])
  }
  assert.equal(server.stats().announceCount, 4)
  await server.close()
  const missing = ['127.0.0.1', '2001:db8::77']
  await assert.rejects(openTracker(t, { host: missing }), /127\.0\.0\.1:0 and \[2001:db8::77\]:0/)
  const rest = await openTracker(t, { host: missing, skipsMissingHosts: true })
  assert.deepEqual(rest.hosts, ['127.0.0.1'])
  await rest.close()
})

async function get(url: string): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false }, (message) => {
      let body = ''
      message.setEncoding('latin1')
      message.on('data', (text: string) => (body += text))
      message.on('end', () => {
        resolve({ status: message.statusCode, body })
      })
    })
      .on('error', reject)
      .end()
  })
}

test('HTTP queries that lack something are told what; other paths are not found; compact=0 lists peers', async (t) => {
  const server = await openTracker(t, { host: '127.0.0.1', port: 0, intervalSeconds: 60 })
  const base = `http://127.0.0.1:${server.port}`
  const ids = `info_hash=${'a'.repeat(20)}&peer_id=${'b'.repeat(20)}`
  assert.equal((await get(`${base}/`)).status, 404)
  assert.match((await get(`${base}/announce?info_hash=short`)).body, /failure reason\d+:info_hash/)
  assert.match((await get(`${base}/announce?info_hash=${'a'.repeat(20)}`)).body, /failure reason\d+:peer_id/)
  assert.match((await get(`${base}/announce?${ids}&port=0`)).body, /failure reason\d+:port/)
  await get(`${base}/announce?${ids}&port=1&left=1`)
  const { body } = await get(`${base}/announce?${ids}&port=2&compact=0&left=%31`)
  assert.match(body, /5:peersld2:ip9:127\.0\.0\.17:peer id20:b{20}4:porti1eee/)
  await server.close()
})

test('closing frees the port at once, and a taken port is reported', async (t) => {
  const before = openHandles().length
  const first = await openTracker(t, { host: '127.0.0.1', port: 0, intervalSeconds: 60 })
  const { port } = first
  await assert.rejects(TrackerServer.open({ host: '127.0.0.1', port, intervalSeconds: 60 }), (error) => {
    assert.ok(error instanceof TrackerError)
    assert.equal(error.code, 'TRACKER_SERVER_PORT')
    assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port} for the tracker: in use`))
    return true
  })
  await first.close()
  const second = await openTracker(t, { host: '127.0.0.1', port, intervalSeconds: 60 })
  assert.equal(second.port, port)
  await second.close()
  await until(() => openHandles().length <= before, 'nothing is left open')
})
