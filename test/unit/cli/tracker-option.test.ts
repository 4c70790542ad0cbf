import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTrackerTier } from '../../../src/cli/tracker-option.ts'
import { UsageError } from '../../../src/common/errors.ts'

function refuses(text: string, message: RegExp): void {
  assert.throws(
    () => addTrackerTier(text, []),
    (error) => error instanceof UsageError && message.test(error.message),
    text,
  )
}

test('a comma makes one tier, each further option the next', () => {
  const first = addTrackerTier('udp://a.example:1 , http://b.example/announce,https://c.example/x', [])
  const second = addTrackerTier(' udp://d.example:1', first)
  assert.deepEqual(second, [
    ['udp://a.example:1', 'http://b.example/announce', 'https://c.example/x'],
    ['udp://d.example:1'],
  ])
})

test('a comma inside an address stays there', () => {
  assert.deepEqual(addTrackerTier('http://a.example/announce?x=1,2', []), [
    ['http://a.example/announce?x=1,2'],
  ])
})

test('addresses on this machine and network are fine, whatever their path', () => {
  for (const url of [
    'http://127.0.0.1:8000/x',
    'udp://[::1]:6969',
    'http://tracker/',
    'udp://10.0.0.1:1/announce',
  ]) {
    assert.deepEqual(addTrackerTier(url, []), [[url]])
  }
})

test('what no tracker can have as its address is refused at once', () => {
  for (const text of [
    '',
    'foo',
    'udp://',
    'udp://a:99999',
    'udp://a:0',
    'http://',
    `udp://a:1/${'x'.repeat(3000)}`,
  ]) {
    refuses(text, /is not a tracker's address: it needs udp:\/\/, http:\/\/ or https:\/\/ and a host$/)
  }
  refuses('wss://a.example/', /wss: trackers are not supported \(udp, http and https are\)$/)
  refuses('udp://a,b:1', /there is no such host name$/)
  refuses('udp://a:1/x y', /it has spaces inside$/)
  refuses('udp://a:1,,udp://b:1', /^'udp:\/\/a:1,' is not a tracker's address/)
})

test('a message does not give away the keys of a private tracker', () => {
  for (const text of ['http://user:hunter2@/x', 'ftp://t.example/0123456789abcdef0123/announce']) {
    assert.throws(
      () => addTrackerTier(text, []),
      (error) => error instanceof UsageError && !/hunter2|0123456789/.test(error.message),
    )
  }
})

test('more trackers than are ever asked are refused', () => {
  const many = Array.from({ length: 200 }, (_, i) => `udp://t${i}.example:1`).join()
  refuses(`${many},udp://more.example:1`, /^more than 200 trackers/)
  assert.equal(addTrackerTier(many, [])[0]?.length, 200)
})
