import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TorrentPlaces } from '../../../src/torrent/peer-places.ts'
import { PeerPlaces } from '../../../src/torrent/peer-places.ts'

/** @returns how many it got */
function takeAll(places: TorrentPlaces, limit = Infinity): number {
  let count = 0
  for (; count < limit && places.hasRoom(); count++) places.take()
  return count
}

test('one torrent may have all there are, and no more', () => {
  const places = new PeerPlaces(8).ofTorrent()
  assert.equal(takeAll(places), 8)
  places.give()
  assert.equal(takeAll(places), 1)
})

test('half of them are parted among the torrents that may run, half are for who comes first', () => {
  const all = new PeerPlaces(40, 4)
  const torrents = Array.from({ length: 4 }, () => all.ofTorrent())
  assert.deepEqual(
    torrents.map((torrent) => takeAll(torrent)),
    [25, 5, 5, 5],
  )
  for (let count = 0; count < 20; count++) torrents[0]!.give()
  assert.deepEqual(
    torrents.slice(1).map((torrent) => takeAll(torrent, 10)),
    [10, 10, 0],
  )
  assert.equal(takeAll(torrents[0]!), 0)
})

test('there are never more than that, however many torrents come', () => {
  const all = new PeerPlaces(8, 3)
  let sum = 0
  for (let count = 0; count < 20; count++) sum += takeAll(all.ofTorrent())
  assert.equal(sum, 8)
})

test('without a limit there is always room', () => {
  assert.equal(takeAll(new PeerPlaces().ofTorrent(), 10_000), 10_000)
})
