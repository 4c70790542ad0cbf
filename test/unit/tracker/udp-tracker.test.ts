import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { KnownError } from '../../../src/common/errors.ts'
import { UdpTracker, type UdpTrackerOptions } from '../../../src/tracker/udp-tracker.ts'
import type { AnnounceResponse } from '../../../src/tracker/tracker.ts'
import {
  writeConnectResponse,
  writeErrorResponse,
  writeScrapeResponse,
} from '../../../src/tracker/udp-codec.ts'
import { writeAnnounceResponse } from '../../support/udp-answers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { endpoints, FakeUdp, NEVER, REQUEST, type SentPacket } from './fake-udp.ts'

const CONNECTION_ID = Buffer.from('c0ffee00c0ffee00', 'hex')
const ANSWER = { intervalSeconds: 1800, leecherCount: 1, seederCount: 2, endpoints: endpoints(2) }

function connectAnswer({ reply, transactionId }: SentPacket): void {
  reply(writeConnectResponse(transactionId, CONNECTION_ID))
}

function announceAnswer({ reply, transactionId }: SentPacket): void {
  reply(writeAnnounceResponse(transactionId, ANSWER))
}

/** A tracker on a fake network whose behaviour is `onSend`. */
function setup(
  onSend: (packet: SentPacket) => void = () => undefined,
  options: UdpTrackerOptions & { url?: string } = {},
) {
  const clock = new FakeClock()
  const udp = new FakeUdp(clock)
  udp.onSend = onSend
  const url = options.url ?? 'udp://203.0.113.5:6969/announce'
  const tracker = new UdpTracker(url, { clock, connect: udp.connect, ...options })
  const abort = new AbortController()
  const outcome: { answer?: AnnounceResponse; error?: KnownError } = {}
  const announce = async (): Promise<void> =>
    tracker.announce(REQUEST, abort.signal).then(
      (answer) => {
        outcome.answer = answer
      },
      (error: unknown) => {
        outcome.error = error as KnownError
      },
    )
  return { clock, udp, tracker, abort, outcome, announce }
}

const politely = (packet: SentPacket): void => {
  if (packet.action === 'connect') connectAnswer(packet)
  else announceAnswer(packet)
}

