import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decode, encode } from '../../src/bencode/codec.ts'
import { formatEndpoint } from '../../src/common/endpoint.ts'
import { TrackerError } from '../../src/common/errors.ts'
import {
  announceTarget,
  failureReasonOf,
  percentEncode,
  readAnnounceBody,
  readScrapeBody,
} from '../../src/tracker/http-codec.ts'
import {
  HttpService,
  readAnnounceQuery,
  readScrapeQuery,
  writeScrapeBody,
} from '../../src/tracker/http-service.ts'
import { TrackerDesk } from '../../src/tracker/tracker-desk.ts'
import { maskUrl } from '../../src/tracker/mask-url.ts'

/** Plain objects, so that deepEqual compares them with ours. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true })
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array))
const count = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const port = fc.integer({ min: 1, max: 65535 })
const participant = record({
  endpoint: record({ host: fc.ipV4(), port }),
  peerId: bytes(20),
  isSeed: fc.boolean(),
})
const counts = record({ seederCount: count, completedCount: count, leecherCount: count })

test('our tracker reads the query that our client wrote', () => {
  const request = record({
    infoHash: bytes(20),
    peerId: bytes(20),
    key: count,
    port,
    uploadedBytes: count,
    downloadedBytes: count,
    leftBytes: count,
    event: fc.constantFrom('none', 'started', 'completed', 'stopped'),
    numWant: count,
  })
  fc.assert(
    fc.property(request, bytes(12), (announce, trackerId) => {
      const target = announceTarget(new URL('http://t.example/announce?x=1'), announce, trackerId)
      assert.match(target, /^\/announce\?x=1&[A-Za-z0-9._~%&=-]+$/)
      const { infoHash, peerId, event, leftBytes, numWant } = announce
      const expected = {
        infoHash,
        peerId,
        port: announce.port,
        event,
        leftBytes,
        numWant,
        isCompact: true,
        hasPeerIds: false,
      }
      assert.deepEqual(readAnnounceQuery(target.slice(target.indexOf('?') + 1)), expected)
      assert.deepEqual(readScrapeQuery(`info_hash=${percentEncode(infoHash)}`), [infoHash])
    }),
    { numRuns: 100 },
  )
})

/** An HTTP side with a registry of its own. */
function newService(): HttpService {
  const desk = new TrackerDesk({
    intervalSeconds: 99,
    limits: { maxPeers: 1000 },
    nowMs: () => 0,
    random: () => 0.5,
    key: Uint32Array.of(1, 2, 3, 4),
    failWith: undefined,
    isAllowed: undefined,
  })
  return new HttpService(desk, undefined)
}

test('our client reads whom our tracker names, compact or not', () => {
  const query = `info_hash=${'h'.repeat(20)}&peer_id=${'p'.repeat(20)}`
  fc.assert(
    fc.property(fc.array(participant, { maxLength: 20 }), fc.boolean(), (peers, isCompact) => {
      const service = newService()
      const known = new Map<string, boolean>()
      for (const { endpoint, isSeed } of peers) {
        service.answer('/announce', `${query}&port=${endpoint.port}&left=${isSeed ? 0 : 1}`, endpoint.host)
        known.set(formatEndpoint(endpoint), isSeed)
      }
      const own = `${query}&port=1&left=1&numwant=200&compact=${isCompact ? 1 : 0}`
      const answer = readAnnounceBody(service.answer('/announce', own, '192.0.2.77')!)
      assert.deepEqual(answer.endpoints.map(formatEndpoint).toSorted(), [...known.keys()].toSorted())
      const seederCount = [...known.values()].filter((isSeed) => isSeed).length
      assert.deepEqual(
        [answer.intervalSeconds, answer.seederCount, answer.leecherCount],
        [99, seederCount, known.size - seederCount + 1],
      )
    }),
    { numRuns: 100 },
  )
})

test('whatever is asked, our tracker answers with a small dictionary or not at all', () => {
  const service = newService()
  const field = fc.constantFrom(
    'info_hash',
    'peer_id',
    'port',
    'left',
    'event',
    'numwant',
    'compact',
    'ip',
    'x',
  )
  const some = fc.oneof(
    fc.string(),
    fc.constantFrom('%00'.repeat(20), 'a'.repeat(20), '1', '-1', '9'.repeat(30), 'started', '%', '%zz'),
  )
  const pairs = fc.array(
    fc.tuple(field, some).map(([name, text]) => `${name}=${text}`),
    { maxLength: 12 },
  )
  const query = fc.oneof(
    fc.string({ maxLength: 300 }),
    pairs.map((list) => list.join('&')),
  )
  fc.assert(
    fc.property(fc.constantFrom('/announce', '/scrape', '/', '/x'), query, (path, text) => {
      const answer = service.answer(path, text, '::1')
      assert.equal(answer === undefined, path === '/' || path === '/x')
      assert.ok((answer?.length ?? 0) < 10_000)
      if (answer !== undefined) decode(answer)
    }),
    { numRuns: 500 },
  )
})

test('a scrape finds its torrent among others, whatever bytes their info-hashes have', () => {
  const file = fc.tuple(bytes(20), counts)
  const files = fc.uniqueArray(file, {
    minLength: 1,
    maxLength: 8,
    selector: ([hash]) => hash.toString('hex'),
  })
  fc.assert(
    fc.property(files, fc.nat(), (entries, pick) => {
      const [infoHash, expected] = entries[pick % entries.length]!
      const [hashes, all] = [entries.map(([hash]) => hash), entries.map(([, each]) => each)]
      assert.deepEqual(readScrapeBody(writeScrapeBody(hashes, all), infoHash), expected)
    }),
    { numRuns: 100 },
  )
})

/** Random bytes, and bencoded dictionaries with the right names and the wrong values. */
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.constant({ ip: 5, port: 'x' }),
)
const names = fc.constantFrom(
  'interval',
  'min interval',
  'peers',
  'peers6',
  'complete',
  'failure reason',
  'tracker id',
  'files',
  'warning message',
)
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
  fc.dictionary(names, value).map((fields) => encode(fields as Parameters<typeof encode>[0])),
)

test('whatever a tracker answers, it is an answer or a TrackerError, and its numbers are bounded', () => {
  fc.assert(
    fc.property(body, (received) => {
      failureReasonOf(received)
      for (const read of [
        () => readAnnounceBody(received),
        () => readScrapeBody(received, Buffer.alloc(20)),
      ]) {
        try {
          const answer = read()
          for (const number of Object.values(answer).filter((field) => typeof field === 'number')) {
            assert.ok(Number.isSafeInteger(number) && number >= 0)
          }
        } catch (error) {
          if (!(error instanceof TrackerError)) throw error
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('masking works on anything and hides every password', () => {
  fc.assert(
    fc.property(fc.string(), fc.stringMatching(/^[a-z]{12}$/), (text, password) => {
      maskUrl(text)
      assert.ok(!maskUrl(`http://user:${password}@t.example/${encodeURIComponent(text)}`).includes(password))
    }),
    { numRuns: 200 },
  )
})
