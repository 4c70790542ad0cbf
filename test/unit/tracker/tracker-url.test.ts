import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../../src/common/clock.ts'
import { TrackerError } from '../../../src/common/errors.ts'
import { HttpTracker } from '../../../src/tracker/http-tracker.ts'
import { makeTracker } from '../../../src/tracker/make-tracker.ts'
import { hostOf, isIpLiteral, parseTrackerUrl, unreachable } from '../../../src/tracker/tracker-url.ts'
import { UdpTracker } from '../../../src/tracker/udp-tracker.ts'

const code = (expected: string) => (error: unknown) =>
  error instanceof TrackerError && error.code === expected

test('udp, http and https are trackers, each with its own kind', () => {
  const options = { clock: systemClock, userAgent: 'torrent-dl/0' }
  assert.ok(makeTracker('udp://a.example:1', options) instanceof UdpTracker)
  assert.ok(makeTracker('http://a.example/announce', options) instanceof HttpTracker)
  assert.ok(makeTracker('HTTPS://a.example/announce', options) instanceof HttpTracker)
})

test('other schemes and things that are no address are refused', () => {
  for (const url of ['wss://a.example/', 'file:///etc/passwd', 'javascript:1']) {
    assert.throws(() => parseTrackerUrl(url), code('TRACKER_URL_UNSUPPORTED'), url)
  }
  const bad = [
    '',
    'announce',
    'udp:///announce',
    'http://',
    'udp://a:0/',
    'udp://a:70000/',
    `http://a/${'x'.repeat(3000)}`,
  ]
  for (const url of bad) assert.throws(() => parseTrackerUrl(url), code('TRACKER_URL_INVALID'), url)
})

test('hosts come without brackets, in ASCII and lower case, whatever the scheme', () => {
  assert.equal(hostOf(new URL('udp://[2001:DB8::1]:80/')), '2001:db8::1')
  assert.equal(hostOf(new URL('udp://Tracker.Example:80/')), 'tracker.example')
  assert.equal(hostOf(new URL('udp://münchen.example:80/')), 'xn--mnchen-3ya.example')
  assert.equal(hostOf(new URL('udp://0x7f.1:80/')), '127.0.0.1')
})

test('addresses are told from names', () => {
  for (const host of ['1.2.3.4', '::1', '2001:db8::1', '::ffff:1.2.3.4']) assert.ok(isIpLiteral(host), host)
  for (const host of [
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    'a',
    '',
    ':::',
    '1:2',
    'x'.repeat(10_000),
    '::1]/[::2',
  ]) {
    assert.ok(!isIpLiteral(host), host)
  }
})

test('a socket error is put into words', () => {
  const remote = { host: '10.0.0.7', port: 80 }
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  assert.equal(unreachable(remote, refused).message, 'connection refused by 10.0.0.7:80')
  assert.equal(unreachable(remote, new Error('odd')).message, 'cannot reach 10.0.0.7:80: odd')
})
