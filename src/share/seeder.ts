/** A session that gives and never takes: it listens and seeds what lies on disk. */
import type { Clock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Settings } from '../session/settings.ts'
import type { Storage } from '../storage/storage.ts'
import type { Torrent } from '../torrent/torrent.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import { systemClock } from '../common/clock.ts'
import { StorageError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { silentLog } from '../common/log.ts'
import { DEFAULT_MAX_PEERS } from '../session/settings.ts'
import type { SessionParts } from '../session/session.ts'
import { Session } from '../session/session.ts'

/** What else can be set is what a session can. Default: any free port, every address. */
export interface SeederOptions extends Partial<Settings> {
  /** Absolute path; for records and locks. */
  readonly stateDirectory: string
  readonly clock?: Clock | undefined
  readonly log?: LogSink | undefined
  /** See SessionParts. */
  readonly wrapStreams?: SessionParts['wrapStreams']
}

/** Calls are synchronous and must not throw. */
export interface SeedObserver {
  /** A tracker answered or failed. */
  onTracker?(status: TrackerStatus): void
  /** A sentence for the user; may hold foreign text. */
  onWarning?(message: string): void
  /** It seeded, and cannot go on. What goes wrong before rejects `add`. */
  onFailed?(error: Error): void
}

export class Seeder {
  readonly #session: Session

  private constructor(session: Session) {
    this.#session = session
  }

  /** Listens. @throws UsageError LISTEN_PORT_TAKEN, LISTEN_FAILED */
  static async open({ clock, log, wrapStreams, ...settings }: SeederOptions): Promise<Seeder> {
    const defaults = {
      listenPorts: { first: 0, last: 0 },
      local: LocalAddresses.any,
      maxPeers: DEFAULT_MAX_PEERS,
    }
    const parts = { clock: clock ?? systemClock, log: log ?? silentLog, wrapStreams }
    return new Seeder(await Session.open({ ...defaults, ...settings }, parts))
  }

  /** The TCP port that peers reach us on. */
  get port(): number {
    return this.#session.listenPort
  }

  /**
   * Seeds what lies below `dataDirectory`, an absolute path, or in `storage`; trackers hear of it. Nothing there is
   * changed or added.
   * @returns the torrent, when all of it was found and verified
   * @throws StorageError DATA_MISSING when some of it is missing or different, LOCKED when another process holds it
   */
  async add(
    metainfo: Metainfo,
    dataDirectory: string,
    observer: SeedObserver & { readonly storage?: Storage; readonly isSuperSeeding?: boolean } = {},
  ): Promise<Torrent> {
    const settings = {
      outputDirectory: dataDirectory,
      storage: observer.storage,
      usePartFiles: true,
      force: false,
      peers: [],
      seedWhenComplete: true,
      isReadOnly: true,
      isSuperSeeding: observer.isSuperSeeding,
    }
    return await new Promise<Torrent>((resolve, reject) => {
      const torrent = this.#session.add(metainfo, settings, {
        onState(state) {
          if (state === 'downloading') {
            reject(new StorageError('DATA_MISSING', missing(metainfo, dataDirectory))) // of a storage of the caller's
            queueMicrotask(() => void torrent.stop()) // not within its own step
          }
          if (state === 'stopped') reject(new StorageError('STORAGE_CLOSED', `${metainfo.name}: stopped`))
        },
        onTracker(status) {
          observer.onTracker?.(status)
        },
        onFile: () => undefined,
        onComplete() {
          resolve(torrent)
        },
        onWarning(message) {
          observer.onWarning?.(message)
        },
        onFailed(error) {
          reject(error)
          observer.onFailed?.(error)
        },
      })
      torrent.start()
    })
  }

  /** Payload that was sent by another way than peers counts in the upload limit. */
  chargeUpload(bytes: number): void {
    this.#session.chargeUpload(bytes)
  }

  /** Stops every torrent, tells trackers (2 s at the most) and frees the port. Never rejects. */
  async close(): Promise<void> {
    await this.#session.close()
  }
}

function missing({ name }: Metainfo, directory: string): string {
  return `cannot seed ${name}: not all of it is in ${directory}`
}
