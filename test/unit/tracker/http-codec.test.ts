import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownError } from '../../../src/common/errors.ts'
import {
  announceTarget,
  failureReasonOf,
  percentEncode,
  readAnnounceBody,
  readScrapeBody,
  scrapeTarget,
} from '../../../src/tracker/http-codec.ts'
import { MAX_ENDPOINTS } from '../../../src/tracker/udp-codec.ts'
import { endpoints, REQUEST } from './fake-udp.ts'

const body = (text: string): Buffer => Buffer.from(text, 'latin1')

function errorOf(run: () => unknown): KnownError {
  try {
    run()
  } catch (error) {
    return error as KnownError
  }
  return assert.fail('nothing was thrown')
}

describe('queries to HTTP trackers', () => {
  test('every byte of an info-hash survives percent encoding', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    const decoded = percentEncode(bytes).replace(/%(..)/g, (_, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    )
    assert.deepEqual(Buffer.from(decoded, 'latin1'), bytes)
    assert.equal(percentEncode(Buffer.from('aZ0-._~ +/%\xff', 'latin1')), 'aZ0-._~%20%2B%2F%25%FF')
  })

  test('an announce carries all fields, and keeps the query that the URL has', () => {
    const url = new URL('http://t.example/announce?passkey=abc')
    const target = announceTarget(url, REQUEST, Buffer.from('i d'))
    assert.equal(
      target,
      '/announce?passkey=abc&info_hash=%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13' +
        '&peer_id=-TD0001-abcdefghijkl&port=6881&uploaded=1&downloaded=8589934592&left=9007199254740991' +
        '&compact=1&no_peer_id=1&numwant=200&key=deadbeef&event=started&trackerid=i%20d',
    )
  })

  test('an ordinary announce names no event, and a tracker without id gets none', () => {
    const target = announceTarget(
      new URL('http://t.example/a'),
      { ...REQUEST, event: 'none', key: 1 },
      undefined,
    )
    assert.ok(target.startsWith('/a?info_hash='))
    assert.ok(target.endsWith('&key=00000001'))
  })

  test('the scrape address replaces "announce" in the last element of the path, and there only', () => {
    const target = (url: string): string | undefined => scrapeTarget(new URL(url), Buffer.from('ab'))
    assert.equal(target('http://t/announce'), '/scrape?info_hash=ab')
    assert.equal(target('http://t/x/announce.php?k=1'), '/x/scrape.php?k=1&info_hash=ab')
    assert.equal(target('http://t/announce/x'), undefined)
    assert.equal(target('http://t/a'), undefined)
  })
})