describe('a UDP tracker', () => {
  test('is connected to, asked, and its answer carries where it came from', async () => {
    const { udp, announce, outcome } = setup(politely)
    await announce()
    assert.equal(udp.story, 'connect@0 announce@0')
    assert.deepEqual(outcome.answer, {
      ...ANSWER,
      minIntervalSeconds: undefined,
      warning: undefined,
      scope: 'public',
    })
    assert.deepEqual(udp.sent[1]!.bytes.subarray(0, 8), CONNECTION_ID)
  })

  test('that never answers is asked again after 15, 30 ... 3840 s, and then counts as failed', async () => {
    const { clock, udp, announce, outcome } = setup()
    const over = announce()
    await clock.advance(8000_000)
    await over
    const times = udp.sent.map(({ atSeconds }) => atSeconds)
    assert.deepEqual(times, [0, 15, 45, 105, 225, 465, 945, 1905, 3825])
    assert.deepEqual(
      [outcome.error?.code, outcome.error?.message],
      ['TRACKER_TIMEOUT', 'no answer in 7665 s'],
    )
    assert.equal(udp.openCount, 0)
    assert.equal(clock.timerCount, 0)
  })

  test('that goes silent after connecting is connected to anew once its id is a minute old (BEP 15 example)', async () => {
    const { clock, udp, announce } = setup()
    udp.onSend = (packet) => {
      if (packet.action === 'connect' && packet.atSeconds === 0)
        clock.after(1000, () => {
          connectAnswer(packet)
        })
    }
    const over = announce()
    await clock.advance(400_000)
    // The announce leaves at 1 s here (the example takes a second more): 1 + 15, + 30, + 60, + 120.
    assert.equal(udp.story, 'connect@0 announce@1 announce@16 announce@46 connect@106 connect@226')
    udp.onSend = politely
    await clock.advance(100_000)
    await over
    assert.ok(udp.story.endsWith('connect@466 announce@466'), udp.story)
  })

  test('waits go on doubling through both steps: n carries on from connect to announce', async () => {
    const { clock, udp, announce } = setup((packet) => {
      if (packet.action === 'connect' && packet.atSeconds >= 45) connectAnswer(packet)
    })
    const over = announce()
    await clock.advance(8000_000)
    await over
    assert.deepEqual(udp.story.split(' ').slice(0, 7), [
      'connect@0',
      'connect@15',
      'connect@45',
      'announce@45',
      'connect@105',
      'announce@105',
      'connect@225',
    ])
  })

  test('a lost first answer costs 15 s, a duplicated one nothing', async () => {
    let lost = 0
    const { clock, udp, announce, outcome } = setup((packet) => {
      if (packet.action === 'connect') {
        connectAnswer(packet)
        connectAnswer(packet)
      } else if (lost++ > 0) {
        announceAnswer(packet)
        announceAnswer(packet)
      }
    })
    const over = announce()
    await clock.advance(15_000)
    await over
    assert.equal(udp.story, 'connect@0 announce@0 announce@15')
    assert.equal(outcome.answer?.endpoints.length, 2)
    assert.equal(udp.sent[1]!.transactionId, udp.sent[2]!.transactionId)
  })

  test('packets with a wrong id, a wrong action or too few bytes are ignored, and the true answer taken', async () => {
    const { udp, announce, outcome } = setup((packet) => {
      const { reply, transactionId } = packet
      reply(Buffer.alloc(0))
      reply(Buffer.alloc(7))
      reply(writeErrorResponse((transactionId ^ 1) >>> 0, 'not for you'))
      reply(writeConnectResponse((transactionId ^ 1) >>> 0, Buffer.alloc(8)))
      reply(writeScrapeResponse(transactionId, [{ seederCount: 1, completedCount: 1, leecherCount: 1 }]))
      reply(writeAnnounceResponse(transactionId, ANSWER).subarray(0, 19))
      reply(Buffer.alloc(65_000, 7))
      politely(packet)
    })
    await announce()
    assert.equal(udp.story, 'connect@0 announce@0')
    assert.equal(outcome.error, undefined)
    assert.equal(outcome.answer?.intervalSeconds, 1800)
  })

  test('that says no is quoted, cut to 512 characters', async () => {
    const { announce, outcome, udp, clock } = setup(({ action, reply, transactionId, ...rest }) => {
      if (action === 'connect') connectAnswer({ action, reply, transactionId, ...rest })
      else reply(writeErrorResponse(transactionId, `\u001b[31mno ${'x'.repeat(9000)}`))
    })
    await announce()
    assert.equal(outcome.error?.code, 'TRACKER_REFUSED')
    assert.equal(outcome.error.message.length, 512)
    assert.equal(outcome.answer, undefined)
    await clock.advance(60_000)
    assert.equal(udp.openCount, 0)
  })

  test('that forgot our connection id is connected to once more, not for ever', async () => {
    const { udp, announce, outcome } = setup((packet) => {
      if (packet.action === 'connect') connectAnswer(packet)
      else packet.reply(writeErrorResponse(packet.transactionId, 'Connection ID missmatch.\0'))
    })
    await announce()
    assert.equal(udp.story, 'connect@0 announce@0 connect@0 announce@0')
    assert.equal(outcome.error?.code, 'TRACKER_REFUSED')
  })

  test('keeps its connection id for a minute, then asks anew and has closed its socket meanwhile', async () => {
    const { clock, udp, announce } = setup(politely)
    await announce()
    await clock.advance(59_000)
    await announce()
    assert.equal(udp.story, 'connect@0 announce@0 announce@59')
    assert.equal(udp.openCount, 1)
    await clock.advance(1000)
    assert.equal(udp.openCount, 0)
    await announce()
    assert.ok(udp.story.endsWith('connect@60 announce@60'))
  })

  test('gives counters of a scrape', async () => {
    const counts = { seederCount: 3, completedCount: 4, leecherCount: 5 }
    const { tracker } = setup((packet) => {
      if (packet.action === 'connect') connectAnswer(packet)
      else packet.reply(writeScrapeResponse(packet.transactionId, [counts]))
    })
    assert.deepEqual(await tracker.scrape(REQUEST.infoHash, NEVER), counts)
  })

  test('hears the path of its URL when that is not the usual one (BEP 41)', async () => {
    for (const [url, data] of [
      ['udp://203.0.113.5:80/announce', ''],
      ['udp://203.0.113.5:80', ''],
      ['udp://203.0.113.5:80/key?a=b', '\x02\x08/key?a=b'],
    ] as const) {
      const { announce, udp } = setup(politely, { url })
      await announce()
      assert.equal(udp.sent[1]!.bytes.subarray(98).toString(), data)
    }
  })

  test('with a closed port fails at once and says so', async () => {
    const { udp, announce, outcome, clock } = setup()
    udp.deadHosts.add('203.0.113.5')
    await announce()
    assert.deepEqual(
      [outcome.error?.code, outcome.error?.message],
      ['TRACKER_UNREACHABLE', 'connection refused by 203.0.113.5:6969'],
    )
    assert.deepEqual([udp.openCount, clock.timerCount], [0, 0])
  })

  test('an abort ends it at once and leaves nothing behind', async () => {
    for (const when of ['before', 'during', 'closed'] as const) {
      const { clock, udp, announce, outcome, abort, tracker } = setup()
      if (when === 'before') abort.abort()
      const over = announce()
      await clock.advance(20_000)
      if (when === 'closed') tracker.close()
      else abort.abort()
      await over
      assert.equal(outcome.error?.code, 'TRACKER_ABORTED', when)
      assert.deepEqual([udp.openCount, clock.timerCount], [0, 0], when)
    }
  })
})

