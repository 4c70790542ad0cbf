/** Torrent files: whatever the bytes, a torrent whose numbers all fit together, or an InputError. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { InputError } from '../../src/common/errors.ts'
import { fileSpans } from '../../src/metainfo/file-layout.ts'
import { pieceIndices, pieceLength, pieceStart } from '../../src/metainfo/geometry.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import { readTorrentFile } from '../../src/metainfo/torrent-file.ts'
import { BAD_TORRENTS } from '../support/bad-torrents.ts'
import { encodeRaw, type RawValue } from '../support/bencode-raw.ts'
import { makeTorrent } from '../support/make-torrent.ts'

function assertFitsTogether({ geometry, files, pieceHashes, trackerTiers, infoHash }: Metainfo): void {
  let start = 0
  for (const file of files) {
    assert.ok(Number.isSafeInteger(file.lengthBytes) && file.lengthBytes >= 0)
    assert.equal(file.start, start, 'files follow one another without gap or overlap')
    assert.ok(!file.isSymlink || file.lengthBytes === 0)
    start += file.lengthBytes
  }
  assert.equal(geometry.totalBytes, start)
  assert.equal(pieceHashes.length, geometry.pieceCount * 20)
  assert.equal(geometry.pieceCount, Math.ceil(geometry.totalBytes / geometry.pieceBytes))
  assert.equal(infoHash.length, 20)
  assert.ok(trackerTiers.flat().length <= 200 && trackerTiers.every((tier) => tier.length > 0))
}

/** Any value at all where a field should be, and now and then a fitting one. */
const anything: fc.Arbitrary<RawValue> = fc.oneof(
  fc.integer({ min: -5, max: 70_000 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.string({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 41 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom<RawValue>(16_384, '', [], {}, [[]], ['a'], [{ length: 1, path: ['a'] }], Buffer.alloc(20)),
)
const infoFields = [
  'name',
  'length',
  'files',
  'piece length',
  'pieces',
  'private',
  'meta version',
  'file tree',
  'attr',
]
const topFields = ['announce', 'announce-list', 'url-list', 'comment', 'creation date', 'info', 'created by']

function readOrRefuse(bytes: Buffer): void {
  try {
    assertFitsTogether(readTorrentFile(bytes))
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    assert.ok(error.message.length < 500)
  }
}

test('any fields of any type give a torrent that fits together, or an InputError', () => {
  const fields = (names: string[]): fc.Arbitrary<Record<string, RawValue>> =>
    fc.dictionary(fc.constantFrom(...names), anything, { maxKeys: names.length })
  const sound = { name: 'f', length: 20_000, 'piece length': 16_384, pieces: Buffer.alloc(40) }
  fc.assert(
    fc.property(fields(topFields), fields(infoFields), fc.boolean(), (top, info, isMostlySound) => {
      readOrRefuse(encodeRaw({ info: isMostlySound ? { ...sound, ...info } : info, ...top }))
    }),
    { numRuns: 1500 },
  )
})

test('a changed byte anywhere gives a torrent that fits together, or an InputError', () => {
  const small = BAD_TORRENTS.map(({ bytes }) => bytes()).filter((bytes) => bytes.length < 10_000)
  const sound = makeTorrent({
    files: [
      { path: 'a/b', length: 40_000 },
      { path: 'c', length: 1 },
    ],
  }).bytes
  const base = fc.oneof({ weight: 9, arbitrary: fc.constant(sound) }, fc.constantFrom(...small))
  fc.assert(
    fc.property(base, fc.nat(), fc.nat(255), (bytes, position, byte) => {
      const changed = Buffer.from(bytes)
      if (changed.length > 0) changed.writeUInt8(byte, position % changed.length)
      readOrRefuse(changed)
    }),
    { numRuns: 2000 },
  )
})

test('every sound torrent loads, and its pieces map onto its files without gap or overlap', () => {
  const lengths = fc.array(fc.oneof(fc.nat(5000), fc.constantFrom(0, 1024, 1025)), {
    minLength: 1,
    maxLength: 12,
  })
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1024, max: 4096 }), (fileLengths, pieceBytes) => {
      const files = fileLengths.map((length, index) => ({ path: `d${index % 3}/f${index}`, length }))
      const { metainfo, data, bytes } = makeTorrent({ files, pieceBytes })
      assertFitsTogether(metainfo)
      assert.deepEqual(
        metainfo.files.map((file) => file.lengthBytes),
        fileLengths,
      )
      assert.deepEqual(readTorrentFile(bytes), metainfo)
      for (const piece of pieceIndices(metainfo.geometry)) {
        const start = pieceStart(metainfo.geometry, piece)
        const length = pieceLength(metainfo.geometry, piece)
        const parts = fileSpans(metainfo.files, start, length).map((span) => {
          const from = metainfo.files[span.file]!.start + span.offset
          return data.subarray(from, from + span.length)
        })
        const hash = createHash('sha1').update(Buffer.concat(parts)).digest()
        assert.deepEqual(hash, metainfo.pieceHashes.subarray(piece * 20, piece * 20 + 20))
      }
    }),
    { numRuns: 60 },
  )
})
