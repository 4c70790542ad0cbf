/** What the outside sees of a torrent: plain values, taken when asked for. Nothing is pushed per block. */
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { KnownError } from '../common/errors.ts'

/** The life of a torrent: checking -> downloading -> complete -> stopped; failed from any. */
export type TorrentState = 'checking' | 'downloading' | 'complete' | 'stopped' | 'failed'

export interface TorrentSnapshot {
  readonly state: TorrentState
  readonly name: string
  /** 40 hex digits */
  readonly infoHash: string
  /** Of the wanted pieces; all of them, unless the user chose. */
  readonly totalBytes: number
  /** Verified bytes on disk, of the wanted pieces. */
  readonly doneBytes: number
  /** Of existing data, while checking. */
  readonly checkedBytes: number
  readonly bytesToCheck: number
  /** Payload received (waste included) and sent in this run. */
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  /** Received but of no use: duplicates, late, failed its hash. */
  readonly wastedBytes: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  /** From the rate of the last 10 s; undefined when nothing moves. */
  readonly etaSeconds: number | undefined
  readonly peers: PeerCounts
  /** Distinct peers that got their last piece while they were connected to us. */
  readonly completedPeerCount: number
  readonly trackers: readonly TrackerStatus[]
  /** The local network is asked, too; left out when not. */
  readonly asksLocalNetwork?: true
  /** Seconds since a block of use arrived (or since the start). */
  readonly idleSeconds: number
}

export interface PeerCounts {
  readonly connected: number
  /** Connected ones that have every piece. */
  readonly seeds: number
  /** Connected ones that let us download. */
  readonly unchoking: number
  /** Connected ones that want pieces of us. */
  readonly interested: number
  /** Connected ones that we let download. */
  readonly unchoked: number
  /** Dials under way. */
  readonly dialing: number
  /** Addresses known. */
  readonly known: number
  readonly banned: number
  /** Hosts that were named and are in the user's blocklist; left out when there are none. */
  readonly blocked?: number
  /** Hosts that were named and whose family is not used (`-4`, `-6`, `--interface`); left out when there are none. */
  readonly unreachable?: number
  /** Of the addresses known those that peers named (PEX), and those that announced themselves nearby (LSD). */
  readonly fromPeers?: number
  readonly fromLocalNetwork?: number
}

export const NO_PEERS: PeerCounts = {
  connected: 0,
  seeds: 0,
  unchoking: 0,
  interested: 0,
  unchoked: 0,
  dialing: 0,
  known: 0,
  banned: 0,
}

/** What a torrent tells its owner, as it happens. Calls are synchronous and must not throw. */
export interface TorrentObserver {
  onState(state: TorrentState): void
  /** A tracker answered or failed. */
  onTracker(status: TrackerStatus): void
  /** This file is whole under its final name. */
  onFile(file: number): void
  /** Every wanted byte is verified on disk. */
  onComplete(): void
  /** A sentence for the user; may hold foreign text. */
  onWarning(message: string): void
  /** The torrent cannot go on. */
  onFailed(error: KnownError): void
}
