/** Whom we upload to: asks swarm/choker.ts and tells the peers. */
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { chooseUnchoked } from '../swarm/choker.ts'

/** Peers served at a time. */
const UPLOAD_SLOTS = 8
/** Rounds of the choker between changes of the optimistic unchoke: 3 x 10 s (BEP 3). */
const OPTIMISTIC_EVERY = 3

/** One round, every 10 s. @param round counts up */
export function runChoker(context: TorrentContext, round: number): void {
  const nowMs = context.clock.now()
  const candidates = [...context.peers.values()].map((peer) => ({
    key: peer.key,
    isInterested: peer.connection.peerInterested,
    bytesPerSecondFrom: peer.downloadRate.bytesPerSecond(nowMs),
    bytesPerSecondTo: peer.uploadRate.bytesPerSecond(nowMs),
    unchokedAtMs: peer.unchokedAtMs,
    isSnubbing: peer.snubCount > 0,
    connectedAtMs: peer.connection.connectedAtMs,
  }))
  const chosen = chooseUnchoked(candidates, {
    slots: UPLOAD_SLOTS,
    nowMs,
    isSeeding: context.state === 'complete',
    random: context.random,
    optimisticRound: round % OPTIMISTIC_EVERY === 0,
  })
  for (const peer of context.peers.values()) {
    if (chosen.has(peer.key)) unchoke(context, peer)
    else choke(context, peer)
    peer.connection.flush()
  }
}

/** A peer became interested while a slot is free: it need not wait for the next round. */
export function unchokeNow(context: TorrentContext, peer: Peer): void {
  let busy = 0
  for (const other of context.peers.values()) {
    if (!other.connection.amChoking && other.connection.peerInterested) busy++
  }
  if (busy < UPLOAD_SLOTS) unchoke(context, peer)
}

function unchoke(context: TorrentContext, peer: Peer): void {
  if (!peer.connection.amChoking) return
  peer.unchokedAtMs = context.clock.now()
  peer.connection.unchoke()
}

function choke(context: TorrentContext, peer: Peer): void {
  if (peer.connection.amChoking) return
  peer.chokedAtMs = context.clock.now()
  peer.unchokedAtMs = undefined
  peer.connection.choke()
  peer.uploads.clear()
}
