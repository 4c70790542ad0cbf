/** The session of a run: opened for the first torrent, closed within a bound. */
import type { Clock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { TorrentObserver } from '../torrent/snapshot.ts'
import type { Ending } from './ending.ts'
import { torrentSettings } from './item-options.ts'
import type { ItemOptions } from './item-options.ts'
import type { Job, JobTorrent } from './job.ts'
import { NamedPeers } from './named-peers.ts'

/** The engine says goodbye to trackers for 2 s at the most; this is for when it does not keep its word. */
const CLOSE_LIMIT_MS = 5000
/** After a Ctrl-C, a longer goodbye is explained: silence would look like a hang. */
const SILENT_CLOSE_MS = 500

/** What is needed of a session; session.ts has the real one, tests another. */
export interface DownloadSession {
  add(metainfo: Metainfo, settings: TorrentSettings, observer: TorrentObserver): JobTorrent
  close(): Promise<void>
}

export interface RunSessionParts {
  readonly openSession: () => Promise<DownloadSession>
  /** All addresses of a name (or of an address). */
  readonly lookup: (name: string) => Promise<readonly string[]>
  readonly clock: Clock
  readonly log: LogSink
  /** About the whole run. */
  readonly warn: (message: string) => void
}

export class RunSession {
  readonly #parts: RunSessionParts
  readonly #peers: NamedPeers
  #session: Promise<DownloadSession> | undefined

  constructor(parts: RunSessionParts) {
    this.#parts = parts
    this.#peers = new NamedPeers(parts.lookup, parts.warn)
  }

  /** @returns undefined when the run ended meanwhile @throws what opening throws, for each torrent again */
  async add(job: Job, item: ItemOptions, ending: Ending): Promise<JobTorrent | undefined> {
    if (ending.isOver()) return undefined
    this.#session ??= this.#parts.openSession()
    const ready = await ending.before(Promise.all([this.#session, this.#peers.resolve(item.peers)]))
    if (ready === undefined || ending.isOver()) return undefined
    const [session, peers] = ready
    return session.add(job.metainfo, { ...torrentSettings(item, peers, job.chosen), ...job.settings }, job)
  }

  /** @param wasStopped by a signal: then somebody waits for it */
  async close(wasStopped: boolean): Promise<void> {
    const session = await this.#session?.catch(() => undefined) // its failure was told already
    if (session === undefined) return
    const { clock, log, warn } = this.#parts
    const cancels: (() => void)[] = []
    if (wasStopped) {
      const explain = (): void => {
        warn('telling the trackers that we stop (Ctrl-C again ends at once)')
      }
      cancels.push(clock.after(SILENT_CLOSE_MS, explain))
    }
    const late = new Promise<void>((resolveLate) => {
      const giveUp = (): void => {
        log('warn', 'session', `did not close within ${CLOSE_LIMIT_MS / 1000} s`)
        resolveLate()
      }
      cancels.push(clock.after(CLOSE_LIMIT_MS, giveUp))
    })
    await Promise.race([session.close(), late])
    for (const cancel of cancels) cancel()
  }
}
