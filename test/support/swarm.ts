/** Whole swarms in one process: a real tracker, real sessions, real files below one temporary directory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '../../src/common/clock.ts'
import type { KnownError } from '../../src/common/errors.ts'
import type { LogSink } from '../../src/common/log.ts'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import type { Torrent } from '../../src/torrent/torrent.ts'
import type { Settings, TorrentSettings } from '../../src/session/settings.ts'
import { Session } from '../../src/session/session.ts'
import { LocalAddresses } from '../../src/common/local-addresses.ts'
import { silentLog } from '../../src/common/log.ts'
import { systemClock } from '../../src/common/clock.ts'

/** One client of the swarm. */
export interface Client {
  readonly session: Session
  readonly torrent: Torrent
  /** Where its files lie. */
  readonly directory: string
  /** Settles when every byte is verified; rejects when the torrent fails. */
  readonly complete: Promise<void>
  /** Settles when the torrent fails, with why. */
  readonly failed: Promise<KnownError>
  readonly warnings: string[]
  readonly wholeFiles: number[]
}

export interface JoinOptions {
  readonly name?: string
  readonly log?: LogSink
  readonly local?: LocalAddresses
  readonly session?: Partial<Settings>
}

export class Swarm {
  readonly #root: string
  readonly #sessions = new Set<Session>()
  #clients = 0

  readonly #clock: Clock

  private constructor(root: string, clock: Clock) {
    this.#root = root
    this.#clock = clock
  }

  static async make(clock: Clock = systemClock): Promise<Swarm> {
    return new Swarm(await mkdtemp(join(tmpdir(), 'torrent-dl-swarm-')), clock)
  }

  /** A directory of its own for each call; `name` again gives the same one. */
  directory(name = `client-${this.#clients++}`): string {
    return join(this.#root, name)
  }

  /** Starts a client on `directory`; it listens on 127.0.0.1, or where `local` says. @param options.session more of its settings */
  async join(metainfo: Metainfo, options: Partial<TorrentSettings> & JoinOptions = {}): Promise<Client> {
    const { name, log = silentLog, local = new LocalAddresses({ v4: '127.0.0.1' }), ...rest } = options
    const { session: more, ...settings } = rest
    const directory = this.directory(name)
    const session = await Session.open(
      {
        listenPorts: { first: 0, last: 0 },
        local,
        maxPeers: 50,
        stateDirectory: `${directory}.state`,
        ...more,
      },
      { clock: this.#clock, log },
    )
    this.#sessions.add(session)
    return startTorrent(session, metainfo, {
      outputDirectory: directory,
      usePartFiles: true,
      force: false,
      seedWhenComplete: true,
      peers: [],
      ...settings,
    })
  }

  /** Ends one client as a user would with Ctrl-C. */
  async leave(client: Client): Promise<void> {
    this.#sessions.delete(client.session)
    await client.session.close()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions].map(async (session) => session.close()))
    await rm(this.#root, { recursive: true, force: true })
  }
}

function startTorrent(session: Session, metainfo: Metainfo, settings: TorrentSettings): Client {
  const warnings: string[] = []
  const wholeFiles: number[] = []
  let torrent: Torrent | undefined
  let onFailed: (error: KnownError) => void = () => undefined
  const failed = new Promise<KnownError>((resolve) => {
    onFailed = resolve
  })
  const complete = new Promise<void>((resolve, reject) => {
    torrent = session.add(metainfo, settings, {
      onState: () => undefined,
      onTracker: () => undefined,
      onFile: (file) => wholeFiles.push(file),
      onComplete: resolve,
      onWarning: (message) => warnings.push(message),
      onFailed: (error) => {
        reject(error)
        onFailed(error)
      },
    })
  })
  complete.catch(() => undefined) // a test that expects the failure looks at `failed`
  if (torrent === undefined) throw new Error('no torrent')
  torrent.start()
  return { session, torrent, directory: settings.outputDirectory, complete, failed, warnings, wholeFiles }
}
