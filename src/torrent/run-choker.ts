/** Whom we upload to: asks swarm/choker.ts and tells the peers. */
import type { Peer } from './peer.ts'
import type { TorrentContext } from './torrent-context.ts'
import { chooseNext, chooseUnchoked, type ChokerPeer, type ChokerRound } from '../swarm/choker.ts'
import { uploadSlots } from '../swarm/upload-slots.ts'

/** Rounds of the choker between changes of the optimistic unchoke: 3 x 10 s (BEP 3). */
const OPTIMISTIC_EVERY = 3

/** One round, every 10 s. @param round counts up */
export function runChoker(context: TorrentContext, round: number): void {
  const nowMs = context.clock.now()
  const candidates = [...context.peers.values()].map((peer) => candidateOf(peer, nowMs))
  const optimisticRound = round % OPTIMISTIC_EVERY === 0
  const chosen = chooseUnchoked(candidates, roundOf(context, nowMs, optimisticRound))
  for (const peer of context.peers.values()) {
    if (chosen.has(peer.key)) unchoke(context, peer)
    else choke(context, peer)
    peer.connection.flush()
  }
}

/** A peer became interested: while a slot is free it need not wait for the next round. */
export function unchokeNow(context: TorrentContext, peer: Peer): void {
  if (isTaker(peer) && freeSlots(context) > 0) unchoke(context, peer)
}

/** A slot may have become free: whoever waits for one need not wait for the next round. */
export function passOnSlots(context: TorrentContext): void {
  if ((context.state !== 'downloading' && context.state !== 'complete') || !hasWaiting(context)) return
  for (const peer of context.peers.values()) {
    if (peer.connection.amChoking || isTaker(peer)) continue
    choke(context, peer) // else it would have a slot beyond the others' as soon as it wants something again
    peer.connection.flush()
  }
  const nowMs = context.clock.now()
  for (let free = freeSlots(context); free > 0; free--) {
    const candidates = [...context.peers.values()].map((peer) => candidateOf(peer, nowMs))
    const key = chooseNext(candidates, roundOf(context, nowMs, false))
    const next = key === undefined ? undefined : context.peers.get(key)
    if (next === undefined) return
    unchoke(context, next)
    next.connection.flush()
  }
}

/** Would it take something? One that has everything it wants may not have said yet that it lost interest (BEP 21). */
function isTaker({ connection, isSeed, isUploadOnly }: Peer): boolean {
  return connection.peerInterested && !isSeed && isUploadOnly !== true
}

function hasWaiting({ peers }: TorrentContext): boolean {
  for (const peer of peers.values()) if (peer.connection.amChoking && isTaker(peer)) return true
  return false
}

function candidateOf(peer: Peer, nowMs: number): ChokerPeer {
  return {
    key: peer.key,
    isInterested: isTaker(peer),
    bytesPerSecondFrom: peer.downloadRate.bytesPerSecond(nowMs),
    bytesPerSecondTo: peer.uploadRate.bytesPerSecond(nowMs),
    unchokedAtMs: peer.unchokedAtMs,
    chokedAtMs: peer.chokedAtMs,
    isSnubbing: peer.snubCount > 0,
    connectedAtMs: peer.connection.connectedAtMs,
  }
}

function roundOf(context: TorrentContext, nowMs: number, optimisticRound: boolean): ChokerRound {
  const { state, random } = context
  return {
    slots: slotsOf(context, nowMs),
    isSeeding: state === 'complete',
    nowMs,
    random,
    optimisticRound,
  }
}

function slotsOf({ peers, state, uploadLimit }: TorrentContext, nowMs: number): number {
  const served = [...peers.values()].filter(({ connection }) => !connection.amChoking)
  return uploadSlots({
    isSeeding: state === 'complete',
    ratesTo: served.map(({ uploadRate }) => uploadRate.bytesPerSecond(nowMs)),
    limit: uploadLimit?.bytesPerSecond ?? Infinity,
  })
}

function freeSlots(context: TorrentContext): number {
  let busy = 0
  for (const peer of context.peers.values()) if (!peer.connection.amChoking && isTaker(peer)) busy++
  return slotsOf(context, context.clock.now()) - busy
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
