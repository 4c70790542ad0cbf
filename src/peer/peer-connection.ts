/**
 * One connection to one peer: a ByteStream below, a PeerHandler above, the wire protocol between. It does the
 * handshake, keeps the four flags, batches what is sent, and closes on anything the protocol forbids. It knows nothing
 * of the torrent. The life of a connection is phase.ts; what a peer may say is message-gate.ts.
 */
import type { AttachHandler, ByteStream, ByteStreamHandler } from '../net/byte-stream.ts'
import type { CancelTimer, Clock } from '../common/clock.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { Handshake } from '../wire/handshake.ts'
import type { LogSink } from '../common/log.ts'
import type { Acceptance, PeerHandler } from './peer-handler.ts'
import type { Phase } from './phase.ts'
import type { KnownError } from '../common/errors.ts'
import { BugError, PeerError, messageOf } from '../common/errors.ts'
import { FrameDecoder } from '../wire/frame-decoder.ts'
import { HandshakeReader, writeHandshake } from '../wire/handshake.ts'
import { MAX_FRAME_BYTES, maxFrameBytes } from '../wire/message.ts'
import { clientNameOf } from '../wire/peer-id.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { readMessage } from '../wire/read-message.ts'
import { silentLog } from '../common/log.ts'
import { writeKeepAlive } from '../wire/write-message.ts'
import { Liveness } from './liveness.ts'
import { MessageGate } from './message-gate.ts'
import { MessageSender } from './message-sender.ts'
import { nextPhase } from './phase.ts'

const HANDSHAKE_TIMEOUT_MS = 10_000
/** Answers that a peer may leave unread while it goes on asking. */
const MAX_BACKLOG_BYTES = 8 << 20
const UNKNOWN_ENDPOINT: Endpoint = { host: '0.0.0.0', port: 0 }

/** What a connection needs before it knows its peer. */
export interface PeerConnectionOptions {
  readonly clock: Clock
  readonly isInbound: boolean
  /** Needed for outbound connections; inbound ones get it from `accept`. */
  readonly ourHandshake?: Handshake | undefined
  /**
   * Called once the peer's 68 bytes are in (outbound: and name the info-hash we asked for).
   * @throws PeerError to refuse the peer: unknown info-hash, banned
   */
  readonly accept: (connection: PeerConnection, peerHandshake: Handshake) => Acceptance
  /** The connection ended before `accept` had given it a handler. At most once. */
  readonly onFailed: (reason: KnownError) => void
  /** Hears of exceptions that are our fault. */
  readonly log?: LogSink | undefined
}

/** Made for one stream, attached once, closed once. */
export class PeerConnection extends MessageSender {
  readonly isInbound: boolean
  readonly #options: PeerConnectionOptions
  readonly #clock: Clock
  readonly #handshakeReader = new HandshakeReader()
  readonly #decoder: FrameDecoder
  readonly #liveness: Liveness
  readonly #onFrame: (frame: Buffer) => void
  #phase: Phase
  #stream: ByteStream | undefined
  #ourHandshake: Handshake | undefined
  #peerHandshake: Handshake | undefined
  #handler: PeerHandler | undefined
  #gate: MessageGate | undefined
  #cancelDeadline: CancelTimer | undefined
  #onDialEnd: (() => void) | undefined
  #onStreamEnd: () => void = () => undefined
  #createdAtMs: number
  #connectedAtMs: number

  constructor(options: PeerConnectionOptions) {
    super()
    if (!options.isInbound && options.ourHandshake === undefined) {
      throw new BugError('BUG_NO_HANDSHAKE', 'an outbound connection without our handshake')
    }
    this.#options = options
    this.#clock = options.clock
    this.isInbound = options.isInbound
    this.#ourHandshake = options.ourHandshake
    this.#phase = { kind: options.isInbound ? 'handshaking' : 'dialing' }
    this.#createdAtMs = this.#clock.now()
    this.#connectedAtMs = this.#createdAtMs
    this.#liveness = new Liveness(this.#createdAtMs)
    this.#decoder = new FrameDecoder(MAX_FRAME_BYTES, () => this.#gate?.onKeepAlive())
    this.#onFrame = (frame) => {
      if (this.#gate !== undefined) readMessage(frame, this.#gate)
    }
  }

  // What there is to know.

  get phase(): Phase['kind'] {
    return this.#phase.kind
  }

  /** Whom we talk to; port 0 before `attach`. */
  get endpoint(): Endpoint {
    return this.#stream?.remote ?? UNKNOWN_ENDPOINT
  }

  /** Known from `accept` on. */
  get peerHandshake(): Handshake | undefined {
    return this.#peerHandshake
  }

  /** They refuse our requests. */
  get peerChoking(): boolean {
    return this.#gate?.peerChoking ?? true
  }

  get peerInterested(): boolean {
    return this.#gate?.peerInterested ?? false
  }

  /** Both sides speak the Fast extension (BEP 6). */
  get supportsFast(): boolean {
    return this.#ourHandshake?.hasFast === true && this.#peerHandshake?.hasFast === true
  }

