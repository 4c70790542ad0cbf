import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { encodeTorrent } from '../../../src/metainfo/encode-torrent.ts'
import type { NewTorrent } from '../../../src/metainfo/encode-torrent.ts'
import { readTorrentFile } from '../../../src/metainfo/torrent-file.ts'

const file = {
  path: ['x'],
  lengthBytes: 3,
  start: 0,
  isPadding: false,
  isExecutable: false,
  isSymlink: false,
}
const plain: NewTorrent = {
  name: 'x',
  isSingleFile: true,
  files: [file],
  pieceBytes: 16_384,
  pieceHashes: createHash('sha1').update('abc').digest(),
}

test('nothing stands in a torrent that was not given', () => {
  const hash = plain.pieceHashes.toString('latin1')
  const expected = `d4:infod6:lengthi3e4:name1:x12:piece lengthi16384e6:pieces20:${hash}ee`
  assert.equal(encodeTorrent(plain).toString('latin1'), expected)
})

test('what was given can be read again', () => {
  const bytes = encodeTorrent({
    ...plain,
    trackers: [['udp://a.example:1', 'udp://b.example:1'], ['http://c.example/announce']],
    webSeeds: ['http://d.example/', 'http://e.example/'],
    isPrivate: true,
    comment: 'ä',
    createdAtSeconds: 1,
    files: [{ ...file, isExecutable: true }],
  })
  const metainfo = readTorrentFile(bytes)
  assert.deepEqual(metainfo.trackerTiers, [
    ['udp://a.example:1', 'udp://b.example:1'],
    ['http://c.example/announce'],
  ])
  assert.deepEqual(metainfo.webSeeds, ['http://d.example/', 'http://e.example/'])
  assert.equal(metainfo.isPrivate, true)
  assert.equal(metainfo.comment, 'ä')
  assert.equal(metainfo.creationDateSeconds, 1)
  assert.equal(metainfo.files[0]?.isExecutable, true)
  assert.deepEqual(metainfo.notices, [])
})

test('trackers, web seeds, comment and date leave the info-hash alone; private and source change it', () => {
  const hashOf = (more: Partial<NewTorrent>): string =>
    readTorrentFile(encodeTorrent({ ...plain, ...more })).infoHash.toString('hex')
  const own = hashOf({})
  for (const more of [
    { trackers: [['udp://a.example:1']] },
    { webSeeds: ['http://d.example/'] },
    { comment: 'x' },
    { createdAtSeconds: 5 },
  ])
    assert.equal(hashOf(more), own)
  assert.equal(
    new Set([own, hashOf({ isPrivate: true }), hashOf({ source: 'A' }), hashOf({ source: 'B' })]).size,
    4,
  )
})

test('one tracker needs no announce-list', () => {
  const text = encodeTorrent({ ...plain, trackers: [['udp://a.example:1']] }).toString('latin1')
  assert.match(text, /^d8:announce17:udp:\/\/a\.example:14:info/)
})
