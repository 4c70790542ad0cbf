import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ByteStream, ByteStreamHandler } from '../../../src/net/byte-stream.ts'
import type { Connect } from '../../../src/peer/dialer.ts'
import { Dialer } from '../../../src/peer/dialer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingHandler, turn, until } from '../../support/stream-pair.ts'
import { TcpListener } from '../../../src/net/tcp-listener.ts'
import { systemClock } from '../../../src/common/clock.ts'
import { THEIRS, makePeer } from '../../support/peer-pair.ts'

interface Dialed {
  readonly handler: ByteStreamHandler
  readonly onConnect: () => void
  isClosed: boolean
}

/** Dials that wait for the test to say how they end. */
function manualConnect(): { connect: Connect; dials: Dialed[] } {
  const dials: Dialed[] = []
  const connect: Connect = (remote, attach, { onConnect }) => {
    const stream: ByteStream = {
      remote,
      bufferedBytes: 0,
      write: () => true,
      cork: () => undefined,
      uncork: () => undefined,
      pause: () => undefined,
      resume: () => undefined,
      end: () => undefined,
      close: () => {
        dialed.isClosed = true
      },
    }
    const dialed: Dialed = { handler: attach(stream), onConnect, isClosed: false }
    dials.push(dialed)
    return stream
  }
  return { connect, dials }
}

const ENDPOINT = { host: '127.0.0.1', port: 9 }

function setup(options: { maxHalfOpen?: number; perSecond?: number } = {}) {
  const clock = new FakeClock()
  const { connect, dials } = manualConnect()
  const dialer = new Dialer({ clock, connect, ...options })
  const dial = (): ReturnType<typeof makePeer> => {
    const peer = makePeer({ isInbound: false, clock })
    dialer.dial(ENDPOINT, peer.connection)
    return peer
  }
  return { clock, dials, dialer, dial }
}

test('at most 30 dials begin in a second, and as many at once after a quiet one', async () => {
  const { clock, dialer, dial, dials } = setup()
  assert.equal(dialer.freeSlots, 30)
  for (let i = 0; i < 30; i++) dial()
  assert.equal(dialer.freeSlots, 0)
  assert.deepEqual(dial().failures, ['PEER_DIAL_NO_SLOT'])
  await clock.advance(100)
  assert.equal(dialer.freeSlots, 3)
  await clock.advance(60_000)
  assert.equal(dialer.freeSlots, 30)
  assert.equal(dials.length, 30)
})

test('dials that led to a peer do not count towards the 30', () => {
  const { dialer, dial } = setup()
  for (let i = 0; i < 20; i++) dial()
  for (let i = 0; i < 15; i++) dialer.onPeerFound()
  assert.equal(dialer.freeSlots, 25)
  for (let i = 0; i < 15; i++) dialer.onPeerFound()
  assert.equal(dialer.freeSlots, 30)
})

test('at most 50 dials are under way, and each end of one frees its slot', async () => {
  const { clock, dialer, dial, dials } = setup({ perSecond: 1000 })
  const peers = Array.from({ length: 50 }, dial)
  assert.equal(dialer.freeSlots, 0)
  assert.equal(dialer.halfOpenCount, 50)
  dials[0]!.onConnect()
  assert.equal(peers[0]!.connection.phase, 'handshaking')
  assert.equal(dialer.freeSlots, 1)
  dials[1]!.handler.onClose(new Error('refused'))
  assert.deepEqual(peers[1]!.failures, ['PEER_DIAL_FAILED'])
  assert.equal(dialer.freeSlots, 2)
  dials[0]!.handler.onClose(undefined)
  assert.equal(dialer.freeSlots, 2)
  await clock.advance(10_000)
  assert.equal(dialer.freeSlots, 50)
})

test('a dial without an answer is given up after 10 s', async () => {
  const { clock, dialer, dial, dials } = setup()
  const peer = dial()
  await clock.advance(9_999)
  assert.deepEqual(peer.failures, [])
  await clock.advance(1)
  assert.deepEqual(peer.failures, ['PEER_DIAL_TIMEOUT'])
  assert.match(peer.reason?.message ?? '', /127\.0\.0\.1:9 in 10 s/)
  assert.equal(dials[0]!.isClosed, true)
  assert.equal(dialer.halfOpenCount, 0)
  assert.equal(clock.timerCount, 0)
  dials[0]!.onConnect()
  dials[0]!.handler.onClose(undefined)
  assert.deepEqual(peer.failures, ['PEER_DIAL_TIMEOUT'])
})

test('a connection that stands is no longer timed by the dialer', async () => {
  const { clock, dial, dials } = setup()
  const peer = dial()
  await clock.advance(9_000)
  dials[0]!.onConnect()
  await clock.advance(2_000)
  assert.equal(peer.connection.phase, 'handshaking')
  assert.equal(peer.connection.rttMs, 9_000)
  await clock.advance(8_000)
  assert.deepEqual(peer.failures, ['PEER_HANDSHAKE_TIMEOUT'])
})

test('close gives up what is under way and begins nothing more', () => {
  const { clock, dialer, dial, dials } = setup()
  const [under, standing] = [dial(), dial()]
  dials[1]!.onConnect()
  dialer.close()
  assert.deepEqual(under.failures, ['PEER_DIAL_CANCELLED'])
  assert.equal(standing.connection.phase, 'handshaking')
  assert.equal(dialer.freeSlots, 0)
  assert.deepEqual(dial().failures, ['PEER_DIAL_NO_SLOT'])
  standing.connection.close(under.reason!)
  assert.equal(clock.timerCount, 0)
})

test('a connect that throws is a failed dial', () => {
  const clock = new FakeClock()
  const connect: Connect = () => {
    throw new Error('no descriptors')
  }
  const dialer = new Dialer({ clock, connect })
  const peer = makePeer({ isInbound: false, clock })
  dialer.dial(ENDPOINT, peer.connection)
  assert.deepEqual(peer.failures, ['PEER_DIAL_FAILED'])
  assert.equal(dialer.halfOpenCount, 0)
  assert.equal(clock.timerCount, 0)
})

test('over TCP: a refused dial fails with the system error, an answered one opens', async () => {
  const listening = makePeer({ ours: THEIRS })
  const listener = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: ['127.0.0.1'],
    attach: listening.connection.attach,
  })
  const gone = await TcpListener.open({
    ports: { first: 0, last: 0 },
    hosts: ['127.0.0.1'],
    attach: new RecordingHandler().attach,
  })
  await gone.close()
  const dialer = new Dialer({ clock: systemClock })
  const refused = makePeer({ isInbound: false })
  const answered = makePeer({ isInbound: false })
  dialer.dial({ host: '127.0.0.1', port: gone.port }, refused.connection)
  dialer.dial({ host: '127.0.0.1', port: listener.port }, answered.connection)
  await until(() => refused.failures.length > 0 && answered.calls.includes('onOpen'))
  assert.deepEqual(refused.failures, ['PEER_DIAL_FAILED'])
  assert.equal((refused.reason?.cause as NodeJS.ErrnoException).code, 'ECONNREFUSED')
  assert.equal(dialer.halfOpenCount, 0)
  dialer.close()
  await listener.close()
  await until(() => answered.connection.phase === 'closed')
  await turn()
})
