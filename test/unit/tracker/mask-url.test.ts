import assert from 'node:assert/strict'
import { test } from 'node:test'
import { maskUrl } from '../../../src/tracker/mask-url.ts'

test('ordinary tracker addresses stay readable', () => {
  for (const url of [
    'udp://tracker.example.org:6969/announce',
    'http://[2001:db8::1]:80/announce.php?x=1&numbers=12',
    'https://tracker.example.org/some-long-name/announce',
    'http://10.0.0.7:6969/announce',
  ]) {
    assert.equal(maskUrl(url), new URL(url).href)
  }
})

test('userinfo, keys in the path and keys in the query are masked', () => {
  assert.equal(maskUrl('http://user:pw@t.example/announce'), 'http://***@t.example/announce')
  assert.equal(maskUrl('https://t.example/0123456789abcdef0123/announce'), 'https://t.example/***/announce')
  assert.equal(
    maskUrl(`https://t.example/${'abcdefgh'.repeat(4)}/announce`),
    'https://t.example/***/announce',
  )
  assert.equal(
    maskUrl('http://t.example/announce?passkey=hunter2&x=1'),
    'http://t.example/announce?passkey=***&x=1',
  )
  assert.equal(maskUrl('http://t.example/a?k=0123456789abcdef=='), 'http://t.example/a?k=***')
  assert.equal(maskUrl('http://t.example/a?0123456789abcdef0123'), 'http://t.example/a?***')
})

test('what is no URL is cut', () => {
  assert.equal(maskUrl('x'.repeat(1000)), 'x'.repeat(80))
  assert.equal(maskUrl('http://user:hunter2@/x'), 'http://***@/x')
})
