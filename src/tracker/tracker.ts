/** What a tracker is to the rest of the program, whichever protocol it speaks (BEP 3, 15, 23, 7, 48). */
import type { AddressScope } from '../common/address-scope.ts'
import type { Endpoint } from '../common/endpoint.ts'

export type AnnounceEvent = 'none' | 'started' | 'completed' | 'stopped'

export interface AnnounceRequest {
  /** 20 bytes */
  readonly infoHash: Buffer
  /** 20 bytes */
  readonly peerId: Buffer
  /** u32 that stays the same for this run: lets a tracker know us after our address changed. */
  readonly key: number
  /** The port we really listen on. */
  readonly port: number
  readonly uploadedBytes: number
  readonly downloadedBytes: number
  readonly leftBytes: number
  readonly event: AnnounceEvent
  /** Peers we would like. */
  readonly numWant: number
}

export interface AnnounceResponse {
  /** As the tracker said; the announcer clamps it. */
  readonly intervalSeconds: number
  readonly minIntervalSeconds: number | undefined
  readonly seederCount: number | undefined
  readonly leecherCount: number | undefined
  /** Ports 1..65535, at most 1,000. */
  readonly endpoints: readonly Endpoint[]
  /** Foreign text. */
  readonly warning: string | undefined
  /** Where the answer came from: addresses it names may not lie further inside (common/address-scope.ts). */
  readonly scope: AddressScope
}

export interface ScrapeResponse {
  readonly seederCount: number
  readonly completedCount: number
  readonly leecherCount: number
}

export interface Tracker {
  readonly url: string
  /** @throws TrackerError; TRACKER_REFUSED when the tracker said no (failure reason, error action) */
  announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse>
  /** @throws TrackerError; TRACKER_NO_SCRAPE when this tracker has no scrape address */
  scrape(infoHash: Buffer, signal: AbortSignal): Promise<ScrapeResponse>
  /** Frees sockets. Announces under way reject. */
  close(): void
}

/** One tracker as the user sees it. */
export interface TrackerStatus {
  readonly url: string
  /** 0-based BEP 12 tier. */
  readonly tier: number
  /** idle: not asked yet, or a tracker of its tier answers; refused: it said no to this torrent */
  readonly state: 'idle' | 'announcing' | 'working' | 'failing' | 'refused'
  /** Why the last try failed. May hold foreign text. */
  readonly lastError: string | undefined
  /** Its code in docs/errors.md; undefined without an error, or when it is no TrackerError. */
  readonly lastErrorCode: string | undefined
  readonly seederCount: number | undefined
  readonly leecherCount: number | undefined
  /** Endpoints in its last answer. */
  readonly endpointCount: number | undefined
  /** Milliseconds until it is asked again, as far as that is known. */
  readonly nextAnnounceInMs: number | undefined
}
