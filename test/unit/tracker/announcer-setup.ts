/** An announcer among fake trackers, on a clock moved by hand. */
import { silentLog } from '../../../src/common/log.ts'
import { Announcer, type Counters } from '../../../src/tracker/announcer.ts'
import type { TrackerStatus } from '../../../src/tracker/tracker.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { FakeTrackers, type Behaviour } from './fake-tracker.ts'

export const MINUTE = 60_000

export interface Setup {
  readonly tiers: string[][]
  readonly behaviours?: Record<string, Behaviour>
}

export interface AnnouncerSetup {
  readonly clock: FakeClock
  readonly trackers: FakeTrackers
  readonly announcer: Announcer
  /** What reached `onEndpoints`: `URL SCOPE COUNT`. */
  readonly found: string[]
  readonly reported: TrackerStatus[]
  readonly warnings: string[]
  readonly status: (url: string) => TrackerStatus
  /** `URL:STATE` of all, in the order they would be asked. */
  readonly state: () => string
}

/** Tiers keep the order they are written in: the random source is one that shuffles nothing. */
export function setup({ tiers, behaviours = {} }: Setup): AnnouncerSetup {
  const clock = new FakeClock()
  const trackers = new FakeTrackers(clock)
  for (const [url, behaviour] of Object.entries(behaviours)) trackers.behaviours.set(url, behaviour)
  const counters: Counters = { uploadedBytes: 1, downloadedBytes: 2, leftBytes: 3 }
  const found: string[] = []
  const reported: TrackerStatus[] = []
  const warnings: string[] = []
  const announcer = new Announcer({
    tiers,
    makeTracker: trackers.make,
    clock,
    random: () => 0.999999,
    log: silentLog,
    counters: () => counters,
    identity: { infoHash: Buffer.alloc(20, 1), peerId: Buffer.alloc(20, 2), key: 7, port: 6881 },
    handler: {
      onEndpoints: (endpoints, scope, url) => found.push(`${url} ${scope} ${endpoints.length}`),
      onStatus: (status) => reported.push(status),
      onWarning: (message) => warnings.push(message),
    },
  })
  const status = (url: string): TrackerStatus => announcer.statuses().find((one) => one.url === url)!
  const state = (): string =>
    announcer
      .statuses()
      .map((one) => `${one.url}:${one.state}`)
      .join(' ')
  return { clock, trackers, announcer, found, reported, warnings, status, state }
}
