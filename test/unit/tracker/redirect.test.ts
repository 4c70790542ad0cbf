import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrackerError } from '../../../src/common/errors.ts'
import { redirectTarget } from '../../../src/tracker/redirect.ts'

const target = (from: string, location: string): string => redirectTarget(new URL(from), location).href

test('redirects lead to http and https addresses, relative ones included', () => {
  assert.equal(target('http://a.example/x/announce?k=1', 'y?z'), 'http://a.example/x/y?z')
  assert.equal(
    target('http://a.example/announce', 'https://b.example/announce'),
    'https://b.example/announce',
  )
  assert.equal(target('https://a.example/announce', '//b.example/'), 'https://b.example/')
})

test('other schemes, the way back from https and nonsense are refused', () => {
  for (const [from, location] of [
    ['http://a.example/', 'file:///etc/passwd'],
    ['http://a.example/', 'ftp://a.example/'],
    ['http://a.example/', 'gopher://a.example/'],
    ['http://a.example/', 'data:text/plain,de'],
    ['http://a.example/', 'http://'],
    ['https://a.example/', 'http://a.example/'],
  ] as const) {
    assert.throws(
      () => target(from, location),
      (error) => error instanceof TrackerError && error.code === 'TRACKER_REDIRECT_REFUSED',
      location,
    )
  }
})
