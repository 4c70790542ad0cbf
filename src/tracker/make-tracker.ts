/** A tracker from its URL. */
import type { Clock } from '../common/clock.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import { HttpTracker } from './http-tracker.ts'
import type { ResolveHost } from './resolve-host.ts'
import { parseTrackerUrl } from './tracker-url.ts'
import type { Tracker } from './tracker.ts'
import type { UdpLinks } from './udp-links.ts'
import { UdpTracker } from './udp-tracker.ts'

export interface MakeTrackerOptions {
  readonly clock: Clock
  /** `torrent-dl/1.2.3` */
  readonly userAgent: string
  /** The user named it, not a torrent: it may be at any address. */
  readonly isUserNamed?: boolean
  readonly resolve?: ResolveHost
  /** From which addresses it is asked; default: any. */
  readonly local?: LocalAddresses
  /** Shared by the UDP trackers of a session. */
  readonly links?: UdpLinks
}

/** @throws TrackerError TRACKER_URL_INVALID, TRACKER_URL_UNSUPPORTED */
export function makeTracker(url: string, options: MakeTrackerOptions): Tracker {
  return parseTrackerUrl(url).protocol === 'udp:'
    ? new UdpTracker(url, options)
    : new HttpTracker(url, options)
}
