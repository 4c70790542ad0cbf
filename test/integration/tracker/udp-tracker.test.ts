import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock } from '../../../src/common/clock.ts'
import type { Endpoint } from '../../../src/common/endpoint.ts'
import { TrackerError } from '../../../src/common/errors.ts'
import { bindUdp, connectUdp, type UdpHandler } from '../../../src/net/udp-socket.ts'
import { UdpTracker } from '../../../src/tracker/udp-tracker.ts'
import { writeConnectResponse } from '../../../src/tracker/udp-codec.ts'
import { writeAnnounceResponse } from '../../support/udp-answers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { endpoints, NEVER, REQUEST } from '../../unit/tracker/fake-udp.ts'
import { loopbackHosts, openHandles, openTracker, until } from './loopback.ts'

const hosts = await loopbackHosts()

test('a tracker that loses the first two packets is asked again after 15 and 30 s, and answers', async (t) => {
  const server = await openTracker(t, {
    host: '127.0.0.1',
    port: 0,
    intervalSeconds: 1800,
    dropFirstUdpPackets: 2,
  })
  const clock = new FakeClock()
  const sentAt: number[] = []
  const startMs = clock.now()
  const tracker = new UdpTracker(server.udpUrl, {
    clock,
    connect: (remote, handler) => {
      const socket = connectUdp(remote, handler)
      const send = (bytes: Buffer): void => {
        sentAt.push((clock.now() - startMs) / 1000)
        socket.send(bytes)
      }
      return { ...socket, send }
    },
  })
  const answer = tracker.announce(REQUEST, NEVER)
  await until(() => server.droppedPacketCount === 1, 'the first packet is lost')
  await clock.advance(15_000)
  await until(() => server.droppedPacketCount === 2, 'the second packet is lost')
  await clock.advance(30_000)
  assert.equal((await answer).leecherCount, 1)
  assert.deepEqual(sentAt, [0, 15, 45, 45])
  tracker.close()
  await server.close()
})

for (const host of hosts) {
  describe(`a UDP tracker at ${host}`, () => {
    test('names the others in its family, and counts them', async (t) => {
      const server = await openTracker(t, { host, port: 0, intervalSeconds: 900 })
      const trackers = [new UdpTracker(server.udpUrl), new UdpTracker(server.udpUrl)] as const
      await trackers[0].announce({ ...REQUEST, port: 1001, leftBytes: 0 }, NEVER)
      const { endpoints: found, ...rest } = await trackers[1].announce({ ...REQUEST, port: 1002 }, NEVER)
      assert.deepEqual(found, [{ host, port: 1001 }])
      assert.deepEqual(rest, {
        intervalSeconds: 900,
        minIntervalSeconds: undefined,
        seederCount: 1,
        leecherCount: 1,
        warning: undefined,
        scope: 'loopback',
      })
      for (const tracker of trackers) tracker.close()
      await server.close()
    })

    test('whose port is closed is reported at once', async () => {
      const socket = await bindUdp({ host, port: 0 }, { onPacket: () => undefined, onError: () => undefined })
      const { port } = socket.local
      socket.close()
      const tracker = new UdpTracker(`udp://${host.includes(':') ? `[${host}]` : host}:${port}/announce`)
      await assert.rejects(tracker.announce(REQUEST, NEVER), (error) => {
        assert.ok(error instanceof TrackerError)
        assert.equal(error.code, 'TRACKER_UNREACHABLE')
        assert.match(error.message, /^connection refused by /)
        return true
      })
      tracker.close()
    })

    test('is not impersonated from another port: the kernel drops such packets', async () => {
      const noErrors = { onError: (error: Error) => assert.fail(error.message) }
      const ignore: UdpHandler = { onPacket: () => undefined, ...noErrors }
      const stranger = await bindUdp({ host, port: 0 }, ignore)
      const seen: Buffer[] = []
      const honest = await bindUdp(
        { host, port: 0 },
        {
          onPacket: (packet, from) => {
            seen.push(packet)
            const transactionId = packet.readUInt32BE(12)
            const answers = (id: number, count: number): Buffer =>
              packet.readUInt32BE(8) === 0
                ? writeConnectResponse(transactionId, Buffer.alloc(8, id))
                : writeAnnounceResponse(transactionId, {
                    intervalSeconds: 60,
                    leecherCount: 0,
                    seederCount: 0,
                    endpoints: endpoints(count),
                  })
            stranger.send(answers(0xee, 2), from)
            // The true answer leaves when the forged one must have arrived.
            setImmediate(() => {
              honest.send(host.includes(':') ? answers(0x11, 0) : answers(0x11, 1), from)
            })
          },
          ...noErrors,
        },
      )
      const at: Endpoint = honest.local
      const tracker = new UdpTracker(`udp://${host.includes(':') ? `[${host}]` : host}:${at.port}`)
      const { endpoints: found } = await tracker.announce(REQUEST, NEVER)
      assert.deepEqual(found, host.includes(':') ? [] : endpoints(1))
      assert.deepEqual(seen[1]?.subarray(0, 8), Buffer.alloc(8, 0x11))
      tracker.close()
      stranger.close()
      honest.close()
    })
  })
}

test('a name is looked up, and its dead addresses passed over', async (t) => {
  const server = await openTracker(t, { host: '127.0.0.1', port: 0, intervalSeconds: 900 })
  const tracker = new UdpTracker(`udp://tracker.example:${server.port}/announce`, {
    // On one machine ::1 has nobody at this port, on another there is no ::1: either way the next one is asked.
    resolve: async () => Promise.resolve(['::1', '127.0.0.1']),
  })
  assert.equal((await tracker.announce(REQUEST, NEVER)).intervalSeconds, 900)
  tracker.close()
  await server.close()
})

test('closing and aborting leave no socket and no timer', async () => {
  const silent = await bindUdp(
    { host: '127.0.0.1', port: 0 },
    { onPacket: () => undefined, onError: () => undefined },
  )
  const before = openHandles()
  const url = `udp://127.0.0.1:${silent.local.port}/announce`
  const trackers = [0, 1, 2].map(() => new UdpTracker(url, { clock: systemClock }))
  const abort = new AbortController()
  const outcomes = trackers.map(async (tracker) =>
    tracker.announce(REQUEST, abort.signal).catch((error: unknown) => (error as TrackerError).code),
  )
  await until(() => openHandles().length > before.length, 'sockets are open')
  trackers[0]!.close()
  abort.abort()
  assert.deepEqual(await Promise.all(outcomes), ['TRACKER_ABORTED', 'TRACKER_ABORTED', 'TRACKER_ABORTED'])
  await until(() => openHandles().length <= before.length, 'sockets are closed')
  silent.close()
})
