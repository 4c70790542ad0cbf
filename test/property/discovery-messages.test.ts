/** What strangers send about other peers: any bytes give a bounded message or a known refusal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PeerError } from '../../src/common/errors.ts'
import { decodeLocalSearch, encodeLocalSearch, LOCAL_GROUPS } from '../../src/wire/local-search.ts'
import { decodePex, encodePex, MAX_PEX_CONTACTS } from '../../src/wire/pex.ts'
import { encodeRaw } from '../support/bencode-raw.ts'

const port = fc.integer({ min: 1, max: 65_535 })
const v4 = fc.record({ host: fc.ipV4(), port }, { noNullPrototype: true })
const bytes = fc.uint8Array({ maxLength: 2_000 }).map((array) => Buffer.from(array))

/** Sound dictionaries with fields of any length and kind. */
const pexLike = fc
  .dictionary(
    fc.constantFrom('added', 'added.f', 'added6', 'added6.f', 'dropped', 'dropped6', 'x'),
    fc.oneof(bytes, fc.integer()),
  )
  .map((fields) => encodeRaw(fields))

test('a peer exchange is read within bounds or refused, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.oneof(bytes, pexLike), (payload) => {
      try {
        const { added, dropped } = decodePex(payload)
        assert.ok(added.length <= MAX_PEX_CONTACTS && dropped.length <= MAX_PEX_CONTACTS)
        for (const { endpoint, flags } of added) assert.ok(endpoint.port > 0 && flags >= 0 && flags <= 255)
      } catch (error) {
        if (!(error instanceof PeerError && error.code === 'WIRE_PEX')) throw error
      }
    }),
  )
})

test('a peer exchange is read as it was written', () => {
  const list = fc.uniqueArray(v4, { maxLength: MAX_PEX_CONTACTS, selector: ({ host }) => host })
  fc.assert(
    fc.property(list, list, (added, dropped) => {
      const message = { added: added.map((endpoint, i) => ({ endpoint, flags: i & 31 })), dropped }
      assert.deepEqual(decodePex(encodePex(message)), message)
    }),
  )
})

test('an announce is read within bounds or not at all, whatever the bytes', () => {
  const line = fc.constantFrom(
    ...[
      'BT-SEARCH * HTTP/1.1',
      'Port: 1',
      'Port: -1',
      `Infohash: ${'a'.repeat(40)}`,
      'Infohash:',
      'cookie: \0',
      '',
    ],
  )
  const announceLike = fc.array(line, { maxLength: 200 }).map((lines) => Buffer.from(lines.join('\r\n')))
  fc.assert(
    fc.property(fc.oneof(bytes, announceLike), (datagram) => {
      const search = decodeLocalSearch(datagram)
      if (search === undefined) return
      assert.ok(search.port >= 1 && search.port <= 65_535)
      assert.ok(search.infoHashes.length >= 1 && search.infoHashes.length <= 64)
      for (const infoHash of search.infoHashes) assert.match(infoHash, /^[\da-f]{40}$/)
    }),
  )
})

test('an announce is read as it was written', () => {
  const infoHash = fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .map((id) => Buffer.from(id).toString('hex'))
  const infoHashes = fc.uniqueArray(infoHash, { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(port, infoHashes, (listenPort, hashes) => {
      const search = { port: listenPort, infoHashes: hashes, cookie: 'c' }
      assert.deepEqual(decodeLocalSearch(encodeLocalSearch(LOCAL_GROUPS.v4, search)), search)
    }),
  )
})
