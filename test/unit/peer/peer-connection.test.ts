import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenPair } from '../../support/stream-pair.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { PeerError } from '../../../src/common/errors.ts'
import { THEIRS, handshake, makePeer, openPeers, openScripted } from '../../support/peer-pair.ts'
import { openMemoryPair, openTcpPair, turn, until } from '../../support/stream-pair.ts'
import { writeHandshake } from '../../../src/wire/handshake.ts'

const HANDSHAKE_HEX = writeHandshake(THEIRS).toString('hex')

for (const [name, openPair] of [
  ['memory', openMemoryPair],
  ['TCP', openTcpPair('shared')],
  ['TCP by data events', openTcpPair('data')],
] as const satisfies readonly (readonly [string, OpenPair])[]) {
  test(`${name}: two connections open and say all there is to say, both ways`, async () => {
    const { dialer, listener, dispose } = await openPeers({}, {}, openPair)
    await until(() => dialer.calls.length > 0 && listener.calls.length > 0)
    for (const { connection } of [dialer, listener]) {
      assert.equal(connection.phase, 'open')
      assert.equal(connection.supportsFast, true)
      assert.equal(connection.supportsExtensions, true)
      connection.extensionHandshake({ m: new Map([['ut_x', 3]]), clientName: 'name', requestQueueLimit: 9 })
      connection.bitfield(Buffer.of(0xf0))
      connection.unchoke()
      connection.interested()
      connection.have(7)
      connection.request(1, 16_384, 8192)
      connection.block(1, 2, Buffer.from('abcd', 'hex'))
      connection.cancel(1, 2, 3)
      connection.port(6881)
      connection.allowedFast(5)
      connection.reject(4, 5, 6)
      connection.extended(3, Buffer.of(0xee))
      connection.notInterested()
      connection.choke()
      connection.flush()
    }
    await until(() => dialer.calls.includes('onChoke') && listener.calls.includes('onChoke'))
    for (const { calls, connection } of [dialer, listener]) {
      assert.deepEqual(
        calls.filter((call) => call !== 'onInputEnd' && call !== 'onDrain'),
        [
          'onOpen', 'onExtensionHandshake {"m":{},"clientName":"name","requestQueueLimit":9}', 'onBitfield f0',
          'onUnchoke', 'onInterested', 'onHave 7', 'onRequest 1 16384 8192', 'onBlock 1 2 abcd', 'onCancel 1 2 3',
          'onPort 6881', 'onAllowedFast 5', 'onReject 4 5 6', 'onExtended 3 ee', 'onNotInterested', 'onChoke',
        ], // prettier-ignore
      )
      assert.equal(connection.extension?.m.get('ut_x'), 3)
      assert.equal(connection.clientName, 'name')
      assert.equal(connection.peerHandshake?.infoHash.toString('hex'), 'aa'.repeat(20))
    }
    dialer.connection.close(new PeerError('PEER_USELESS', 'enough'))
    assert.equal(dialer.calls.at(-1), 'onClosed PEER_USELESS')
    await until(() => listener.calls.at(-1)?.startsWith('onClosed') === true)
    assert.equal(listener.calls.at(-1), 'onClosed PEER_CLOSED')
    await dispose()
  })

  test(`${name}: blocks of many requests arrive whole, and bufferedBytes comes back to 0`, async () => {
    const received: Buffer[] = []
    const { dialer, listener, dispose } = await openPeers(
      { handler: { onBlock: (_piece, _offset, data) => received.push(Buffer.from(data)) } },
      {},
      openPair,
    )
    await until(() => listener.calls.includes('onOpen') && dialer.calls.includes('onOpen'))
    const blocks = Array.from({ length: 300 }, (_, i) => Buffer.alloc(16_384, i))
    for (const [i, block] of blocks.entries()) listener.connection.block(i, 0, block)
    assert.equal(listener.connection.bufferedBytes >= 300 * (13 + 16_384), true)
    listener.connection.flush()
    await until(() => received.length === blocks.length)
    assert.ok(Buffer.concat(received).equals(Buffer.concat(blocks)))
    await until(() => listener.connection.bufferedBytes === 0)
    await dispose()
  })
}

