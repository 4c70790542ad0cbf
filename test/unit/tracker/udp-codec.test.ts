import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  MAX_ENDPOINTS,
  MAX_TEXT_LENGTH,
  readAnnounceRequest,
  readAnnounceResponse,
  readConnectResponse,
  readErrorResponse,
  readHead,
  readScrapeRequest,
  readScrapeResponse,
  writeAnnounceRequest,
  writeConnectRequest,
  writeConnectResponse,
  writeErrorResponse,
  writeScrapeRequest,
  writeScrapeResponse,
} from '../../../src/tracker/udp-codec.ts'
import { writeAnnounceResponse } from '../../support/udp-answers.ts'
import { uint64WithBigInt } from '../../../src/tracker/uint64.ts'
import { endpoints, REQUEST } from './fake-udp.ts'

const ids = { connectionId: Buffer.from('0123456789abcdef', 'hex'), transactionId: 0x11223344 }
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex')

describe('UDP tracker packets', () => {
  test('a connect request carries the protocol id', () => {
    assert.deepEqual(writeConnectRequest(0x11223344), hex('0000041727101980 00000000 11223344'))
  })

  test('a connect response gives its id, also when it is longer than it need be', () => {
    const packet = writeConnectResponse(7, ids.connectionId)
    assert.deepEqual(packet, hex('00000000 00000007 0123456789abcdef'))
    assert.deepEqual(readConnectResponse(Buffer.concat([packet, Buffer.alloc(3)])), ids.connectionId)
  })

  test('an announce request has every field of BEP 15 in its place', () => {
    assert.deepEqual(
      writeAnnounceRequest(ids, REQUEST, ''),
      Buffer.concat([
        hex('0123456789abcdef 00000001 11223344'),
        REQUEST.infoHash,
        REQUEST.peerId,
        hex('0000000200000000 001fffffffffffff 0000000000000001'),
        hex('00000002 00000000 deadbeef 000000c8 1ae1'),
      ]),
    )
  })

  test('the counters are the same with BigInt', () => {
    assert.deepEqual(
      writeAnnounceRequest(ids, REQUEST, '', uint64WithBigInt),
      writeAnnounceRequest(ids, REQUEST, ''),
    )
  })

  test('path and query of the URL follow as an option, in parts of 255 bytes', () => {
    const short = writeAnnounceRequest(ids, REQUEST, '/dir?a=b&c=d')
    assert.deepEqual(short.subarray(98), Buffer.concat([Buffer.of(2, 12), Buffer.from('/dir?a=b&c=d')]))
    const data = `/${'x'.repeat(299)}`
    const long = writeAnnounceRequest(ids, REQUEST, data)
    assert.deepEqual([long.length, long[98], long[99], long[355], long[356]], [98 + 304, 2, 255, 2, 45])
    assert.equal(readAnnounceRequest(long)?.urlData, data)
  })

  test('a tracker reads what a client writes, and skips options it does not know', () => {
    const packet = Buffer.concat([
      writeAnnounceRequest(ids, REQUEST, ''),
      hex('01 07 02 ffff 02 02 2f61 00 02 01 62'),
    ])
    assert.deepEqual(readAnnounceRequest(packet), { ...REQUEST, urlData: '/a' })
    for (const event of ['none', 'completed', 'stopped'] as const) {
      assert.equal(readAnnounceRequest(writeAnnounceRequest(ids, { ...REQUEST, event }, ''))?.event, event)
    }
  })

  test('an option cut off anywhere does no harm', () => {
    const packet = writeAnnounceRequest(ids, REQUEST, '/abc?d')
    for (let end = 98; end <= packet.length; end++) {
      assert.ok('/abc?d'.startsWith(readAnnounceRequest(packet.subarray(0, end))?.urlData ?? 'x'), `${end}`)
    }
  })

  test('an announce response gives interval, counts and endpoints of its family', () => {
    const answer = { intervalSeconds: 1800, leecherCount: 3, seederCount: 4, endpoints: endpoints(2) }
    const packet = writeAnnounceResponse(9, answer)
    assert.deepEqual(packet, hex('00000001 00000009 00000708 00000003 00000004 0a000000 0001 0a000001 0002'))
    assert.deepEqual(readAnnounceResponse(packet, 'v4'), answer)
    const v6 = { ...answer, endpoints: [{ host: '2001:db8::1', port: 6881 }] }
    assert.deepEqual(readAnnounceResponse(writeAnnounceResponse(9, v6), 'v6'), v6)
  })

  test('a list that is not a multiple of the entry gives its whole entries; port 0 and the 1001st are left out', () => {
    const answer = {
      intervalSeconds: 2 ** 32 - 1,
      leecherCount: 0,
      seederCount: 0,
      endpoints: endpoints(1100),
    }
    const packet = writeAnnounceResponse(9, answer)
    for (let extra = 0; extra < 6; extra++) {
      const read = readAnnounceResponse(packet.subarray(0, 20 + 3 * 6 + extra), 'v4')
      assert.deepEqual(read?.endpoints, endpoints(3))
    }
    assert.equal(readAnnounceResponse(packet, 'v4')?.endpoints.length, MAX_ENDPOINTS)
    const portless = { ...answer, endpoints: [{ host: '10.0.0.1', port: 0 }] }
    assert.deepEqual(readAnnounceResponse(writeAnnounceResponse(9, portless), 'v4')?.endpoints, [])
  })

  test('scrape goes both ways', () => {
    const request = writeScrapeRequest(ids, REQUEST.infoHash)
    assert.deepEqual(request.subarray(0, 16), hex('0123456789abcdef 00000002 11223344'))
    assert.deepEqual(readScrapeRequest(request), [REQUEST.infoHash])
    const counts = { seederCount: 1, completedCount: 2, leecherCount: 3 }
    assert.deepEqual(writeScrapeResponse(5, [counts]), hex('00000002 00000005 00000001 00000002 00000003'))
    assert.deepEqual(readScrapeResponse(writeScrapeResponse(5, [counts, counts])), counts)
    assert.equal(readScrapeRequest(Buffer.alloc(16 + 20 * 100)).length, 74)
  })

  test('the text of an error is cut', () => {
    assert.equal(readErrorResponse(writeErrorResponse(1, 'go away')), 'go away')
    assert.equal(readErrorResponse(writeErrorResponse(1, 'x'.repeat(60_000)))?.length, MAX_TEXT_LENGTH)
  })

  test('a packet cut anywhere before its end is no packet', () => {
    const announce = { intervalSeconds: 1, leecherCount: 0, seederCount: 0, endpoints: [] }
    const cuts: [Buffer, (packet: Buffer) => unknown][] = [
      [writeConnectResponse(1, ids.connectionId), readConnectResponse],
      [writeAnnounceResponse(1, announce), (packet) => readAnnounceResponse(packet, 'v4')],
      [writeScrapeResponse(1, [{ seederCount: 0, completedCount: 0, leecherCount: 0 }]), readScrapeResponse],
      [writeAnnounceRequest(ids, REQUEST, ''), readAnnounceRequest],
      [writeErrorResponse(1, ''), readErrorResponse],
      [writeErrorResponse(1, ''), readHead],
    ]
    for (const [packet, read] of cuts) {
      for (let end = 0; end < packet.length; end++) assert.equal(read(packet.subarray(0, end)), undefined)
      assert.notEqual(read(packet), undefined)
    }
  })
})