describe('answers of HTTP trackers', () => {
  test('compact peers, peers6, counters, intervals, id and warning are read', () => {
    const answer = readAnnounceBody(
      body(
        'd8:completei5e10:incompletei7e8:intervali1800e12:min intervali60e5:peers12:' +
          '\x0a\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x02' +
          '6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x1a\xe1' +
          '10:tracker id3:x y15:warning message5:carefe',
      ),
    )
    assert.deepEqual(answer, {
      intervalSeconds: 1800,
      minIntervalSeconds: 60,
      seederCount: 5,
      leecherCount: 7,
      endpoints: [...endpoints(2), { host: '2001:db8::1', port: 6881 }],
      warning: 'caref',
      trackerId: Buffer.from('x y'),
    })
  })

  test('peers as dictionaries are read one by one: what is wrong costs only itself', () => {
    const peer = (ip: string, port: string): string => `d2:ip${ip.length}:${ip}4:port${port}e`
    const list =
      'i7e' +
      'd4:porti1ee' +
      peer('10.0.0.9', 'i-1e') +
      peer('10.0.0.9', 'i70000e') +
      peer('10.0.0.9', 'i0e') +
      peer('10.0.0.9', '1:9') +
      peer('x'.repeat(10_000), 'i1e') +
      peer('tracker.example', 'i1e') +
      'd2:ipi5e4:porti1ee' +
      'd2:ip7:1.2.3.42:ip7:1.2.3.44:porti1ee' +
      peer('10.0.0.0', 'i1e') +
      peer('2001:db8::5', 'i65535e') +
      'le'
    assert.deepEqual(readAnnounceBody(body(`d8:intervali9e5:peersl${list}ee`)).endpoints, [
      { host: '10.0.0.0', port: 1 },
      { host: '2001:db8::5', port: 65535 },
    ])
  })

  test('at most 1000 endpoints are taken, whichever way they come', () => {
    const compact = 'abcdef'.repeat(5000)
    const listed = 'd2:ip7:1.2.3.44:porti1ee'.repeat(5000)
    const compact6 = 'abcdefghijklmnopqr'.repeat(5000)
    for (const text of [
      `d5:peers${compact.length}:${compact}e`,
      `d5:peersl${listed}ee`,
      `d6:peers6${compact6.length}:${compact6}e`,
      `d5:peersl${listed}e6:peers6${compact6.length}:${compact6}e`,
    ]) {
      assert.equal(readAnnounceBody(body(text)).endpoints.length, MAX_ENDPOINTS)
    }
  })

  test('a compact list of seven bytes holds one endpoint', () => {
    assert.deepEqual(readAnnounceBody(body('d5:peers7:\x0a\0\0\0\0\x01?e')).endpoints, endpoints(1))
  })

  test('intervals of any size are bounded, and of any other type are the default', () => {
    const interval = (value: string): number => readAnnounceBody(body(`d8:interval${value}e`)).intervalSeconds
    assert.equal(interval('i0e'), 0)
    assert.equal(interval('i-5e'), 0)
    assert.equal(interval('i1e'), 1)
    assert.equal(interval('i1000000000000000000e'), 2 ** 31 - 1)
    assert.equal(interval('4:1800'), 1800)
    assert.equal(interval('le'), 1800)
    assert.equal(readAnnounceBody(body('de')).intervalSeconds, 1800)
  })

  test('a failure reason is a refusal, cut to 512 characters', () => {
    const refused = errorOf(() => readAnnounceBody(body('d14:failure reason7:go away8:intervali5ee')))
    assert.deepEqual([refused.code, refused.message], ['TRACKER_REFUSED', 'go away'])
    const long = errorOf(() =>
      readAnnounceBody(body(`d14:failure reason900000:${'\u001b'.repeat(900_000)}e`)),
    )
    assert.equal(long.message.length, 512)
    assert.equal(errorOf(() => readAnnounceBody(body('d14:failure reasonlee'))).code, 'TRACKER_REFUSED')
  })

  test('what is no bencoded dictionary is a bad response', () => {
    const bodies = [
      '',
      '<html>502</html>',
      '{"interval":5}',
      'le',
      'i5e',
      'd8:interval',
      `${'l'.repeat(10_000)}${'e'.repeat(10_000)}`,
      'l-3:e',
      'd5:peers0:5:peers0:e',
      `l${'i1e'.repeat(300_000)}e`,
    ]
    for (const text of bodies) {
      assert.equal(
        errorOf(() => readAnnounceBody(body(text))).code,
        'TRACKER_BAD_RESPONSE',
        text.slice(0, 20),
      )
    }
  })

  test('bytes after the dictionary do no harm', () => {
    assert.equal(readAnnounceBody(body('d8:intervali9ee\r\n')).intervalSeconds, 9)
  })

  test('a tracker id that is empty or long is not sent back', () => {
    assert.equal(readAnnounceBody(body('d10:tracker id0:e')).trackerId, undefined)
    assert.equal(readAnnounceBody(body(`d10:tracker id9000:${'x'.repeat(9000)}e`)).trackerId, undefined)
  })

  test('a scrape is looked up by the bytes of the info-hash', () => {
    const infoHash = Buffer.alloc(20, 0xff)
    const file = 'd8:completei1e10:downloadedi-2e10:incompletei3ee'
    const answer = `d5:filesd20:${'\xff'.repeat(19)}\xfe${file}20:${'\xff'.repeat(20)}${file}ee`
    assert.deepEqual(readScrapeBody(body(answer), infoHash), {
      seederCount: 1,
      completedCount: 0,
      leecherCount: 3,
    })
    for (const text of ['de', 'd5:filesdee', 'd5:filesi5ee', `d5:filesd20:${'\xfe'.repeat(20)}${file}ee`]) {
      assert.equal(errorOf(() => readScrapeBody(body(text), infoHash)).code, 'TRACKER_BAD_RESPONSE')
    }
  })

  test('a failure reason can be looked for in anything', () => {
    assert.equal(failureReasonOf(body('d14:failure reason2:noe')), 'no')
    for (const text of ['', 'x', 'de', 'd1:a', 'i1e']) assert.equal(failureReasonOf(body(text)), undefined)
  })
})
