/** Where a connection is in its life. */
import type { KnownError } from '../common/errors.ts'
import type { Handshake } from '../wire/handshake.ts'
import { BugError } from '../common/errors.ts'

/** Data lives in the phase that has it. */
export type Phase =
  | { readonly kind: 'dialing' }
  | { readonly kind: 'handshaking' }
  | { readonly kind: 'open'; readonly peerHandshake: Handshake }
  | { readonly kind: 'closed'; readonly reason: KnownError }

/** What moves a connection on. */
export type PhaseEvent =
  | { readonly kind: 'connected' }
  | { readonly kind: 'handshook'; readonly peerHandshake: Handshake }
  | { readonly kind: 'failed'; readonly reason: KnownError }

/**
 * dialing -connected-> handshaking -handshook-> open; any -failed-> closed, which is final and keeps its first reason.
 * An accepted connection begins at handshaking.
 * @throws BugError BUG_PHASE for every other pair
 */
export function nextPhase(phase: Phase, event: PhaseEvent): Phase {
  if (phase.kind === 'closed') return phase
  if (event.kind === 'failed') return { kind: 'closed', reason: event.reason }
  if (phase.kind === 'dialing' && event.kind === 'connected') return { kind: 'handshaking' }
  if (phase.kind === 'handshaking' && event.kind === 'handshook') {
    return { kind: 'open', peerHandshake: event.peerHandshake }
  }
  throw new BugError('BUG_PHASE', `${event.kind} while ${phase.kind}`)
}
