import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Phase, PhaseEvent } from '../../../src/peer/phase.ts'
import { BugError, PeerError } from '../../../src/common/errors.ts'
import { nextPhase } from '../../../src/peer/phase.ts'

const peerHandshake = {
  infoHash: Buffer.alloc(20),
  peerId: Buffer.alloc(20),
  hasFast: true,
  hasExtensions: true,
  hasDht: false,
}
const reason = new PeerError('PEER_CLOSED', 'gone')
const PHASES: Record<Phase['kind'], Phase> = {
  dialing: { kind: 'dialing' },
  handshaking: { kind: 'handshaking' },
  open: { kind: 'open', peerHandshake },
  closed: { kind: 'closed', reason },
}
const EVENTS: Record<PhaseEvent['kind'], PhaseEvent> = {
  connected: { kind: 'connected' },
  handshook: { kind: 'handshook', peerHandshake },
  failed: { kind: 'failed', reason: new PeerError('PEER_LOST', 'reset') },
}

test('dialing, handshaking and open follow one another', () => {
  assert.deepEqual(nextPhase(PHASES.dialing, EVENTS.connected), PHASES.handshaking)
  assert.deepEqual(nextPhase(PHASES.handshaking, EVENTS.handshook), PHASES.open)
})

test('any phase but closed fails into closed with the reason', () => {
  for (const kind of ['dialing', 'handshaking', 'open'] as const) {
    const next = nextPhase(PHASES[kind], EVENTS.failed)
    assert.equal(next.kind === 'closed' && next.reason.code, 'PEER_LOST')
  }
})

test('closed is final and keeps its first reason', () => {
  for (const event of Object.values(EVENTS)) assert.equal(nextPhase(PHASES.closed, event), PHASES.closed)
})

test('every other pair is our bug', () => {
  for (const [phase, event] of [
    ['dialing', 'handshook'],
    ['handshaking', 'connected'],
    ['open', 'connected'],
    ['open', 'handshook'],
  ] as const) {
    assert.throws(() => nextPhase(PHASES[phase], EVENTS[event]), BugError, `${event} while ${phase}`)
  }
})
