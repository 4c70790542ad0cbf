/** Everything that happens by the clock: one ticker a torrent, deadlines are numbers compared here. */
import type { BlockId } from '../swarm/request-ledger.ts'
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { BLOCK_BYTES } from '../metainfo/geometry.ts'
import { PeerError } from '../common/errors.ts'
import { fillRequests } from './fill-requests.ts'
import { formatEndpoint } from '../common/endpoint.ts'
import { releaseRequests, takeBack } from './on-message.ts'
import { runChoker } from './run-choker.ts'

/** The ticker's step: haves gather this long, freed blocks wait no longer for a new peer. */
export const TICK_MS = 100
const TICKS_A_SECOND = 10
const CHOKER_EVERY_TICKS = 100
/** Requests are taken back from a peer that sent no block for this long; each time in a row doubles it. */
const SNUB_AFTER_MS = 10_000
const MAX_SNUB_DOUBLINGS = 2
/** A request that so many later ones overtook was left out: peers answer in order, more or less. */
const OVERTAKEN_BY = 32
/** It is taken back when this many times the peer's whole queue could have come, but not before this long; */
const SKIPPED_AFTER_QUEUES = 3
const SKIPPED_AFTER_MS = 1_000
/** and any request after this long, though others are answered. */
const MAX_REQUEST_AGE_MS = 60_000
/** So long do others have the first try at blocks that were taken back: each asks several times a second. */
const YIELD_MS = 1_000
/**
 * Two peers that want nothing of each other are parted after this long, and, when every place is taken, those that
 * want something and never give.
 */
const USELESS_AFTER_MS = 600_000

/** @param tick counts up from 1 */
export function onTick(context: TorrentContext, tick: number): void {
  const nowMs = context.clock.now()
  if (tick % CHOKER_EVERY_TICKS === 0) runChoker(context, tick / CHOKER_EVERY_TICKS)
  context.superSeed?.show(context, nowMs)
  const isSecond = tick % TICKS_A_SECOND === 0
  if (isSecond && isWaitingForUs(context)) context.stats.restartIdleTime(nowMs)
  if (isSecond) context.pex?.onSecond(context, nowMs)
  for (const peer of [...context.peers.values()]) {
    if (isSecond) onSecond(context, peer, nowMs)
    if (peer.isClosed) continue
    takeBackSkipped(context, peer, nowMs)
    fillRequests(context, peer)
    peer.connection.flush()
  }
}

/**
 * Is it not the peers that nothing comes from? The limit may hold requests back; pieces may wait to be written (a full
 * disk, a slow one); and in the end files are looked at.
 */
function isWaitingForUs({ limit, openPieces, wanted }: TorrentContext): boolean {
  return limit?.isHolding === true || openPieces.reservedCount > openPieces.size || wanted.isComplete
}

function onSecond(context: TorrentContext, peer: Peer, nowMs: number): void {
  peer.connection.tick(nowMs)
  if (peer.isClosed) return
  if (isSnubbing(peer, nowMs)) snub(context, peer, nowMs)
  if (isUseless(context, peer, nowMs)) {
    void peer.connection.finish(new PeerError('PEER_USELESS', 'nothing to give each other'))
  }
}

function isSnubbing(peer: Peer, nowMs: number): boolean {
  if (peer.ledger.size === 0) return false
  const patienceMs = SNUB_AFTER_MS * 2 ** Math.min(peer.snubCount, MAX_SNUB_DOUBLINGS)
  return nowMs - Math.max(peer.lastBlockMs, peer.ledger.oldestSentMs) > patienceMs
}

/** Its blocks go to others; one request at a time until it sends again. */
function snub(context: TorrentContext, peer: Peer, nowMs: number): void {
  context.log(
    'info',
    'peer',
    `${formatEndpoint(peer.endpoint)} sends nothing: ${peer.ledger.size} requests taken back`,
  )
  peer.snubCount++
  peer.window.onTimeout(nowMs)
  peer.yieldsUntilMs = nowMs + YIELD_MS
  releaseRequests(context, peer)
}

/**
 * A request that most others overtook was dropped, or is held back to keep its piece from ever being whole. A peer that
 * would have to say so (BEP 6) may only be out of order, so it is given more time.
 */
function takeBackSkipped(context: TorrentContext, peer: Peer, nowMs: number): void {
  const { ledger, connection } = peer
  const ageMs = nowMs - ledger.oldestSentMs
  const isOvertaken = ledger.overtakenCount >= OVERTAKEN_BY
  if (!isOvertaken && !(ageMs > SNUB_AFTER_MS)) return
  if (isOvertaken && (!connection.supportsFast || ageMs > skippedAfterMs(peer, SKIPPED_AFTER_MS, nowMs))) {
    peer.window.onOverflow(ledger.size)
    giveUp(context, peer, ledger.takeOvertaken(), nowMs)
  } else if (ageMs > SNUB_AFTER_MS) {
    giveUp(context, peer, ledger.takeOlderThan(nowMs - skippedAfterMs(peer, SNUB_AFTER_MS, nowMs)), nowMs)
  }
}

function skippedAfterMs(peer: Peer, leastMs: number, nowMs: number): number {
  const queueBytes = Math.max(peer.ledger.size, peer.window.depth) * BLOCK_BYTES
  const queueMs = (1000 * queueBytes) / peer.downloadRate.bytesPerSecond(nowMs)
  return Math.min(Math.max(leastMs, SKIPPED_AFTER_QUEUES * queueMs), MAX_REQUEST_AGE_MS)
}

function giveUp(context: TorrentContext, peer: Peer, blockIds: readonly BlockId[], nowMs: number): void {
  if (blockIds.length === 0) return
  peer.yieldsUntilMs = nowMs + YIELD_MS
  takeBack(context, peer, blockIds)
}

function isUseless(context: TorrentContext, peer: Peer, nowMs: number): boolean {
  if (context.state === 'complete' && (peer.isSeed || peer.isUploadOnly === true)) return true
  const { amInterested, peerInterested, connectedAtMs } = peer.connection
  const sinceMs = Math.max(connectedAtMs, peer.lastBlockMs)
  if (nowMs - sinceMs <= USELESS_AFTER_MS) return false
  const isPlaceNeeded = context.state === 'downloading' && context.peers.size >= context.maxPeers
  if (isPlaceNeeded) return peer.uploadRate.bytesPerSecond(nowMs) === 0
  return !amInterested && !peerInterested
}
