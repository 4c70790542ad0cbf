/**
 * One open connection as the torrent sees it: what the peer has, what we asked it for, what it asked us for. Its
 * message callbacks only hand over to the reactions beside this file.
 */
import type { Endpoint } from '../common/endpoint.ts'
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { Geometry, PieceIndex } from '../metainfo/geometry.ts'
import type { KnownError } from '../common/errors.ts'
import type { OpenPiece } from './open-pieces.ts'
import type { PeerConnection } from '../peer/peer-connection.ts'
import type { PeerHandler } from '../peer/peer-handler.ts'
import type { PeerKey } from '../swarm/piece-progress.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES, blockCount, blockLength } from '../metainfo/geometry.ts'
import { AllowedFast } from './allowed-fast.ts'
import { Bitfield } from '../common/bitfield.ts'
import { RateMeter } from '../common/rate-meter.ts'
import { RequestLedger } from '../swarm/request-ledger.ts'
import { RequestWindow } from '../swarm/request-window.ts'
import { PEX_ID } from './peer-exchange.ts'
import { UploadQueue } from './serve-uploads.ts'
import { fillRequests } from './fill-requests.ts'
import { UPLOAD_ONLY_ID } from './our-extensions.ts'
import { onBlock } from './on-block.ts'
import * as reactions from './on-message.ts'

/** Requests taken back whose blocks may still come. */
const MAX_FORGIVEN = 4_096
const RATE_WINDOW_MS = 10_000

/** What request, cancel and reject name: numbers as the peer sent them. */
export interface BlockRange {
  readonly index: number
  readonly offset: number
  readonly length: number
}

export class Peer implements PeerHandler {
  readonly key: PeerKey
  readonly connection: PeerConnection
  readonly peerId: Buffer
  /** What the peer has. The picker counts the same pieces. */
  readonly pieces: Bitfield
  /** Is this peer one of the picker's seeds (rather than a counted bitfield)? */
  isCountedAsSeed = false
  /** It wanted something of us, once at least. */
  wasInterested = false
  /** It says that it wants no more pieces (BEP 21). */
  isUploadOnly: boolean | undefined
  /** Pieces the peer has and we want and lack. */
  interestingCount = 0
  readonly ledger = new RequestLedger()
  readonly window = new RequestWindow()
  /** The piece this peer fetches alone. */
  currentPiece: OpenPiece | undefined
  /** The piece this peer began last. */
  lastPiece: PieceIndex | undefined
  readonly uploads: UploadQueue
  readonly allowedFast: AllowedFast
  readonly downloadRate = new RateMeter(RATE_WINDOW_MS)
  readonly uploadRate = new RateMeter(RATE_WINDOW_MS)
  unrequestedCount = 0
  lastBlockMs: number
  chokedAtMs = 0
  unchokedAtMs: number | undefined
  /** Timeouts in a row: each doubles the next. */
  snubCount = 0
  /** Until then others come first at pieces that it does not own: requests of it were taken back. */
  yieldsUntilMs = 0
  /** The plan of late blocks that had nothing for this peer (duplicate-late-blocks.ts). */
  fruitlessPlan = 0
  /** Requests refused since the last block. */
  rejectsInARow = 0
  isClosed = false
  readonly context: TorrentContext
  readonly #forgiven = new Set<number>()

  constructor(context: TorrentContext, connection: PeerConnection, peerId: Buffer) {
    this.context = context
    this.key = context.peers.takeKey()
    this.connection = connection
    this.peerId = peerId
    this.pieces = new Bitfield(context.metainfo.geometry.pieceCount)
    this.uploads = new UploadQueue(this)
    this.allowedFast = new AllowedFast(this)
    this.lastBlockMs = context.clock.now()
    if (connection.rttMs !== undefined) this.window.onRoundTripHint(connection.rttMs)
  }

  get endpoint(): Endpoint {
    return this.connection.endpoint
  }

  get isSeed(): boolean {
    return this.pieces.isFull
  }

  // Requests, ours to them.

  sendRequest(geometry: Geometry, piece: PieceIndex, block: number): void {
    const length = blockLength(geometry, piece, block)
    this.connection.request(piece, block * BLOCK_BYTES, length)
    this.context.limit?.onRequest(length)
    this.ledger.add(piece * geometry.blocksPerPiece + block, this.context.clock.now())
  }

