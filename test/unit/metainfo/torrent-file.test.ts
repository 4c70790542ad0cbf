/** Sound torrents: everything in them arrives. Bad ones are in bad-torrents.test.ts. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { readTorrentFile } from '../../../src/metainfo/torrent-file.ts'
import { multi, single, torrent } from '../../support/bad-torrent-case.ts'
import type { encodeRaw } from '../../support/bencode-raw.ts'
import { makeTorrent } from '../../support/make-torrent.ts'

test('a torrent of one file', () => {
  const { metainfo, data } = makeTorrent({ name: 'one.bin', files: [{ path: 'one.bin', length: 100_000 }] })
  assert.equal(metainfo.isSingleFile, true)
  assert.equal(metainfo.name, 'one.bin')
  assert.deepEqual(
    metainfo.files.map((file) => [file.path, file.lengthBytes, file.start]),
    [[['one.bin'], 100_000, 0]],
  )
  assert.deepEqual(metainfo.geometry, {
    totalBytes: 100_000,
    pieceBytes: 32_768,
    pieceCount: 4,
    blocksPerPiece: 2,
  })
  const lastPiece = createHash('sha1')
    .update(data.subarray(3 * 32_768))
    .digest()
  assert.deepEqual(metainfo.pieceHashes.subarray(60), lastPiece)
})

test('a torrent of many files, padding and a program among them', () => {
  const { metainfo } = makeTorrent({
    name: 'many',
    files: [
      { path: 'a/b.bin', length: 30_000 },
      { path: '.pad/2768', length: 2768, attr: 'p' },
      { path: 'run', length: 10, attr: 'x' },
      { path: 'empty', length: 0 },
    ],
  })
  assert.equal(metainfo.isSingleFile, false)
  assert.deepEqual(
    metainfo.files.map((file) => [file.path.join('/'), file.start, file.isPadding, file.isExecutable]),
    [
      ['many/a/b.bin', 0, false, false],
      ['many/.pad/1', 30_000, true, false],
      ['many/run', 32_768, false, true],
      ['many/empty', 32_778, false, false],
    ],
  )
})

test('padding by its old name is padding too', () => {
  const padding = '_____padding_file_0_if you see this file, please update____'
  const { metainfo } = makeTorrent({
    name: 'many',
    files: [
      { path: 'a', length: 5 },
      { path: padding, length: 9 },
    ],
  })
  assert.deepEqual(
    metainfo.files.map((file) => file.isPadding),
    [false, true],
  )
})

test('the info-hash is of the bytes in the file, not of what they mean', () => {
  const info = 'd4:name1:f6:lengthi0e12:piece lengthi16384e6:pieces0:e'
  const { infoHash } = readTorrentFile(Buffer.from(`d4:info${info}e`))
  assert.equal(infoHash.toString('hex'), createHash('sha1').update(info).digest('hex'))
})

test('a private torrent says so with any integer but 0', () => {
  for (const [value, isPrivate] of [
    [1, true],
    [2, true],
    [0, false],
    ['1', false],
  ] as const) {
    assert.equal(readTorrentFile(torrent(single({ private: value }))).isPrivate, isPrivate)
  }
})

test('comment, maker and date', () => {
  const bytes = torrent(single(), { comment: 'héllo', 'created by': 'x/1', 'creation date': 1_700_000_000 })
  const { comment, createdBy, creationDateSeconds } = readTorrentFile(bytes)
  assert.deepEqual([comment, createdBy, creationDateSeconds], ['héllo', 'x/1', 1_700_000_000])
})

test('a comment, maker and date of other types are as good as none', () => {
  const { comment, createdBy, creationDateSeconds } = readTorrentFile(
    torrent(single(), { comment: 7, 'created by': ['x'], 'creation date': 'today' }),
  )
  assert.deepEqual([comment, createdBy, creationDateSeconds], [undefined, undefined, undefined])
})

describe('names in two encodings', () => {
  const latin1 = Buffer.from('caf\xe9', 'latin1')

  test('the UTF-8 one is used', () => {
    const bytes = torrent({
      ...multi([]),
      name: latin1,
      'name.utf-8': 'café',
      files: [{ length: 0, path: [latin1], 'path.utf-8': ['thé'] }],
    })
    const { files, renames } = readTorrentFile(bytes)
    assert.deepEqual(files[0]?.path, ['café', 'thé'])
    assert.deepEqual(renames, [])
  })

  test('unless it is not what it says', () => {
    const bytes = torrent({
      ...multi([]),
      name: 'plain',
      'name.utf-8': latin1,
      files: [{ length: 0, path: ['a'], 'path.utf-8': [latin1] }],
    })
    assert.deepEqual(readTorrentFile(bytes).files[0]?.path, ['plain', 'a'])
  })
})

describe('trackers', () => {
  function tiersOf(top: Parameters<typeof torrent>[1]): readonly (readonly string[])[] {
    return readTorrentFile(torrent(single(), top)).trackerTiers
  }

  test('tiers and their order are kept', () => {
    const tiers = [['udp://a:1/announce', 'http://b/announce'], ['https://c/announce']]
    assert.deepEqual(tiersOf({ 'announce-list': tiers }), tiers)
  })

  test('announce-list wins over announce', () => {
    assert.deepEqual(tiersOf({ announce: 'http://a/', 'announce-list': [['http://b/']] }), [['http://b/']])
  })

  test('announce is used when announce-list has nothing to use', () => {
    for (const list of [[], [[]], [['ftp://b/']], '', 7]) {
      assert.deepEqual(tiersOf({ announce: 'http://a/', 'announce-list': list }), [['http://a/']])
    }
  })

  test('blanks around are dropped, the same address is used once, no tier is empty', () => {
    const tiers = [[' \thttp://a/\n', 'http://a/'], ['http://a/'], ['http://b/']]
    assert.deepEqual(tiersOf({ 'announce-list': tiers }), [['http://a/'], ['http://b/']])
  })

  test('addresses without a host or beyond all length are left out', () => {
    const tiers = [
      ['http://', 'udp://', 'udp:///x', 'http://[::', `http://a/${'x'.repeat(3000)}`, '//a', 'a:80'],
    ]
    assert.deepEqual(tiersOf({ 'announce-list': tiers }), [])
  })

  test('an announce-list that is a bomb costs nothing but a notice', () => {
    const list = Array.from({ length: 100_001 }, () => '')
    const { trackerTiers, notices } = readTorrentFile(torrent(single(), { 'announce-list': list }))
    assert.deepEqual(trackerTiers, [])
    assert.match(notices.join(), /^announce-list left out: more than 100000 values/)
  })
})

test('web seeds come as a string or a list, http only', () => {
  const seedsOf = (list: Parameters<typeof encodeRaw>[0]): readonly string[] =>
    readTorrentFile(torrent(single(), { 'url-list': list })).webSeeds
  assert.deepEqual(seedsOf('http://a/f'), ['http://a/f'])
  assert.deepEqual(seedsOf(['http://a/f', 'https://b/', 'udp://c:1/', 'http://a/f']), [
    'http://a/f',
    'https://b/',
  ])
  assert.deepEqual(seedsOf(''), [])
  assert.deepEqual(seedsOf({ a: 1 }), [])
})

test('300 files of one directory share nothing but the directory', () => {
  const paths = Array.from({ length: 300 }, (_, index) => ['d', `file ${index}`])
  const { files } = readTorrentFile(torrent(multi(paths)))
  assert.deepEqual(
    files.map((file) => file.path.slice(1)),
    paths,
  )
})