describe('a UDP tracker with a name', () => {
  const url = 'udp://tracker.example:6969/announce'
  const both = async (): Promise<string[]> => Promise.resolve(['2001:db8::1', '203.0.113.5'])

  test('answers over IPv6 in the long form, by the family of the socket', async () => {
    const v6 = { ...ANSWER, endpoints: [{ host: '2001:db8::99', port: 7 }] }
    const { announce, outcome } = setup(
      (packet) => {
        if (packet.action === 'connect') connectAnswer(packet)
        else packet.reply(writeAnnounceResponse(packet.transactionId, v6))
      },
      { url, resolve: both },
    )
    await announce()
    assert.deepEqual(outcome.answer?.endpoints, v6.endpoints)
  })

  test('whose first address refuses is asked at the next at once, and there first from then on', async () => {
    const { announce, outcome, udp } = setup(politely, { url, resolve: both })
    udp.deadHosts.add('2001:db8::1')
    await announce()
    await announce()
    assert.equal(outcome.error, undefined)
    assert.deepEqual(
      udp.sent.map(({ to, action }) => `${action} ${to.host}`),
      ['connect 2001:db8::1', 'connect 203.0.113.5', 'announce 203.0.113.5', 'announce 203.0.113.5'],
    )
  })

  test('whose first address is silent is asked at the next after 5 s, and the loser is called off', async () => {
    const { announce, clock, udp } = setup(
      (packet) => {
        if (packet.to.host === '203.0.113.5') politely(packet)
      },
      { url, resolve: both },
    )
    const over = announce()
    await clock.advance(5000)
    await over
    assert.equal(udp.story, 'connect@0 connect@5 announce@5')
    assert.equal(udp.openCount, 1)
  })

  test('that does not exist, or whose DNS is silent for 5 s, fails in those words', async () => {
    const missing = async (): Promise<string[]> =>
      Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }))
    const gone = setup(undefined, { url, resolve: missing })
    await gone.announce()
    assert.deepEqual(
      [gone.outcome.error?.code, gone.outcome.error?.message],
      ['TRACKER_NO_SUCH_HOST', 'no such host tracker.example'],
    )
    const silent = setup(undefined, { url, resolve: async () => new Promise<string[]>(() => undefined) })
    const over = silent.announce()
    await silent.clock.advance(5000)
    await over
    assert.equal(silent.outcome.error?.code, 'TRACKER_DNS_FAILED')
    assert.equal(silent.clock.timerCount, 0)
  })

  test("at an address that is nobody's is not asked", async () => {
    const { announce, outcome, udp } = setup(politely, {
      url,
      resolve: async () => Promise.resolve(['224.0.0.1', '0.0.0.0']),
    })
    await announce()
    assert.equal(outcome.error?.code, 'TRACKER_ADDRESS_REFUSED')
    assert.equal(udp.sent.length, 0)
  })

  test('with 500 addresses is tried at eight', async () => {
    const many = Array.from({ length: 500 }, (_, i) => `203.0.113.${i % 250}`)
    const { announce, udp, clock, abort } = setup(undefined, {
      url,
      resolve: async () => Promise.resolve(many),
    })
    const over = announce()
    await clock.advance(60_000)
    assert.equal(new Set(udp.sent.map(({ to }) => to.host)).size, 8)
    abort.abort()
    await over
    assert.deepEqual([udp.openCount, clock.timerCount], [0, 0])
  })
})