  /** A block came. @returns how its request stood; undefined when we never asked this peer for it */
  settleRequest(blockId: number, length: number, nowMs: number): 'open' | 'taken back' | undefined {
    const sentAtMs = this.ledger.settle(blockId)
    if (sentAtMs < 0 && !this.#forgiven.delete(blockId)) return undefined
    this.window.onBlock(length, sentAtMs < 0 ? undefined : nowMs - sentAtMs, nowMs)
    this.downloadRate.add(length, nowMs)
    this.lastBlockMs = nowMs
    this.snubCount = 0
    this.rejectsInARow = 0
    return sentAtMs < 0 ? 'taken back' : 'open'
  }

  /** The block came from elsewhere. @returns false when it was not asked of this peer */
  cancelRequest(geometry: Geometry, piece: PieceIndex, block: number, blockId: number): boolean {
    if (this.ledger.settle(blockId) < 0) return false
    this.forgive(blockId)
    this.connection.cancel(piece, block * BLOCK_BYTES, blockLength(geometry, piece, block))
    return true
  }

  /** The request is taken back, but its block is still welcome should it come. */
  forgive(blockId: number): void {
    const [oldest] = this.#forgiven
    if (this.#forgiven.size >= MAX_FORGIVEN && oldest !== undefined) this.#forgiven.delete(oldest)
    this.#forgiven.add(blockId)
  }

  /** The peer will not send this block. @returns false when its request had been taken back, or never made */
  settleReject(blockId: number): boolean {
    if (this.ledger.settle(blockId) >= 0) return true
    this.#forgiven.delete(blockId)
    return false
  }

  /** Takes back every request for a piece that is given up. */
  forgetPiece(geometry: Geometry, piece: PieceIndex): void {
    if (this.currentPiece?.piece === piece) this.currentPiece = undefined
    if (this.ledger.size === 0) return
    const firstId = piece * geometry.blocksPerPiece
    for (let block = 0; block < blockCount(geometry, piece); block++) {
      this.cancelRequest(geometry, piece, block, firstId + block)
    }
  }

  onUploaded(bytes: number): void {
    const nowMs = this.context.clock.now()
    this.uploadRate.add(bytes, nowMs)
    this.context.stats.onUploaded(bytes, nowMs)
  }

  // PeerHandler: what the peer says.

  onOpen(): void {
    reactions.onOpen(this.context, this)
  }

  onChoke(): void {
    reactions.onChoke(this.context, this)
  }

  onUnchoke(): void {
    // requests go out when the read is over; it is no sign of life, or it would keep a silent peer's blocks from others
  }

  onInterested(): void {
    reactions.onInterested(this.context, this)
  }

  onNotInterested(): void {
    reactions.onNotInterested(this.context, this)
  }

  onHave(index: number): void {
    reactions.onHave(this.context, this, index)
  }

  onBitfield(bits: Buffer): void {
    reactions.onBitfield(this.context, this, bits)
  }

  onHaveAll(): void {
    reactions.onHaveAll(this.context, this)
  }

  onHaveNone(): void {
    // BEP 6: an empty bitfield, which is where a peer starts
  }

  onRequest(index: number, offset: number, length: number): void {
    this.uploads.add({ index, offset, length })
  }

  onCancel(index: number, offset: number, length: number): void {
    this.uploads.cancel({ index, offset, length })
  }

  onReject(index: number, offset: number, length: number): void {
    reactions.onReject(this.context, this, { index, offset, length })
  }

  onBlock(index: number, offset: number, data: Buffer): void {
    onBlock(this, index, offset, data)
  }

  onSuggest(): void {
    // BEP 6: a hint that rarest-first does not follow
  }

  onAllowedFast(): void {
    // BEP 6: requests while choked are not made yet
  }

  onPort(): void {
    // BEP 5: there is no DHT node to tell yet
  }

  onExtensionHandshake(handshake: ExtensionHandshake): void {
    // One less than it keeps: there are clients that refuse the last one.
    if (handshake.requestQueueLimit !== undefined) this.window.setMaxDepth(handshake.requestQueueLimit - 1)
    reactions.onExtensionHandshake(this.context, this, handshake)
  }

  onExtended(id: number, payload: Buffer): void {
    if (id === UPLOAD_ONLY_ID && payload.length === 1) {
      reactions.onUploadOnly(this.context, this, payload.readUInt8() !== 0)
    }
    if (id === PEX_ID) this.context.pex?.onMessage(this.context, this, payload)
  }

  onInputEnd(): void {
    fillRequests(this.context, this)
    this.uploads.serve()
  }

  onDrain(): void {
    this.uploads.serve()
  }

  onClosed(reason: KnownError): void {
    this.isClosed = true
    reactions.onClosed(this.context, this, reason)
  }
}
