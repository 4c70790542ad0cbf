/** Everything that happens by the clock: one ticker a torrent, deadlines are numbers compared here. */
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
/** One request is taken back, though others are answered, when this many times the peer's whole queue could have come, */
const SKIPPED_AFTER_QUEUES = 3
/** and in any case after this long. */
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
  const isSecond = tick % TICKS_A_SECOND === 0
  for (const peer of [...context.peers.values()]) {
    if (isSecond) onSecond(context, peer, nowMs)
    if (peer.isClosed) continue
    fillRequests(context, peer)
    peer.connection.flush()
  }
}

function onSecond(context: TorrentContext, peer: Peer, nowMs: number): void {
  peer.connection.tick(nowMs)
  if (peer.isClosed) return
  if (isSnubbing(peer, nowMs)) snub(context, peer, nowMs)
  else takeBackSkipped(context, peer, nowMs)
  if (isUseless(context, peer, nowMs)) {
    peer.connection.close(new PeerError('PEER_USELESS', 'nothing to give each other'))
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
 * Peers answer in order, more or less. A request that most others overtook was dropped, or is held back to keep its piece
 * from ever being whole.
 */
function takeBackSkipped(context: TorrentContext, peer: Peer, nowMs: number): void {
  if (peer.ledger.size === 0) return
  const queueBytes = Math.max(peer.ledger.size, peer.window.depth) * BLOCK_BYTES
  const queueMs = (1000 * queueBytes) / peer.downloadRate.bytesPerSecond(nowMs)
  const patienceMs = Math.min(Math.max(SNUB_AFTER_MS, SKIPPED_AFTER_QUEUES * queueMs), MAX_REQUEST_AGE_MS)
  const skipped = peer.ledger.takeOlderThan(nowMs - patienceMs)
  if (skipped.length === 0) return
  peer.yieldsUntilMs = nowMs + YIELD_MS
  takeBack(context, peer, skipped)
}

function isUseless(context: TorrentContext, peer: Peer, nowMs: number): boolean {
  if (context.state === 'complete' && peer.isSeed) return true
  const { amInterested, peerInterested, connectedAtMs } = peer.connection
  const sinceMs = Math.max(connectedAtMs, peer.lastBlockMs)
  if (nowMs - sinceMs <= USELESS_AFTER_MS) return false
  const isPlaceNeeded = context.state === 'downloading' && context.peers.size >= context.maxPeers
  if (isPlaceNeeded) return peer.uploadRate.bytesPerSecond(nowMs) === 0
  return !amInterested && !peerInterested
}