test('flags begin as BEP 3 says, follow what is said, and are said only when they change', async () => {
  const peer = await openScripted({}, THEIRS)
  const { connection, heard } = peer
  const flags = (): boolean[] => [
    connection.amChoking,
    connection.amInterested,
    connection.peerChoking,
    connection.peerInterested,
  ]
  assert.deepEqual(flags(), [true, false, true, false])
  const before = heard.byteCount
  connection.choke()
  connection.notInterested()
  connection.flush()
  connection.unchoke()
  connection.unchoke()
  connection.interested()
  connection.interested()
  connection.flush()
  await peer.say('00000001 01 00000001 02')
  assert.deepEqual(flags(), [false, true, false, true])
  assert.equal(heard.received.subarray(before).toString('hex'), '00000001010000000102')
  await peer.say('00000001 00 00000001 03')
  assert.deepEqual(flags(), [false, true, true, false])
})

test('an inbound peer gets our handshake after its own, then what onOpen says', async () => {
  const peer = await openScripted({
    handler: {
      onOpen: () => {
        peer.connection.haveNone()
      },
    },
  })
  assert.equal(peer.heard.byteCount, 0)
  await peer.say(HANDSHAKE_HEX)
  assert.equal(
    peer.heard.received.toString('hex'),
    `${writeHandshake(handshake()).toString('hex')}000000010f`,
  )
  assert.equal(peer.connection.clientName, 'XX 0.0.0.1')
  assert.equal(peer.connection.rttMs, undefined)
})

test('an outbound connection speaks first, and knows how long the dial took', async () => {
  const clock = new FakeClock()
  const dialer = makePeer({ isInbound: false, clock })
  const listener = makePeer({ clock })
  const { dispose } = await openMemoryPair(dialer.connection.attach, listener.connection.attach)
  assert.equal(dialer.connection.phase, 'dialing')
  await clock.advance(80)
  assert.equal(dialer.connection.rttMs, undefined)
  dialer.connection.onConnected()
  assert.equal(dialer.connection.phase, 'handshaking')
  assert.equal(dialer.connection.rttMs, 80)
  assert.equal(dialer.connection.connectedAtMs, clock.now())
  await dispose()
})

