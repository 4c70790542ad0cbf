/** `torrent-dl tracker`: runs until a signal ends it. */
import type { Clock } from '../../common/clock.ts'
import type { ServedAnnounce, TrackerServer, TrackerStats } from '../../tracker/tracker-server.ts'
import { SIGNAL_EXIT } from '../exit-codes.ts'
import type { StopSignal } from '../exit-codes.ts'

const TICK_MS = 1000
const REFRESH_MS = 2000

/** What is shown of it. */
export interface TrackerView {
  /** @param urls one an address and protocol */
  onListening(urls: readonly string[], port: number): void
  onAnnounce(announce: ServedAnnounce): void
  /** Once a second. */
  onTick(stats: TrackerStats): void
  onWarning(message: string): void
  onEnd(end: TrackerEnd): void
}

export interface TrackerEnd {
  readonly code: number
  readonly signal: StopSignal
  readonly seconds: number
  readonly stats: TrackerStats
}

export interface TrackerParts {
  readonly clock: Clock
  readonly view: TrackerView
  readonly open: () => Promise<TrackerServer>
  /** Where each of its addresses can be reached. */
  readonly urlsOf: (server: TrackerServer) => readonly string[]
  /** @returns takes the handlers away */
  readonly watchSignals: (onStop: (signal: StopSignal) => void) => () => void
  /** Looks for a new list of torrents. @returns a sentence for the user, if there is something to say. Never rejects. */
  readonly refresh: () => Promise<string | undefined>
}

/** @returns the exit code @throws TrackerError TRACKER_SERVER_PORT */
export async function runTracker(parts: TrackerParts): Promise<number> {
  const { clock, view, watchSignals } = parts
  let stop: (signal: StopSignal) => void = () => undefined
  const stopped = new Promise<StopSignal>((resolve) => {
    stop = resolve
  })
  const endWatch = watchSignals(stop)
  const server = await parts.open()
  const beganMs = clock.now()
  view.onListening(parts.urlsOf(server), server.port)
  const stopTicks = clock.every(TICK_MS, () => {
    view.onTick(server.stats())
  })
  const stopRefresh = clock.every(REFRESH_MS, () => {
    void parts.refresh().then((message) => {
      if (message !== undefined) view.onWarning(message)
    })
  })
  const signal = await stopped
  stopTicks()
  stopRefresh()
  await server.close()
  endWatch()
  const code = SIGNAL_EXIT[signal]
  view.onEnd({ code, signal, seconds: (clock.now() - beganMs) / 1000, stats: server.stats() })
  return code
}
