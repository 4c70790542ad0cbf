import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LocalSearch } from '../../../src/wire/local-search.ts'
import {
  decodeLocalSearch,
  encodeLocalSearch,
  LOCAL_GROUPS,
  MAX_ANNOUNCED,
} from '../../../src/wire/local-search.ts'

const A = 'aa'.repeat(20)
const B = '0123456789abcdef0123456789abcdef01234567'
const read = (text: string): LocalSearch | undefined => decodeLocalSearch(Buffer.from(text, 'latin1'))

test('the announce is that of BEP 14', () => {
  assert.equal(
    encodeLocalSearch(LOCAL_GROUPS.v4, { port: 6881, infoHashes: [A, B], cookie: 'c0ffee' }).toString(
      'latin1',
    ),
    'BT-SEARCH * HTTP/1.1\r\nHost: 239.192.152.143:6771\r\nPort: 6881\r\n' +
      `Infohash: ${A}\r\nInfohash: ${B}\r\ncookie: c0ffee\r\n\r\n\r\n`,
  )
  assert.match(
    encodeLocalSearch(LOCAL_GROUPS.v6, { port: 1, infoHashes: [A] }).toString('latin1'),
    /^Host: \[ff15::efc0:988f\]:6771\r$/m,
  )
})

test('what is written reads, and the longest stays below 1,400 bytes', () => {
  const search = { port: 65_535, infoHashes: [A, B], cookie: 'x' }
  assert.deepEqual(decodeLocalSearch(encodeLocalSearch(LOCAL_GROUPS.v6, search)), search)
  const infoHashes = Array.from({ length: MAX_ANNOUNCED }, () => A)
  const longest = encodeLocalSearch(LOCAL_GROUPS.v6, { port: 65_535, infoHashes, cookie: 'c'.repeat(16) })
  assert.ok(longest.length <= 1_400, `${longest.length}`)
})

test("what other clients write reads: upper case, bare line feeds, no blanks, headers that we don't know", () => {
  const text = `BT-SEARCH * HTTP/1.1\nHOST:239.192.152.143:6771\nX-New: 1\nPORT:51413\nINFOHASH:${B.toUpperCase()}\n\n`
  assert.deepEqual(read(text), { port: 51_413, infoHashes: [B], cookie: undefined })
})

for (const [name, text] of [
  ['another method', `M-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: ${A}\r\n\r\n`],
  ['no port', `BT-SEARCH * HTTP/1.1\r\nInfohash: ${A}\r\n\r\n`],
  ['port 0', `BT-SEARCH * HTTP/1.1\r\nPort: 0\r\nInfohash: ${A}\r\n\r\n`],
  ['port 65536', `BT-SEARCH * HTTP/1.1\r\nPort: 65536\r\nInfohash: ${A}\r\n\r\n`],
  ['port 6881x', `BT-SEARCH * HTTP/1.1\r\nPort: 6881x\r\nInfohash: ${A}\r\n\r\n`],
  ['no torrent', 'BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\n\r\n'],
  ['a short hash', `BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: ${A.slice(1)}\r\n\r\n`],
  ['a hash that is none', `BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: ${'g'.repeat(40)}\r\n\r\n`],
  ['nothing', ''],
  [
    'too many bytes',
    `BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: ${A}\r\nX: ${'x'.repeat(5_000)}\r\n\r\n`,
  ],
] as const) {
  test(`${name} is no announce`, () => {
    assert.equal(read(text), undefined)
  })
}

test('of many torrents 64 are read', () => {
  const hashes = Array.from({ length: 75 }, (_, i) => `Infohash: ${String(i).padStart(40, '0')}`)
  const search = read(`BT-SEARCH * HTTP/1.1\r\nPort: 1\r\n${hashes.join('\r\n')}\r\n\r\n`)
  assert.equal(search?.infoHashes.length, 64)
})