test('handshake and messages read the same wherever TCP cuts them', async () => {
  const stream = `${HANDSHAKE_HEX}000000010e 00000000 00000001 01 0000000b 07 00000001 00000002 abcd 00000005 04 00000007`
  const bytes = Buffer.from(stream.replaceAll(' ', ''), 'hex')
  const expected = ['onOpen', 'onHaveAll', 'onUnchoke', 'onBlock 1 2 abcd', 'onHave 7']
  for (let cut = 1; cut < bytes.length; cut++) {
    const peer = await openScripted()
    await peer.say(bytes.toString('hex', 0, cut), bytes.toString('hex', cut))
    assert.deepEqual(
      peer.calls.filter((call) => call !== 'onInputEnd' && call !== 'onDrain'),
      expected,
      `cut at ${cut}`,
    )
  }
  const slow = await openScripted()
  await slow.say(...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')))
  assert.deepEqual(
    slow.calls.filter((call) => call !== 'onInputEnd' && call !== 'onDrain'),
    expected,
  )
})

test('onInputEnd comes once after all messages of a read, and then all answers leave in one write', async () => {
  const peer = await openScripted({
    handler: {
      onHave: (piece) => {
        peer.connection.request(piece, 0, 16_384)
      },
      onInputEnd: () => {
        peer.connection.interested()
      },
    },
  })
  await peer.say(HANDSHAKE_HEX)
  peer.calls.length = 0
  const chunksBefore = peer.heard.chunkCount
  await peer.say('00000005 04 00000001 00000005 04 00000002')
  assert.deepEqual(peer.calls, ['onHave 1', 'onHave 2', 'onInputEnd', 'onDrain'])
  assert.equal(peer.heard.chunkCount, chunksBefore + 1)
})

test('a block that is on its way is the buffer itself: it must not change before onDrain', async () => {
  const peer = await openScripted({}, THEIRS)
  const data = Buffer.from('abcd', 'hex')
  peer.connection.block(0, 0, data)
  peer.connection.flush()
  assert.equal(peer.connection.bufferedBytes, 13 + 2)
  await turn()
  assert.equal(peer.calls.at(-1), 'onDrain')
  assert.equal(peer.connection.bufferedBytes, 0)
  data.fill(0)
  assert.equal(peer.heard.received.subarray(-2).toString('hex'), 'abcd')
})

test('Fast and extensions hold only when both sides speak them', async () => {
  for (const [ours, theirs] of [
    [true, false],
    [false, true],
    [false, false],
  ] as const) {
    // prettier-ignore
    const peer = await openScripted(
      { ours: handshake({ hasFast: ours, hasExtensions: ours }) },
      { ...THEIRS, hasFast: theirs, hasExtensions: theirs },
    )
    assert.equal(peer.connection.supportsFast, false)
    assert.equal(peer.connection.supportsExtensions, false)
    await peer.say('00000004 14 00 6465 00000003 14 05 01')
    assert.deepEqual(
      peer.calls.filter((call) => call.startsWith('onExt')),
      [],
    )
    assert.equal(peer.connection.phase, 'open')
  }
})

// Ways to end.

test('close tells the owner before it returns, once, and nothing comes after', async () => {
  const peer = await openScripted(
    {
      handler: {
        onHave: () => {
          peer.connection.close(new PeerError('PEER_USELESS', 'enough'))
          assert.equal(peer.calls.at(-1), 'onClosed PEER_USELESS')
        },
      },
    },
    THEIRS,
  )
  await peer.say('00000005 04 00000001 00000005 04 00000002', '00000005 04 00000003')
  peer.connection.close(new PeerError('PEER_OTHER', 'again'))
  await turn()
  assert.deepEqual(
    peer.calls.filter((call) => call.startsWith('onHave')),
    ['onHave 1'],
  )
  assert.equal(peer.calls.filter((call) => call.startsWith('onClosed')).length, 1)
  assert.equal(peer.calls.at(-1), 'onClosed PEER_USELESS')
  assert.equal(peer.heard.closeCount, 1)
  assert.deepEqual(peer.failures, [])
  assert.equal(peer.clock.timerCount, 0)
})

test('a PeerError of the handler is the reason it closes', async () => {
  const peer = await openScripted(
    {
      handler: {
        onHave: () => {
          throw new PeerError('PEER_BAD_PIECE_INDEX', 'have of piece 9')
        },
      },
    },
    THEIRS,
  )
  await peer.say('00000005 04 00000009 00000001 01')
  assert.equal(peer.calls.at(-1), 'onClosed PEER_BAD_PIECE_INDEX')
  assert.deepEqual(peer.logged, [])
})

for (const method of ['onOpen', 'onHave', 'onInputEnd', 'onDrain', 'onClosed'] as const) {
  test(`a mistake of ours in ${method} closes this connection and is logged, no more`, async () => {
    const peer = await openScripted(
      {
        handler: {
          [method]: () => {
            throw new TypeError('oops')
          },
        },
      },
      THEIRS,
    )
    await peer.say('00000005 04 00000009')
    if (method === 'onDrain') peer.connection.have(1)
    peer.connection.flush()
    await turn()
    if (method === 'onClosed') peer.connection.close(new PeerError('PEER_USELESS', 'enough'))
    assert.equal(peer.connection.phase, 'closed')
    assert.equal(peer.reason?.code, method === 'onClosed' ? 'PEER_USELESS' : 'PEER_BUG')
    assert.match(peer.logged[0] ?? '', /127\.0\.0\.1.*TypeError: oops/)
  })
}

test('an unknown torrent is refused by accept, without a word', async () => {
  const peer = await openScripted({
    accept: () => {
      throw new PeerError('PEER_UNKNOWN_TORRENT', 'no such torrent')
    },
  })
  await peer.say(HANDSHAKE_HEX)
  assert.deepEqual(peer.failures, ['PEER_UNKNOWN_TORRENT'])
  assert.deepEqual(peer.calls, [])
  assert.equal(peer.heard.byteCount, 0)
  assert.equal(peer.heard.closeCount, 1)
  assert.equal(peer.clock.timerCount, 0)
})

test('an answer for another torrent ends a dial', async () => {
  const other = { ...THEIRS, infoHash: Buffer.alloc(20, 0xbb) }
  const { dialer } = await openPeers({}, { ours: other })
  await turn()
  assert.deepEqual(dialer.failures, ['PEER_WRONG_INFO_HASH'])
})

test('both ends of a connection to ourselves notice', async () => {
  const { dialer, listener, dispose } = await openPeers({}, { ours: handshake() }, openTcpPair('shared'))
  await until(() => dialer.connection.phase === 'closed' && listener.connection.phase === 'closed')
  assert.deepEqual(dialer.failures, ['PEER_SELF'])
  assert.deepEqual(listener.calls, ['onClosed PEER_SELF'])
  await dispose()
})

for (const [name, hex] of [
  ['of length 0', '00' + HANDSHAKE_HEX.slice(2)],
  ['of length 255', 'ff' + HANDSHAKE_HEX.slice(2)],
  ['of another protocol', HANDSHAKE_HEX.replace('42', '62')],
  ['that is HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n').toString('hex')],
] as const) {
  test(`a handshake ${name} is refused`, async () => {
    const peer = await openScripted()
    await peer.say(hex)
    assert.deepEqual(peer.failures, ['WIRE_HANDSHAKE'])
    assert.equal(peer.heard.closeCount, 1)
  })
}

