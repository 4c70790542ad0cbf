import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionIds } from '../../../src/tracker/connection-ids.ts'
import { PLACE_BYTES, writePlace } from '../../../src/tracker/peer-place.ts'

const MINUTE_MS = 60_000
const ids = new ConnectionIds(Uint32Array.of(1, 2, 3, 4))

function placeOf(host: string): Uint8Array {
  const place = new Uint8Array(PLACE_BYTES)
  writePlace(place, host, 0)
  return place
}

test('an id is good for two minutes at least, three at most', () => {
  const place = placeOf('192.0.2.1')
  for (const sentAtMs of [0, 30_000, MINUTE_MS - 1, 1e12]) {
    const id = ids.current(place, sentAtMs)
    assert.ok(ids.isGood(id, place, sentAtMs + 2 * MINUTE_MS))
    assert.ok(!ids.isGood(id, place, sentAtMs + 3 * MINUTE_MS))
  }
})

test('each address has its own, at every port the same', () => {
  const hosts = ['192.0.2.1', '192.0.2.2', '1.192.0.2', '::1', '2001:db8::1', '2001:db8::2', '2001:db8:1::2']
  const all = hosts.map((host) => ids.current(placeOf(host), 0).toString('hex'))
  assert.equal(new Set(all).size, hosts.length)
  const [place, other] = [placeOf('192.0.2.1'), placeOf('192.0.2.1')]
  writePlace(other, '192.0.2.1', 6881)
  assert.deepEqual(ids.current(place, 0), ids.current(other, 0))
})

test('another tracker, and the same one after a restart, gives others', () => {
  const place = placeOf('192.0.2.1')
  const after = new ConnectionIds(Uint32Array.of(1, 2, 3, 5))
  assert.ok(!after.isGood(ids.current(place, 0), place, 0))
})
