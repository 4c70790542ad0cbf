/** PeerConnections for tests: two joined to each other, or one facing a script of raw bytes. */
import type { Acceptance, PeerHandler } from '../../src/peer/peer-handler.ts'
import type { ByteStream } from '../../src/net/byte-stream.ts'
import type { Handshake } from '../../src/wire/handshake.ts'
import type { KnownError } from '../../src/common/errors.ts'
import type { OpenPair } from './stream-pair.ts'
import type { PeerConnectionOptions } from '../../src/peer/peer-connection.ts'
import { FakeClock } from './fake-clock.ts'
import { PeerConnection } from '../../src/peer/peer-connection.ts'
import { RecordingHandler, openMemoryPair, turn } from './stream-pair.ts'
import { recordCalls } from './record-calls.ts'
import { writeHandshake } from '../../src/wire/handshake.ts'

export function handshake(changes: Partial<Handshake> = {}): Handshake {
  return {
    infoHash: Buffer.alloc(20, 0xaa),
    peerId: Buffer.from('-TD0100-us0000000000'),
    hasFast: true,
    hasExtensions: true,
    hasDht: false,
    ...changes,
  }
}

/** One connection and all that it told. */
export interface TestPeer {
  readonly connection: PeerConnection
  /** Calls on its PeerHandler. */
  readonly calls: string[]
  /** onFailed, by code. */
  readonly failures: string[]
  /** What it logged. */
  readonly logged: string[]
  reason: KnownError | undefined
}

export interface TestPeerOptions {
  readonly clock?: FakeClock
  readonly isInbound?: boolean
  readonly ours?: Handshake
  readonly handler?: Partial<PeerHandler>
  readonly pieceCount?: number
  readonly accept?: PeerConnectionOptions['accept']
}

export function makePeer(options: TestPeerOptions = {}): TestPeer {
  const { clock = new FakeClock(), isInbound = true, ours = handshake(), pieceCount, handler = {} } = options
  const failures: string[] = []
  const logged: string[] = []
  const onClosed = (reason: KnownError): void => {
    peer.reason = reason
    handler.onClosed?.(reason)
  }
  const recording = recordCalls<PeerHandler>({ ...handler, onClosed })
  const accept = (): Acceptance => ({ handler: recording.handler, ourHandshake: ours, pieceCount })
  const connection = new PeerConnection({
    clock,
    isInbound,
    ourHandshake: isInbound ? undefined : ours,
    accept: options.accept ?? accept,
    onFailed: (reason) => {
      failures.push(reason.code)
      peer.reason = reason
    },
    log: (_level, _scope, message) => logged.push(message),
  })
  const peer: TestPeer = { connection, calls: recording.calls, failures, logged, reason: undefined }
  return peer
}

/** A raw end that says what the test writes, facing an inbound connection. */
export interface ScriptedPeer extends TestPeer {
  readonly clock: FakeClock
  /** What the connection sent. */
  readonly heard: RecordingHandler
  readonly stream: ByteStream
  /** Writes hex, in as many chunks as there are arguments, and waits until it has been read. */
  say(...chunks: string[]): Promise<void>
}

/** @param theirs the handshake to begin with; undefined begins with silence */
export async function openScripted(options: TestPeerOptions = {}, theirs?: Handshake): Promise<ScriptedPeer> {
  const clock = options.clock ?? new FakeClock()
  const peer = makePeer({ ...options, clock })
  const heard = new RecordingHandler()
  const pair = await openMemoryPair(heard.attach, peer.connection.attach)
  const scripted: ScriptedPeer = Object.assign(peer, {
    clock,
    heard,
    stream: pair.left,
    say: async (...chunks: string[]) => {
      for (const chunk of chunks) {
        pair.left.write(Buffer.from(chunk.replaceAll(' ', ''), 'hex'))
        await turn()
      }
    },
  })
  if (theirs !== undefined) await scripted.say(writeHandshake(theirs).toString('hex'))
  return scripted
}

export const THEIRS = handshake({ peerId: Buffer.from('-XX0001-them00000000') })

/** Two connections joined and open: `dialer` outbound, `listener` inbound. */
export async function openPeers(
  dialerOptions: TestPeerOptions = {},
  listenerOptions: TestPeerOptions = {},
  openPair: OpenPair = openMemoryPair,
): Promise<{ dialer: TestPeer; listener: TestPeer; dispose: () => Promise<void> }> {
  const dialer = makePeer({ ...dialerOptions, isInbound: false })
  const listener = makePeer({ ours: THEIRS, ...listenerOptions })
  const { dispose } = await openPair(dialer.connection.attach, listener.connection.attach)
  dialer.connection.onConnected()
  return { dialer, listener, dispose }
}
