/** Every bad or odd torrent of test/support/bad-torrents.ts gets the outcome its row promises. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { InputError } from '../../../src/common/errors.ts'
import type { Metainfo } from '../../../src/metainfo/metainfo.ts'
import { readTorrentFile } from '../../../src/metainfo/torrent-file.ts'
import { BAD_TORRENTS, type Accepted, type BadTorrent, type Refused } from '../../support/bad-torrents.ts'

function assertRefused(bytes: Buffer, { code, says }: Refused): void {
  assert.throws(
    () => readTorrentFile(bytes),
    (error: unknown) => {
      assert.ok(error instanceof InputError, String(error))
      assert.equal(error.code, code, error.message)
      for (const part of says)
        assert.ok(error.message.includes(part), `"${part}" is not in: ${error.message}`)
      assert.ok(error.message.length < 400, `a message of ${error.message.length} characters`)
      return true
    },
  )
}

function assertAccepted(bytes: Buffer, expected: Accepted): void {
  const metainfo = readTorrentFile(bytes)
  assert.deepEqual(
    metainfo.files.map((file) => file.path.join('/')),
    expected.paths,
  )
  assert.deepEqual(
    metainfo.renames.map(({ from, to }) => [from, to]),
    expected.renames ?? [],
  )
  assertNotices(metainfo.notices, expected.notices ?? [])
  assertAddresses(metainfo, expected)
  assertHashOfRawInfo(metainfo, bytes)
}

function assertNotices(notices: readonly string[], parts: readonly string[]): void {
  assert.equal(notices.length, parts.length, notices.join('\n'))
  for (const [index, part] of parts.entries()) assert.ok(notices[index]?.includes(part), notices[index])
}

function assertAddresses(metainfo: Metainfo, expected: Accepted): void {
  if (expected.trackerTiers !== undefined) assert.deepEqual(metainfo.trackerTiers, expected.trackerTiers)
  if (expected.webSeeds !== undefined) assert.deepEqual(metainfo.webSeeds, expected.webSeeds)
  if (expected.trackerCount !== undefined)
    assert.equal(metainfo.trackerTiers.flat().length, expected.trackerCount)
}

/** In these torrents `info` is followed by nothing but the other top-level keys after it in the alphabet. */
function assertHashOfRawInfo({ infoHash }: Metainfo, bytes: Buffer): void {
  const start = bytes.lastIndexOf('4:infod') + '4:info'.length
  const ends = Array.from({ length: bytes.length - start }, (_, index) => start + index + 1)
  const isRawSpan = ends.some(
    (end) =>
      bytes[end - 1] === 0x65 &&
      createHash('sha1').update(bytes.subarray(start, end)).digest().equals(infoHash),
  )
  assert.ok(isRawSpan, 'the info-hash is the SHA-1 of the bytes of info')
}

function assertOutcome({ bytes, outcome }: BadTorrent): void {
  if ('refused' in outcome) assertRefused(bytes(), outcome.refused)
  else assertAccepted(bytes(), outcome.accepted)
}

describe('bad torrents', () => {
  for (const row of BAD_TORRENTS) {
    test(`${row.id}: ${row.what}: ${'refused' in row.outcome ? row.outcome.refused.code : 'accepted'}`, () => {
      assertOutcome(row)
    })
  }

  test('every row has its own id', () => {
    assert.equal(new Set(BAD_TORRENTS.map(({ id }) => id)).size, BAD_TORRENTS.length)
  })
})
