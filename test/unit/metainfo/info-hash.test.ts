/** Info-hashes as text. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashInfo, infoHashFromText, infoHashToHex } from '../../../src/metainfo/info-hash.ts'

const HEX = '0123456789abcdef0123456789abcdef01234567'
const BASE32 = 'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH'

test('hex and base32 name the same torrent, in either case', () => {
  for (const text of [HEX, HEX.toUpperCase(), BASE32, BASE32.toLowerCase()]) {
    const infoHash = infoHashFromText(text)
    assert.equal(infoHash && infoHashToHex(infoHash), HEX, text)
  }
})

test('anything else is no info-hash', () => {
  for (const text of [
    '',
    HEX.slice(1),
    `${HEX}0`,
    HEX.replace('0', 'g'),
    BASE32.slice(1),
    BASE32.replace('A', '1'),
  ]) {
    assert.equal(infoHashFromText(text), undefined, text)
  }
})

test('a torrent is named by the SHA-1 of its info', () => {
  assert.equal(infoHashToHex(hashInfo(Buffer.from('de'))), '600ccd1b71569232d01d110bc63e906beab04d8c')
})