  /** Both sides speak the extension protocol (BEP 10). */
  get supportsExtensions(): boolean {
    return this.#ourHandshake?.hasExtensions === true && this.#peerHandshake?.hasExtensions === true
  }

  /** What the peer's extension handshakes add up to. */
  get extension(): ExtensionHandshake | undefined {
    return this.#gate?.extension
  }

  /** As the peer names itself, printable, at most 64 characters; empty before its handshake. */
  get clientName(): string {
    const fromPeerId = this.#peerHandshake === undefined ? '' : clientNameOf(this.#peerHandshake.peerId)
    return this.#gate?.extension?.clientName ?? fromPeerId
  }

  get connectedAtMs(): number {
    return this.#connectedAtMs
  }

  /** How long the dial took: one round trip. Undefined for inbound connections and before onConnected. */
  get rttMs(): number | undefined {
    if (this.isInbound || this.#phase.kind === 'dialing') return undefined
    return this.#connectedAtMs - this.#createdAtMs
  }

  /** Bytes sent that have not left our hands, whether flushed or not. */
  get bufferedBytes(): number {
    return this.outbox.pendingBytes + (this.#stream?.bufferedBytes ?? 0)
  }

  // Life.

  /** Joins the connection to its stream. Inbound: the stream is connected. Outbound: `onConnected` will follow. */
  readonly attach: AttachHandler = (stream) => {
    this.#stream = stream
    this.#createdAtMs = this.#clock.now()
    if (this.isInbound) this.#startHandshake()
    else if (this.#phase.kind === 'closed') stream.close()
    return this.#streamHandler
  }

  /** The dial succeeded. Sends our handshake. */
  onConnected(): void {
    if (this.#phase.kind !== 'dialing') return
    this.#guard(() => {
      this.#advance({ kind: 'connected' })
      this.#startHandshake()
      this.#endDial()
      if (this.#ourHandshake !== undefined) this.#sendHandshake(this.#ourHandshake)
    })
  }

  /** @param run called once: when the dial has succeeded, failed or been given up */
  onDialEnd(run: () => void): void {
    this.#onDialEnd = run
  }

  /** Ends the connection now; the handler's onClosed (or onFailed) is called before this returns. */
  close(reason: KnownError): void {
    this.#end(reason, (stream) => {
      stream.close()
    })
  }

  /** @param endStream how its stream ends */
  #end(reason: KnownError, endStream: (stream: ByteStream) => void): void {
    if (this.#phase.kind === 'closed') return
    this.#advance({ kind: 'failed', reason })
    this.#decoder.stop()
    this.#cancelDeadline?.()
    if (this.#stream !== undefined) endStream(this.#stream)
    this.#endDial()
    try {
      if (this.#handler === undefined) this.#options.onFailed(reason)
      else this.#handler.onClosed(reason)
    } catch (error) {
      this.#logBug(error) // the connection is gone: nobody else is left to tell
    }
    this.outbox.onClosed() // last: who waits for what is released now is not this peer
  }

  /**
   * As `close`, but what waits to be said still reaches a peer that is sending to us.
   * @returns resolves when the peer has heard it and hung up, or the stream has ended otherwise
   */
  async finish(reason: KnownError): Promise<void> {
    this.flush()
    if (this.#phase.kind === 'closed' || this.#stream === undefined) {
      this.close(reason)
      return
    }
    const ended = new Promise<void>((resolve) => {
      this.#onStreamEnd = resolve
    })
    this.#end(reason, (stream) => {
      stream.end()
    })
    await ended
  }

  /** Sends a keep-alive when due and closes a peer that has gone quiet. To be called about once a second. */
  tick(nowMs: number): void {
    if (this.#phase.kind !== 'open' || this.#stream === undefined) return
    const verdict = this.#liveness.check(nowMs, {
      frameCount: this.#decoder.frameCount,
      openBytes: this.#decoder.openBytes,
      unsentBytes: this.#stream.bufferedBytes,
    })
    if (verdict instanceof PeerError) this.close(verdict)
    else if (verdict === 'keep-alive') {
      writeKeepAlive(this.outbox.out)
      this.flush()
    }
  }

  /** Stops reading from this peer: back-pressure. Its silence is not held against it meanwhile. */
  pause(): void {
    this.#liveness.pause()
    this.#stream?.pause()
  }

  resume(): void {
    this.#liveness.resume(this.#clock.now())
    this.#stream?.resume()
  }

  /** Bounds frames and haves by the torrent's size, when `accept` could not tell it yet (BEP 9). */
  setPieceCount(pieceCount: number): void {
    this.#decoder.setMaxFrameBytes(maxFrameBytes(pieceCount))
    this.#gate?.setPieceCount(pieceCount)
  }

