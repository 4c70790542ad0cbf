import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TrackerError } from '../../../src/common/errors.ts'
import { UdpLinks } from '../../../src/tracker/udp-links.ts'
import { UdpTracker } from '../../../src/tracker/udp-tracker.ts'
import { writeConnectResponse } from '../../../src/tracker/udp-codec.ts'
import { writeAnnounceResponse } from '../../support/udp-answers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeUdp, NEVER, REQUEST, type SentPacket } from './fake-udp.ts'

const URL = 'udp://203.0.113.5:6969/announce'
const ANSWER = { intervalSeconds: 900, seederCount: 1, leecherCount: 0, endpoints: [] }

function connectAnswer({ reply, transactionId }: SentPacket): void {
  reply(writeConnectResponse(transactionId, Buffer.alloc(8, 7)))
}

function politely(packet: SentPacket): void {
  if (packet.action === 'connect') connectAnswer(packet)
  else packet.reply(writeAnnounceResponse(packet.transactionId, ANSWER))
}

/** The trackers of several torrents of one session. */
function setup(...urls: readonly string[]) {
  const clock = new FakeClock()
  const udp = new FakeUdp(clock)
  const links = new UdpLinks({ clock, connect: udp.connect })
  const trackers = urls.map((url) => new UdpTracker(url, { links }))
  return { clock, udp, links, trackers }
}

test('torrents of one tracker share its socket and its connection id', async () => {
  const { udp, links, trackers, clock } = setup(URL, URL, 'udp://203.0.113.6:6969')
  udp.onSend = politely
  for (const tracker of trackers) await tracker.announce(REQUEST, NEVER)
  assert.equal(udp.story, 'connect@0 announce@0 announce@0 connect@0 announce@0')
  assert.equal(udp.openCount, 2)
  links.close()
  assert.deepEqual([udp.openCount, clock.timerCount], [0, 0])
})

test('a torrent that ends takes its own question back, and leaves the others theirs', async () => {
  const { udp, trackers, clock } = setup(URL, URL)
  udp.onSend = (packet) => {
    if (packet.action === 'connect') connectAnswer(packet)
  }
  const [ending, other] = trackers.map(async (tracker) => tracker.announce(REQUEST, NEVER))
  await clock.advance(0)
  trackers[0]!.close()
  await assert.rejects(ending!, (error) => error instanceof TrackerError && error.code === 'TRACKER_ABORTED')
  const packet = udp.sent.at(-1)!
  packet.reply(writeAnnounceResponse(packet.transactionId, ANSWER))
  assert.equal((await other!).intervalSeconds, 900)
})

test('a socket without questions closes when its connection id has aged', async () => {
  const { udp, trackers, clock } = setup(URL)
  udp.onSend = politely
  await trackers[0]!.announce(REQUEST, NEVER)
  trackers[0]!.close()
  await clock.advance(59_000)
  assert.equal(udp.openCount, 1)
  await clock.advance(1000)
  assert.deepEqual([udp.openCount, clock.timerCount], [0, 0])
})

test('addresses that nobody asks any more are forgotten', async () => {
  const { udp, links, clock } = setup()
  udp.onSend = politely
  const to = (port: number): UdpTracker => new UdpTracker(`udp://203.0.113.5:${port}`, { links })
  for (let port = 1; port <= 100; port++) await to(port).announce(REQUEST, NEVER)
  assert.equal(udp.openCount, 100)
  const first = links.to({ host: '203.0.113.5', port: 1 })
  await clock.advance(60_000)
  assert.equal(udp.openCount, 0)
  await to(101).announce(REQUEST, NEVER)
  assert.notEqual(links.to({ host: '203.0.113.5', port: 1 }), first)
})
