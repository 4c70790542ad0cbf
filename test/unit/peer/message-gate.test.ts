import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ScriptedPeer } from '../../support/peer-pair.ts'
import { THEIRS, openScripted } from '../../support/peer-pair.ts'

const PLAIN = { ...THEIRS, hasFast: false }
const EXTENDED = '00000004 14 00 6465'
const BITFIELD = '00000003 05 8000'
const HAVE_ALL = '00000001 0e'
const HAVE_NONE = '00000001 0f'
const UNCHOKE = '00000001 01'
const HAVE = '00000005 04 00000001'
const PORT = '00000003 09 1ae1'

async function hear(hex: string, theirs = THEIRS): Promise<string> {
  const peer = await openScripted({}, theirs)
  await peer.say(hex)
  return peer.reason?.code ?? 'open'
}

for (const first of [BITFIELD, HAVE_ALL, HAVE_NONE]) {
  test(`${first} may come first, after extended and port messages and keep-alives too`, async () => {
    assert.equal(await hear(first), 'open')
    assert.equal(await hear(`${EXTENDED} 00000000 ${PORT} 00000003 14 05 00 ${first}`), 'open')
  })
  for (const second of [HAVE_ALL, HAVE_NONE]) {
    test(`${second} after ${first} closes`, async () => {
      assert.equal(await hear(first + second), 'PEER_LATE_HAVE_ALL')
    })
  }
}

for (const earlier of [UNCHOKE, HAVE, '00000001 02', '0000000a 07 00000000 00000000 00']) {
  for (const late of [HAVE_ALL, HAVE_NONE]) {
    test(`${late} after ${earlier} closes`, async () => {
      assert.equal(await hear(earlier + late), 'PEER_LATE_HAVE_ALL')
    })
  }
  test(`a bitfield after ${earlier} is heard: it may stand for many haves`, async () => {
    assert.equal(await hear(earlier + BITFIELD + BITFIELD), 'open')
  })
}

test('a flood of bitfields closes', async () => {
  assert.equal(await hear(BITFIELD.repeat(601)), 'PEER_FLOOD')
})

test('a peer without pieces may leave the bitfield out', async () => {
  assert.equal(await hear(UNCHOKE + HAVE, PLAIN), 'open')
  assert.equal(await hear(UNCHOKE + HAVE, THEIRS), 'open')
})

for (const message of [
  HAVE_ALL,
  HAVE_NONE,
  '00000005 0d 00000001',
  '00000005 11 00000001',
  '0000000d 10 00000000 00000000 00004000',
]) {
  test(`${message} from a peer without the Fast extension closes`, async () => {
    assert.equal(await hear(message, PLAIN), 'PEER_NOT_FAST')
  })
}

for (const [name, message, code] of [
  ['a frame of 2 GiB', '7fffffff', 'WIRE_FRAME_TOO_LARGE'],
  ['a frame of 4 GiB', 'ffffffff 07', 'WIRE_FRAME_TOO_LARGE'],
  ['a block of no bytes', '00000009 07 00000000 00000000', 'WIRE_LENGTH'],
  ['a block of 16385 bytes', `0000400a 07 00000000 00000000 ${'00'.repeat(16_385)}`, 'WIRE_LENGTH'],
  ['a choke with a byte too many', '00000002 00 00', 'WIRE_LENGTH'],
  ['a have of 3 bytes', '00000004 04 000000', 'WIRE_LENGTH'],
  ['an extension handshake that is no dictionary', '00000005 14 00 693165', 'WIRE_EXTENSION_HANDSHAKE'],
  ['an extension handshake of a negative length', '00000007 14 00 6c2d333a65', 'WIRE_EXTENSION_HANDSHAKE'],
] as const) {
  test(`${name} closes`, async () => {
    assert.equal(await hear(message), code)
  })
}

/** Says `message` over and over. @returns how many the peer took before it closed, or Infinity */
async function takenOf(peer: ScriptedPeer, message: string, count: number): Promise<number> {
  const before = peer.calls.length
  await peer.say(message.replaceAll(' ', '').repeat(count))
  return peer.connection.phase === 'open' ? Infinity : peer.calls.length - before - 1
}

for (const [what, message, limit] of [
  ['keep-alives in a second', '00000000', 1000],
  ['unknown messages', '00000001 63', 1000],
  ['chokes and unchokes in 10 s', '00000001 00', 100],
  ['changes of interest in 10 s', '00000001 02', 1000],
  ['extension handshakes', EXTENDED, 100],
  ['hints in a minute', '00000005 0d 00000001', 10_000],
] as const) {
  test(`${limit} ${what} pass, one more closes`, async () => {
    const patient = await openScripted({}, THEIRS)
    assert.equal(await takenOf(patient, message, limit), Infinity)
    await patient.say(message)
    assert.equal(patient.reason?.code, 'PEER_FLOOD')
    assert.match(patient.reason.message, new RegExp(what))
  })
}

test('keep-alives and chokes spread over time are no flood', async () => {
  const peer = await openScripted({}, THEIRS)
  for (let round = 0; round < 5; round++) {
    await peer.say('00000000'.repeat(900), '0000000101'.repeat(90))
    await peer.clock.advance(10_000)
  }
  assert.equal(peer.connection.phase, 'open')
})

test('more haves than the torrent has pieces, and some to spare, are a flood', async () => {
  const peer = await openScripted({ pieceCount: 16 }, THEIRS)
  assert.equal(await takenOf(peer, HAVE, 1016), Infinity)
  await peer.say(HAVE)
  assert.equal(peer.reason?.code, 'PEER_FLOOD')
})

test('the number of pieces bounds the frames', async () => {
  const small = await openScripted({ pieceCount: 16 }, THEIRS)
  await small.say('00020001')
  assert.equal(small.reason?.code, 'WIRE_FRAME_TOO_LARGE')
  const unknown = await openScripted({}, THEIRS)
  await unknown.say('00020001')
  assert.equal(unknown.connection.phase, 'open')
  unknown.connection.setPieceCount(16)
  await unknown.say('05')
  assert.equal(unknown.reason?.code, 'WIRE_FRAME_TOO_LARGE')
})

test('a client name is shown escaped and cut, whatever its size', async () => {
  const peer = await openScripted({}, THEIRS)
  const name = '\x1b[31m'.repeat(20)
  const payload = Buffer.from(`d1:v${name.length}:${name}e`).toString('hex')
  await peer.say(`${(2 + payload.length / 2).toString(16).padStart(8, '0')} 14 00 ${payload}`)
  assert.equal(peer.connection.clientName, '?[31m'.repeat(13).slice(0, 64))
})

test('later extension handshakes add to the first', async () => {
  const peer = await openScripted({}, THEIRS)
  const say = async (text: string): Promise<void> => {
    const payload = Buffer.from(text).toString('hex')
    await peer.say(`${(2 + payload.length / 2).toString(16).padStart(8, '0')} 14 00 ${payload}`)
  }
  await say('d1:md1:ai1ee4:reqqi5ee')
  await say('d1:md1:bi2eee')
  assert.deepEqual(Object.fromEntries(peer.connection.extension?.m ?? []), { a: 1, b: 2 })
  assert.equal(peer.connection.extension?.requestQueueLimit, 5)
})
