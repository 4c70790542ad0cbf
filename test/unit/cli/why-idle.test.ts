import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TrackerStatus } from '../../../src/tracker/tracker.ts'
import { barReasons, describePeers, trackerFailures, whyIdle } from '../../../src/cli/why-idle.ts'
import { makePeers as peers, makeSnapshot, makeTracker } from './fake-session.ts'

test('what the peers do', () => {
  assert.equal(describePeers(peers({ connected: 3, known: 9 })), '3 peers, all choking')
  assert.equal(describePeers(peers({ connected: 1 })), '1 peer, choking')
  assert.equal(describePeers(peers({ connected: 3, unchoking: 1 })), '3 peers, none sends')
  assert.equal(
    describePeers(peers({ connected: 1, unchoking: 1, banned: 2 })),
    '1 peer, sends nothing, 2 banned',
  )
  assert.equal(describePeers(peers({ known: 50, dialing: 5 })), 'calling 5 of 50 addresses')
  assert.equal(describePeers(peers({ known: 1 })), '1 address, does not answer')
  assert.equal(describePeers(peers({})), 'no peers known')
  assert.equal(
    describePeers(peers({ known: 9, fromPeers: 4, fromLocalNetwork: 1 })),
    '9 addresses, none answers (4 from peers, 1 on the local network)',
  )
  assert.equal(describePeers(peers({ connected: 3, known: 9, fromPeers: 4 })), '3 peers, all choking')
  assert.equal(
    describePeers(peers({ blocked: 1200, unreachable: 3 })),
    'no peers known, 1,200 in the blocklist, 3 of the other IP version',
  )
})

test('a stall names the peers, the tracker that tells most, and its next try', () => {
  const working = makeTracker({ seederCount: 412, nextAnnounceInMs: 24_100 })
  const failing = makeTracker({ url: 'http://other.example/a', state: 'failing', lastError: 'timed out' })
  const snapshot = makeSnapshot({ peers: peers({ connected: 3 }), trackers: [failing, working] })
  assert.equal(
    whyIdle(snapshot),
    '3 peers, all choking; tracker.example: 412 seeds, next try in 25 s (and 1 more tracker)',
  )
  assert.match(whyIdle(makeSnapshot({ trackers: [failing] })), /; other\.example: timed out$/)
  assert.match(whyIdle(makeSnapshot()), /; no trackers$/)
  assert.match(
    whyIdle(makeSnapshot({ asksLocalNetwork: true })),
    /; no trackers, the local network is asked$/,
  )
})

test('where no peer is known, a bar tells what the trackers do', () => {
  const failing = makeTracker({ state: 'failing', lastError: 'timed out' })
  const refused = makeTracker({ state: 'refused', lastError: 'no' })
  const asked = makeTracker({ state: 'announcing' })
  const reason = (...trackers: TrackerStatus[]): string => barReasons(makeSnapshot({ trackers }))[0]
  assert.equal(reason(), 'no peers known')
  assert.equal(reason(makeTracker()), 'tracker: no peers')
  assert.equal(reason(failing, makeTracker()), 'trackers: no peers')
  assert.equal(reason(refused), 'tracker refuses')
  assert.equal(reason(refused, failing), 'trackers fail')
  assert.equal(reason(asked), 'asking tracker')
  const known = makeSnapshot({ peers: peers({ known: 3 }), trackers: [failing] })
  assert.deepEqual(barReasons(known), ['none of 3 answers', 'no answer'])
})

test('what stands in a bar has room in one, however many peers there are', () => {
  const counts = [
    { connected: 1, known: 1 },
    { connected: 200, known: 4000 },
    { connected: 200, unchoking: 3, known: 4000 },
    { dialing: 30, known: 4000 },
    { known: 4000 },
    {},
  ]
  const reasons = counts.map((fields) => barReasons(makeSnapshot({ peers: peers(fields) })))
  assert.deepEqual(
    reasons.map(([reason]) => reason),
    [
      'the peer chokes',
      'all 200 peers choke',
      '200 peers, no data',
      'calling 30 of 4,000',
      'none of 4,000 answers',
      'no peers known',
    ],
  )
  for (const [, brief] of reasons) assert.ok(brief.length <= 9)
})

test('a tracker without counts is told by its answer', () => {
  const tracker = makeTracker({ endpointCount: 0, nextAnnounceInMs: 60_000 })
  assert.match(
    whyIdle(makeSnapshot({ trackers: [tracker] })),
    /example: answered with 0 peers, next try in 60 s$/,
  )
})

test('a refusal gives its reason, cut when it is endless', () => {
  const refused = makeTracker({ state: 'refused', lastError: 'x'.repeat(5_000_000) })
  const text = whyIdle(makeSnapshot({ trackers: [refused] }))
  assert.match(text, /tracker\.example: refused: xxx/)
  assert.ok(text.length < 300)
})

test('at the end each tracker has a line of its own', () => {
  assert.deepEqual(trackerFailures([]), [])
  assert.deepEqual(
    trackerFailures([
      makeTracker({ state: 'failing', lastError: 'no answer after 15 s' }),
      makeTracker({ url: 'http://b/', endpointCount: 0 }),
      makeTracker({ url: 'http://c/', state: 'announcing' }),
    ]),
    [
      'udp://tracker.example:6969/announce: no answer after 15 s',
      'http://b/: answered with 0 peers',
      'http://c/: no answer yet',
    ],
  )
})
