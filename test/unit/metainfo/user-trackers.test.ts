import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { userUrls, withUserTrackers } from '../../../src/metainfo/user-trackers.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

const OWN = [['udp://own.example:1'], ['udp://own.example:2']]
const EXTRA = [['udp://x.example:1', 'udp://y.example:1'], ['udp://z.example:1']]
const ONLY = [['udp://only.example:1']]

const torrent = (isPrivate = false): Metainfo => ({ ...makeTorrent({ trackers: OWN }).metainfo, isPrivate })

test("what the user adds comes before the torrent's own", () => {
  const { metainfo, isExtraLeftOut } = withUserTrackers(torrent(), { extra: EXTRA, only: [] })
  assert.deepEqual(metainfo.trackerTiers, [...EXTRA, ...OWN])
  assert.equal(isExtraLeftOut, false)
})

test('what the user names instead replaces them, and additions stay additions', () => {
  assert.deepEqual(withUserTrackers(torrent(), { extra: [], only: ONLY }).metainfo.trackerTiers, ONLY)
  const both = withUserTrackers(torrent(), { extra: EXTRA, only: ONLY })
  assert.deepEqual(both.metainfo.trackerTiers, [...EXTRA, ...ONLY])
})

test('nothing is added to the trackers of a private torrent, but they may be replaced', () => {
  const added = withUserTrackers(torrent(true), { extra: EXTRA, only: [] })
  assert.deepEqual([added.metainfo.trackerTiers, added.isExtraLeftOut], [OWN, true])
  const replaced = withUserTrackers(torrent(true), { extra: EXTRA, only: ONLY })
  assert.deepEqual([replaced.metainfo.trackerTiers, replaced.isExtraLeftOut], [[...EXTRA, ...ONLY], false])
})

test('all that the user names is known as such', () => {
  assert.deepEqual([...userUrls({ extra: EXTRA, only: ONLY })], [...EXTRA, ...ONLY].flat())
})
