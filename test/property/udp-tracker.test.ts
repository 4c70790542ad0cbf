import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  MAX_ENDPOINTS,
  readAnnounceRequest,
  readAnnounceResponse,
  writeAnnounceRequest,
  readConnectResponse,
  readErrorResponse,
  readHead,
  readScrapeRequest,
  readScrapeResponse,
} from '../../src/tracker/udp-codec.ts'
import { writeAnnounceResponse } from '../support/udp-answers.ts'
import { loadBignum, uint64WithBigInt, uint64WithBignum } from '../../src/tracker/uint64.ts'
import { ConnectionIds } from '../../src/tracker/connection-ids.ts'
import { PLACE_BYTES, writePlace } from '../../src/tracker/peer-place.ts'
import { TrackerDesk } from '../../src/tracker/tracker-desk.ts'
import { UdpService } from '../../src/tracker/udp-service.ts'

/** Plain objects, so that deepEqual compares them with ours. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true })
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const counter = fc.maxSafeNat()

const request = record({
  infoHash: bytes(20),
  peerId: bytes(20),
  key: u32,
  port: fc.integer({ min: 1, max: 65535 }),
  uploadedBytes: counter,
  downloadedBytes: counter,
  leftBytes: counter,
  event: fc.constantFrom('none', 'started', 'completed', 'stopped'),
  numWant: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
})

const v4 = record({ host: fc.ipV4(), port: fc.integer({ min: 1, max: 65535 }) })

test('a tracker reads the announce that a client wrote', () => {
  const urlData = fc.string({ unit: fc.constantFrom('/', 'a', '?', 'é'), maxLength: 700 })
  const ids = record({ connectionId: bytes(8), transactionId: u32 })
  fc.assert(
    fc.property(ids, request, urlData, (id, announce, data) => {
      const packet = writeAnnounceRequest(id, announce, data)
      assert.deepEqual(readAnnounceRequest(packet), { ...announce, urlData: data })
      assert.deepEqual(readHead(packet.subarray(8)), { action: 1, transactionId: id.transactionId })
    }),
    { numRuns: 100 },
  )
})

test('a client reads the answer that a tracker wrote', () => {
  const answer = record({
    intervalSeconds: u32,
    leecherCount: u32,
    seederCount: u32,
    endpoints: fc.array(v4, { maxLength: 60 }),
  })
  fc.assert(
    fc.property(u32, answer, (transactionId, written) => {
      assert.deepEqual(readAnnounceResponse(writeAnnounceResponse(transactionId, written), 'v4'), written)
    }),
    { numRuns: 100 },
  )
})

test('both ways to write 64 bits agree on every counter', () => {
  const bignum = loadBignum()
  const native = bignum === undefined ? uint64WithBigInt : uint64WithBignum(bignum)
  fc.assert(
    fc.property(counter, (value) => {
      const [a, b] = [Buffer.alloc(8), Buffer.alloc(8)]
      native.write(a, 0, value)
      uint64WithBigInt.write(b, 0, value)
      assert.deepEqual(a, b)
      assert.equal(native.read(b, 0), value)
      assert.equal(uint64WithBigInt.read(a, 0), value)
    }),
    { numRuns: 200 },
  )
})

/** Random bytes, or a head that names a real action before them. */
const packet = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
  fc
    .tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ maxLength: 300 }))
    .map(([action, rest]) => Buffer.concat([Buffer.of(0, 0, 0, action), rest])),
)

test('whatever a tracker sends, it is read or ignored, never thrown over', () => {
  fc.assert(
    fc.property(packet, (received) => {
      const answer = readAnnounceResponse(received, received.length % 2 === 0 ? 'v4' : 'v6')
      assert.ok((answer?.endpoints.length ?? 0) <= MAX_ENDPOINTS)
      assert.ok(answer?.endpoints.every(({ port }) => port > 0 && port < 65536) ?? true)
      for (const read of [readHead, readConnectResponse, readScrapeResponse, readErrorResponse])
        read(received)
    }),
    { numRuns: 300 },
  )
})

const KEY = Uint32Array.of(5, 6, 7, 8)

function newService(failWith?: string): { service: UdpService; connectionIds: ConnectionIds } {
  const desk = new TrackerDesk({
    intervalSeconds: 60,
    limits: { maxPeers: 1000 },
    nowMs: () => 0,
    random: () => 0.5,
    key: KEY,
    failWith,
    isAllowed: undefined,
  })
  const connectionIds = new ConnectionIds(KEY)
  return {
    service: new UdpService({ desk, connectionIds, nowMs: () => 0, onAnnounce: () => undefined }),
    connectionIds,
  }
}

/** Requests of every kind and length, the head's fields right or wrong. */
const requestPacket = fc
  .tuple(fc.integer({ min: 0, max: 4 }), fc.uint8Array({ maxLength: 1500 }), fc.boolean())
  .map(([action, rest, isConnect]) => {
    const head = Buffer.alloc(16)
    if (isConnect) Buffer.from('0000041727101980', 'hex').copy(head)
    head.writeUInt32BE(action, 8)
    return Buffer.concat([head, rest])
  })

test('a stranger gets no more bytes from our tracker than it sent, whatever that was', () => {
  const { service } = newService()
  const from = { host: '10.0.0.1', port: 5 }
  fc.assert(
    fc.property(fc.oneof(packet, requestPacket), (received) => {
      readAnnounceRequest(received)
      readScrapeRequest(received)
      assert.ok((service.answer(received, from)?.length ?? 0) <= received.length)
    }),
    { numRuns: 500 },
  )
})

test('with a connection id every packet gets an answer of a frame, or none', () => {
  const hosts = ['10.0.0.1', '2001:db8::1', 'fe80::1%eth0']
  for (const failWith of [undefined, 'not today']) {
    const { service, connectionIds } = newService(failWith)
    fc.assert(
      fc.property(requestPacket, fc.constantFrom(...hosts), (received, host) => {
        const place = new Uint8Array(PLACE_BYTES)
        writePlace(place, host, 0)
        connectionIds.current(place, 0).copy(received)
        assert.ok((service.answer(received, { host, port: 5 })?.length ?? 0) < 1500)
      }),
      { numRuns: 300 },
    )
  }
})
