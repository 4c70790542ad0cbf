/** Fills a TorrentSnapshot: O(peers), called a few times a second. */
import type { TorrentContext } from './torrent-context.ts'
import type { PeerCounts, TorrentSnapshot } from './snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import { checkPiece, pieceLength } from '../metainfo/geometry.ts'

export interface SnapshotExtras {
  readonly checkedBytes: number
  readonly bytesToCheck: number
  readonly dialingCount: number
  readonly trackers: readonly TrackerStatus[]
  readonly asksLocalNetwork: boolean
}

export function takeSnapshot(context: TorrentContext, extras: SnapshotExtras): TorrentSnapshot {
  const { metainfo, stats } = context
  const nowMs = context.clock.now()
  const totalBytes = wantedBytes(context)
  const done = doneBytes(context)
  return {
    state: context.state,
    name: metainfo.name,
    infoHash: metainfo.infoHash.toString('hex'),
    totalBytes,
    doneBytes: done,
    checkedBytes: extras.checkedBytes,
    bytesToCheck: extras.bytesToCheck,
    downloadedBytes: stats.downloadedBytes,
    uploadedBytes: stats.uploadedBytes,
    wastedBytes: stats.wastedBytes,
    downloadBytesPerSecond: stats.downloadBytesPerSecond(nowMs),
    uploadBytesPerSecond: stats.uploadBytesPerSecond(nowMs),
    etaSeconds: stats.etaSeconds(totalBytes - done, nowMs),
    peers: countPeers(context, extras.dialingCount),
    completedPeerCount: context.completedPeers.count,
    trackers: extras.trackers,
    ...(extras.asksLocalNetwork && { asksLocalNetwork: true }),
    idleSeconds: stats.idleSeconds(nowMs),
  }
}

function wantedBytes({ metainfo: { geometry }, wanted }: TorrentContext): number {
  return bytesOf(geometry, wanted.count, geometry.pieceCount > 0 && wanted.has(geometry.pieceCount - 1))
}

/** Of the wanted pieces. */
function doneBytes({ metainfo: { geometry }, wanted }: TorrentContext): number {
  const last = geometry.pieceCount - 1
  return bytesOf(geometry, wanted.hadCount, last >= 0 && wanted.has(last) && wanted.hasHad(last))
}

/** Bytes of all pieces that are not here, wanted or not. */
export function missingBytes({ metainfo: { geometry }, have }: TorrentContext): number {
  const last = geometry.pieceCount - 1
  return geometry.totalBytes - bytesOf(geometry, have.count, last >= 0 && have.has(last))
}

/** Bytes of so many pieces. The last of the torrent may be shorter. */
function bytesOf(geometry: Geometry, count: number, isLastAmongThem: boolean): number {
  const last = checkPiece(geometry, geometry.pieceCount - 1)
  if (last === undefined || !isLastAmongThem) return count * geometry.pieceBytes
  return (count - 1) * geometry.pieceBytes + pieceLength(geometry, last)
}

function countPeers(context: TorrentContext, dialing: number): PeerCounts {
  let seeds = 0
  let unchoking = 0
  let interested = 0
  let unchoked = 0
  for (const peer of context.peers.values()) {
    if (peer.isSeed) seeds++
    if (!peer.connection.peerChoking) unchoking++
    if (peer.connection.peerInterested) interested++
    if (!peer.connection.amChoking) unchoked++
  }
  const { known, banned } = context.pool.counts
  const { blocked, unreachable } = context.pool.refusedCounts
  const [fromPeers, fromLocalNetwork] = [context.pool.countOf('pex'), context.pool.countOf('lsd')]
  return {
    connected: context.peers.size,
    seeds,
    unchoking,
    interested,
    unchoked,
    dialing,
    known,
    banned,
    ...(blocked > 0 && { blocked }),
    ...(unreachable > 0 && { unreachable }),
    ...(fromPeers > 0 && { fromPeers }),
    ...(fromLocalNetwork > 0 && { fromLocalNetwork }),
  }
}
