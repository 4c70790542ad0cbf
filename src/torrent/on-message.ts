/** Reactions of a torrent to what its peers say, all but blocks (on-block.ts). One function a message. */
import type { ExtensionHandshake } from '../wire/extensions.ts'
import type { KnownError } from '../common/errors.ts'
import type { PieceIndex } from '../metainfo/geometry.ts'
import type { BlockId } from '../swarm/request-ledger.ts'
import type { BlockRange, Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { Bitfield } from '../common/bitfield.ts'
import { PeerError } from '../common/errors.ts'
import { ourExtensions } from './our-extensions.ts'
import { checkBlock, checkPiece } from '../metainfo/geometry.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { disownPiece, releaseIfUntouched } from './release-piece.ts'
import { passOnSlots, unchokeNow } from './run-choker.ts'

/** An unchoking peer that only rejects would have us ask for ever. */
const MAX_REJECTS_IN_A_ROW = 500

export function onOpen(context: TorrentContext, peer: Peer): void {
  const { connection } = peer
  const showsNothing = context.have.isEmpty || context.superSeed !== undefined
  if (connection.supportsFast && showsNothing) connection.haveNone()
  else if (connection.supportsFast && context.have.isFull) connection.haveAll()
  else if (!showsNothing) connection.bitfield(context.have.toBytes())
  if (connection.supportsExtensions) {
    connection.extensionHandshake(ourExtensions(context))
  }
  context.log('info', 'peer', `${formatEndpoint(peer.endpoint)} connected (${connection.clientName})`)
}

/** Without the Fast extension a choke drops every open request (BEP 3); with it each is answered (BEP 6). */
export function onChoke(context: TorrentContext, peer: Peer): void {
  if (!peer.connection.supportsFast) releaseRequests(context, peer)
}

export function onInterested(context: TorrentContext, peer: Peer): void {
  peer.wasInterested = true
  unchokeNow(context, peer)
  if (peer.connection.amChoking) peer.allowedFast.offer()
}

export function onNotInterested(context: TorrentContext, peer: Peer): void {
  context.log('trace', 'peer', `${formatEndpoint(peer.endpoint)} wants nothing from us`)
  passOnSlots(context)
}

export function onHave(context: TorrentContext, peer: Peer, index: number): void {
  const piece = checkPiece(context.metainfo.geometry, index)
  if (piece === undefined) throw new PeerError('PEER_BAD_PIECE_INDEX', `have of piece ${index}`)
  if (!peer.pieces.set(piece)) return
  if (peer.isSeed) {
    countAsSeed(context, peer, piece)
    context.completedPeers.add(peer)
  } else {
    context.picker.increment(piece)
  }
  if (!context.wanted.isMissing(piece)) return
  peer.interestingCount++
  updateInterest(peer)
}

/** The last have makes a seed of a peer whose other pieces were counted one by one. */
function countAsSeed(context: TorrentContext, peer: Peer, last: PieceIndex): void {
  const counted = new Bitfield(peer.pieces.length)
  counted.setAll()
  counted.clear(last)
  context.picker.removePeer(counted)
  context.picker.addSeed()
  peer.isCountedAsSeed = true
}

/** The first thing a peer says of its pieces, or, later, many haves in one. */
export function onBitfield(context: TorrentContext, peer: Peer, bits: Buffer): void {
  const { pieceCount } = context.metainfo.geometry
  const pieces = Bitfield.fromBytes(bits, pieceCount)
  if (pieces === undefined) {
    throw new PeerError('PEER_BAD_BITFIELD', `bitfield of ${bits.length} bytes for ${pieceCount} pieces`)
  }
  if (!peer.pieces.isEmpty) {
    for (const piece of pieces.indices()) onHave(context, peer, piece)
  } else if (pieces.isFull) {
    onHaveAll(context, peer)
  } else {
    addFirstBitfield(context, peer, pieces)
  }
}

function addFirstBitfield(context: TorrentContext, peer: Peer, pieces: Bitfield): void {
  for (const piece of pieces.indices()) {
    peer.pieces.set(piece)
    if (context.wanted.isMissing(piece)) peer.interestingCount++
  }
  context.picker.addPeer(pieces)
  updateInterest(peer)
}

export function onHaveAll(context: TorrentContext, peer: Peer): void {
  peer.pieces.setAll()
  peer.isCountedAsSeed = true
  peer.interestingCount = context.wanted.missingCount
  context.picker.addSeed()
  updateInterest(peer)
}

/** One of our requests will not be served (BEP 6). @throws PeerError PEER_BAD_REJECT when we never made it */
export function onReject(context: TorrentContext, peer: Peer, { index, offset, length }: BlockRange): void {
  const { geometry } = context.metainfo
  const piece = checkPiece(geometry, index)
  const block = piece === undefined ? undefined : checkBlock(geometry, piece, offset, length)
  if (piece === undefined || block === undefined) {
    throw new PeerError('PEER_BAD_REJECT', `reject of ${length} bytes at ${offset} of piece ${index}`)
  }
  if (!peer.settleReject(piece * geometry.blocksPerPiece + block)) return
  if (!peer.connection.peerChoking) {
    peer.window.onOverflow(peer.ledger.size + 1)
    if (++peer.rejectsInARow > MAX_REJECTS_IN_A_ROW)
      throw new PeerError('PEER_REJECTS_ALL', `${peer.rejectsInARow} requests rejected without a block`)
  }
  releaseBlock(peer, piece, block)
}

export function onExtensionHandshake(
  context: TorrentContext,
  peer: Peer,
  handshake: ExtensionHandshake,
): void {
  onUploadOnly(context, peer, handshake.uploadOnly ?? false)
  const name = handshake.clientName ?? peer.connection.clientName
  const limit = handshake.requestQueueLimit ?? 'no limit given'
  context.log('debug', 'peer', `${formatEndpoint(peer.endpoint)} is ${name}, requests: ${limit}`)
}

/** It wants no more pieces, or again some (BEP 21). Only a change counts: who is done when it comes got its pieces elsewhere. */
export function onUploadOnly(context: TorrentContext, peer: Peer, isUploadOnly: boolean): void {
  if (isUploadOnly && peer.isUploadOnly === false) context.completedPeers.add(peer)
  peer.isUploadOnly = isUploadOnly
  if (isUploadOnly) passOnSlots(context)
}

/** The connection is gone: nothing of it may stay behind. */
export function onClosed(context: TorrentContext, peer: Peer, reason: KnownError): void {
  context.peers.remove(peer)
  context.superSeed?.onClosed(peer)
  context.places.give()
  if (peer.isCountedAsSeed) context.picker.removeSeed()
  else context.picker.removePeer(peer.pieces)
  releaseRequests(context, peer)
  for (const open of context.openPieces.values()) if (open.owner === peer.key) disownPiece(context, open)
  peer.uploads.clear()
  const isDone = context.state === 'complete'
  passOnSlots(context)
  context.pool.onClosed(peer.endpoint, {
    wasUseful: (isDone ? peer.uploadRate : peer.downloadRate).totalBytes > 0,
    isNeedless: isDone && (peer.isSeed || peer.isUploadOnly === true),
    nowMs: context.clock.now(),
  })
  context.log('debug', 'peer', `${formatEndpoint(peer.endpoint)} closed: ${reason.message} [${reason.code}]`)
}

/** Takes back all open requests. */
export function releaseRequests(context: TorrentContext, peer: Peer): void {
  takeBack(context, peer, peer.ledger.takeAll())
  peer.currentPiece = undefined
}

/** These blocks, out of the ledger already, are free for others, and still welcome from this peer. */
export function takeBack(context: TorrentContext, peer: Peer, blockIds: readonly BlockId[]): void {
  const { geometry } = context.metainfo
  for (const blockId of blockIds) {
    peer.forgive(blockId)
    const piece = checkPiece(geometry, Math.floor(blockId / geometry.blocksPerPiece))
    if (piece !== undefined) releaseBlock(peer, piece, blockId % geometry.blocksPerPiece)
  }
}

/** The peer will not send this block: it is free, and so is the piece for others to adopt. */
function releaseBlock(peer: Peer, piece: PieceIndex, block: number): void {
  const { context } = peer
  const open = context.openPieces.get(piece)
  if (open === undefined) return
  context.openPieces.release(open, block)
  if (open.owner === peer.key) disownPiece(context, open)
  else releaseIfUntouched(context, open)
}

export function updateInterest(peer: Peer): void {
  if (peer.interestingCount > 0) peer.connection.interested()
  else peer.connection.notInterested()
}