  /**
   * Hands everything sent so far to the stream, in one write. While the stream has not sent what it got before, words
   * wait here, where many small ones cost no more than their bytes; they leave with the drain.
   */
  flush(): void {
    if (this.#phase.kind !== 'open' || this.#stream === undefined || this.#stream.bufferedBytes > 0) return
    if (this.outbox.flush(this.#stream)) this.#liveness.onOutput(this.#clock.now())
  }

  // The stream's side.

  readonly #streamHandler: ByteStreamHandler = {
    onBytes: (bytes) => {
      try {
        this.#read(bytes)
      } catch (error) {
        this.#fail(error)
      }
    },
    onDrain: () => {
      this.#guard(() => {
        this.outbox.onDrain()
        if (this.#phase.kind !== 'open') return
        this.#handler?.onDrain()
        this.flush()
      })
    },
    onClose: (error) => {
      this.close(this.#reasonOfEnd(error))
      this.#onStreamEnd()
    },
  }

  #read(bytes: Buffer): void {
    if (this.#phase.kind === 'closed' || this.#phase.kind === 'dialing') return
    const nowMs = this.#clock.now()
    this.#liveness.onInput(nowMs)
    let frames = bytes
    if (this.#phase.kind === 'handshaking') {
      frames = bytes.subarray(this.#handshakeReader.push(bytes))
      const peerHandshake = this.#handshakeReader.result()
      if (peerHandshake === undefined) return
      this.#open(peerHandshake)
    }
    if (this.#gate === undefined) return
    this.#gate.nowMs = nowMs
    if (frames.length > 0) this.#decoder.push(frames, this.#onFrame)
    if (this.phase !== 'open') return // a callback closed it
    this.#handler?.onInputEnd()
    this.flush()
    if (this.bufferedBytes > MAX_BACKLOG_BYTES) {
      throw new PeerError(
        'PEER_NOT_READING',
        `asks on and leaves ${this.bufferedBytes} bytes of answers unread`,
      )
    }
  }

  #open(peerHandshake: Handshake): void {
    if (!this.isInbound) this.#assertOurs(peerHandshake)
    this.#peerHandshake = peerHandshake
    const { handler, ourHandshake, pieceCount } = this.#options.accept(this, peerHandshake)
    if (this.#phase.kind === 'closed') return
    this.#handler = handler
    if (this.isInbound) {
      this.#ourHandshake = ourHandshake
      this.#sendHandshake(ourHandshake)
      // Only now: the dialing end is us too, and learns from our answer that this address is its own.
      this.#assertNotSelf(peerHandshake)
    }
    const { supportsFast, supportsExtensions } = this
    this.#gate = new MessageGate({ handler, supportsFast, supportsExtensions })
    if (pieceCount !== undefined) this.setPieceCount(pieceCount)
    this.#cancelDeadline?.()
    this.#advance({ kind: 'handshook', peerHandshake })
    handler.onOpen()
  }

  /** An answer to our dial must name our torrent, and not be us. */
  #assertOurs(peerHandshake: Handshake): void {
    if (this.#ourHandshake?.infoHash.equals(peerHandshake.infoHash) !== true) {
      throw new PeerError('PEER_WRONG_INFO_HASH', `answered for ${peerHandshake.infoHash.toString('hex')}`)
    }
    this.#assertNotSelf(peerHandshake)
  }

  #assertNotSelf(peerHandshake: Handshake): void {
    if (this.#ourHandshake?.peerId.equals(peerHandshake.peerId) !== true) return
    throw new PeerError('PEER_SELF', 'connected to ourselves')
  }

  #startHandshake(): void {
    this.#connectedAtMs = this.#clock.now()
    this.#liveness.onInput(this.#connectedAtMs)
    this.#cancelDeadline = this.#clock.after(HANDSHAKE_TIMEOUT_MS, () => {
      const got = this.#handshakeReader.length
      this.close(new PeerError('PEER_HANDSHAKE_TIMEOUT', `${got} of 68 bytes of handshake in 10 s`))
    })
  }

  #sendHandshake(handshake: Handshake): void {
    this.#stream?.write(writeHandshake(handshake))
    this.#liveness.onOutput(this.#clock.now())
  }

  #endDial(): void {
    const run = this.#onDialEnd
    this.#onDialEnd = undefined
    run?.()
  }

  #advance(event: Parameters<typeof nextPhase>[1]): void {
    this.#phase = nextPhase(this.#phase, event)
  }

  #reasonOfEnd(error: Error | undefined): PeerError {
    const where = formatEndpoint(this.endpoint)
    const options = error === undefined ? undefined : { cause: error }
    const why = error === undefined ? 'closed' : messageOf(error)
    if (this.#phase.kind === 'dialing')
      return new PeerError('PEER_DIAL_FAILED', `cannot reach ${where}: ${why}`, options)
    const when = this.#phase.kind === 'open' ? '' : ' during the handshake'
    if (error === undefined) return new PeerError('PEER_CLOSED', `${where} hung up${when}`)
    return new PeerError('PEER_LOST', `connection to ${where} lost${when}: ${why}`, options)
  }

  /** Runs what must not throw into a socket or timer callback. */
  #guard(run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    if (error instanceof PeerError) {
      this.close(error)
      return
    }
    this.#logBug(error)
    this.close(new PeerError('PEER_BUG', `our mistake: ${messageOf(error)}`, { cause: error }))
  }

  #logBug(error: unknown): void {
    const log = this.#options.log ?? silentLog
    const trace = error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
    log('error', 'peer', `bug in handling ${formatEndpoint(this.endpoint)}: ${trace}`)
  }
}