for (const [name, hex] of [
  ['nothing', undefined],
  ['half a handshake', HANDSHAKE_HEX.slice(0, 80)],
] as const) {
  test(`a peer that sends ${name} is closed after 10 s`, async () => {
    const peer = await openScripted()
    if (hex !== undefined) await peer.say(hex)
    await peer.clock.advance(9_999)
    assert.equal(peer.connection.phase, 'handshaking')
    await peer.clock.advance(1)
    assert.deepEqual(peer.failures, ['PEER_HANDSHAKE_TIMEOUT'])
    assert.match(peer.reason?.message ?? '', hex === undefined ? /^0 of 68/ : /^40 of 68/)
    assert.equal(peer.clock.timerCount, 0)
  })
}

test('the end of the stream has a code for each phase', async () => {
  const dialing = makePeer({ isInbound: false })
  dialing.connection
    .attach({ ...NO_STREAM })
    .onClose(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
  assert.deepEqual(dialing.failures, ['PEER_DIAL_FAILED'])
  assert.equal((dialing.reason?.cause as Error).message, 'refused')

  const handshaking = await openScripted()
  handshaking.stream.close()
  await turn()
  assert.deepEqual(handshaking.failures, ['PEER_CLOSED'])
  assert.match(handshaking.reason?.message ?? '', /during the handshake/)

  const lost = makePeer()
  lost.connection.attach({ ...NO_STREAM }).onClose(new Error('reset'))
  assert.deepEqual(lost.failures, ['PEER_LOST'])

  const open = await openScripted({}, THEIRS)
  await open.say('00000010 07 00000001')
  open.stream.close()
  await turn()
  assert.equal(open.calls.at(-1), 'onClosed PEER_CLOSED')
})

const NO_STREAM = {
  remote: { host: '127.0.0.1', port: 9 },
  bufferedBytes: 0,
  write: () => true,
  cork: () => undefined,
  uncork: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
  close: () => undefined,
}

// Time.

test('tick sends a keep-alive after 100 s of silence and gives up after 130 s of theirs', async () => {
  const peer = await openScripted({}, THEIRS)
  const before = peer.heard.byteCount
  const { clock, connection } = peer
  for (let second = 0; second < 100; second++) {
    assert.equal(peer.heard.byteCount, before)
    await clock.advance(1000)
    connection.tick(clock.now())
  }
  await turn()
  assert.equal(peer.heard.received.subarray(before).toString('hex'), '00000000')
  await clock.advance(29_000)
  connection.tick(clock.now())
  assert.equal(connection.phase, 'open')
  await clock.advance(1000)
  connection.tick(clock.now())
  assert.equal(peer.calls.at(-1), 'onClosed PEER_IDLE')
})

test('their keep-alives keep it open, and a pause of ours is not their silence', async () => {
  const peer = await openScripted({}, THEIRS)
  const { clock, connection } = peer
  for (let round = 0; round < 3; round++) {
    await clock.advance(120_000)
    await peer.say('00000000')
    connection.tick(clock.now())
  }
  connection.pause()
  await clock.advance(500_000)
  connection.tick(clock.now())
  connection.resume()
  connection.tick(clock.now())
  assert.equal(connection.phase, 'open')
})

test('a paused connection hears nothing', async () => {
  const peer = await openScripted({}, THEIRS)
  peer.connection.pause()
  await peer.say('00000005 04 00000001')
  assert.equal(peer.calls.includes('onHave 1'), false)
  peer.connection.resume()
  await turn()
  assert.equal(peer.calls.includes('onHave 1'), true)
})
