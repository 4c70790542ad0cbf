/** Fills a TorrentSnapshot: O(peers), called a few times a second. */
import type { TorrentContext } from './torrent-context.ts'
import type { PeerCounts, TorrentSnapshot } from './snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { Geometry } from '../metainfo/geometry.ts'
import type { Bitfield } from '../common/bitfield.ts'
import { checkPiece, pieceLength } from '../metainfo/geometry.ts'

export interface SnapshotExtras {
  readonly checkedBytes: number
  readonly bytesToCheck: number
  readonly dialingCount: number
  readonly trackers: readonly TrackerStatus[]
}

export function takeSnapshot(context: TorrentContext, extras: SnapshotExtras): TorrentSnapshot {
  const { metainfo, stats } = context
  const nowMs = context.clock.now()
  const { totalBytes } = metainfo.geometry
  const done = doneBytes(metainfo.geometry, context.have)
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
    trackers: extras.trackers,
    idleSeconds: stats.idleSeconds(nowMs),
  }
}

/** Bytes of the pieces in `have`. */
export function doneBytes(geometry: Geometry, have: Bitfield): number {
  const last = checkPiece(geometry, geometry.pieceCount - 1)
  if (last === undefined || !have.has(last)) return have.count * geometry.pieceBytes
  return (have.count - 1) * geometry.pieceBytes + pieceLength(geometry, last)
}

function countPeers(context: TorrentContext, dialing: number): PeerCounts {
  let seeds = 0
  let unchoking = 0
  for (const peer of context.peers.values()) {
    if (peer.isSeed) seeds++
    if (!peer.connection.peerChoking) unchoking++
  }
  const { known, banned } = context.pool.counts
  const { blocked, unreachable } = context.pool.refusedCounts
  return {
    connected: context.peers.size,
    seeds,
    unchoking,
    dialing,
    known,
    banned,
    ...(blocked > 0 && { blocked }),
    ...(unreachable > 0 && { unreachable }),
  }
}
