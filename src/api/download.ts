/** `download` of the library: one torrent, until all of it is there and verified. */
import { join, resolve } from 'node:path'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import type { TorrentSource } from './source.ts'
import { systemClock } from '../common/clock.ts'
import { SourceError } from '../common/errors.ts'
import { silentLog } from '../common/log.ts'
import { userUrls, withUserTrackers } from '../metainfo/user-trackers.ts'
import { Session } from '../session/session.ts'
import { DEFAULT_MAX_PEERS } from '../session/settings.ts'
import type { Torrent } from '../torrent/torrent.ts'
import {
  addressesOf,
  checkNumber,
  checkTrackers,
  listenPortsOf,
  parsePeer,
  readTorrent,
  stateDirectoryOf,
} from './source.ts'

export interface DownloadOptions {
  /** For the files; made when it is missing. Default: the current directory. */
  readonly directory?: string
  /** `IP:PORT` of peers to ask, beside those that trackers name. */
  readonly peers?: readonly string[]
  /** Tiers of tracker URLs, asked before the torrent's own. */
  readonly trackers?: readonly (readonly string[])[]
  /** Tiers of tracker URLs instead of the torrent's own. */
  readonly onlyTrackers?: readonly (readonly string[])[]
  /** The IP address to talk and listen from; default: any. */
  readonly host?: string
  /** The TCP port to listen on; default: any free one. */
  readonly port?: number
  readonly maxPeers?: number
  /** Bytes a second; default: no limit. */
  readonly downloadLimit?: number
  /** Bytes a second; default: no limit. */
  readonly uploadLimit?: number
  /** Reject when nothing came for so long; default: wait as long as something could still come. */
  readonly stallTimeoutMs?: number
  /** Hash what is there, whatever was recorded of it. */
  readonly verify?: boolean
  /** Replace different files that are in the way. */
  readonly force?: boolean
  /** Records and locks; default: `~/.local/state/torrent-dl`, as the command has it. */
  readonly stateDirectory?: string
  /** Stops, saves what came, and rejects with its reason. */
  readonly signal?: AbortSignal
  /** Once a second and at the end. What it throws ends the download and rejects it. */
  readonly onProgress?: (progress: DownloadProgress) => void
  /** Sentences about what was ignored, renamed or odd. May hold text of strangers: clean it before a terminal gets it. */
  readonly onWarning?: (message: string) => void
}

export interface DownloadProgress {
  readonly state: 'checking' | 'downloading' | 'complete' | 'stopped' | 'failed'
  readonly totalBytes: number
  /** Verified and on disk. */
  readonly doneBytes: number
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  readonly downloadBytesPerSecond: number
  readonly uploadBytesPerSecond: number
  /** Undefined when nothing moves. */
  readonly etaSeconds: number | undefined
  readonly peerCount: number
}

export interface DownloadedFile {
  /** Absolute. */
  readonly path: string
  readonly lengthBytes: number
}

export interface DownloadResult {
  readonly name: string
  /** 40 hex digits. */
  readonly infoHash: string
  /** Absolute: the file, or the directory with the files. */
  readonly path: string
  readonly files: readonly DownloadedFile[]
  readonly totalBytes: number
  /** In this call; 0 when everything was there. */
  readonly downloadedBytes: number
  readonly uploadedBytes: number
  /** Received and of no use: duplicates, bad data. */
  readonly wastedBytes: number
  readonly seconds: number
}

const PROGRESS_EVERY_MS = 1000
const MAX_TIMEOUT_MS = 2 ** 31 - 1
const RATES = [1024, 2 ** 40] as const

/**
 * Downloads a torrent. What is there already is verified and kept; the same call again goes on where it stopped.
 * @throws KnownError with a `code` of docs/errors.md; the reason of `signal`
 */
export async function download(
  source: TorrentSource,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  options.signal?.throwIfAborted()
  const { trackers = [], onlyTrackers = [], signal } = options
  const user = { extra: checkTrackers(trackers), only: checkTrackers(onlyTrackers) }
  const settings = { ...sessionSettings(options), stateDirectory: stateDirectoryOf(options) }
  const peers = (options.peers ?? []).map(parsePeer)
  const { metainfo } = withUserTrackers(await readTorrent(source), user)
  signal?.throwIfAborted()
  const session = await Session.open(settings, { clock: systemClock, log: silentLog })
  try {
    return await new Downloading(metainfo, options).run(session, { peers, userTrackers: userUrls(user) })
  } finally {
    await session.close()
  }
}

class Downloading {
  readonly #metainfo: Metainfo
  readonly #options: DownloadOptions
  readonly #directory: string
  readonly #startedAtMs = systemClock.now()

  constructor(metainfo: Metainfo, options: DownloadOptions) {
    this.#metainfo = metainfo
    this.#options = options
    this.#directory = resolve(options.directory ?? '.')
  }

  async run(
    session: Session,
    network: {
      readonly peers: readonly { readonly host: string; readonly port: number }[]
      readonly userTrackers: ReadonlySet<string>
    },
  ): Promise<DownloadResult> {
    const { signal, stallTimeoutMs } = this.#options
    if (stallTimeoutMs !== undefined) checkNumber('stallTimeoutMs', stallTimeoutMs, [1, MAX_TIMEOUT_MS])
    const cancels: (() => void)[] = []
    try {
      const torrent = await new Promise<Torrent>((complete, fail) => {
        const started = this.#add(session, network, { complete, fail })
        const watch = this.#watcher(started, fail)
        cancels.push(systemClock.every(Math.min(stallTimeoutMs ?? Infinity, PROGRESS_EVERY_MS), watch))
        const onAbort = (): void => {
          fail(signal?.reason as Error)
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        cancels.push(() => signal?.removeEventListener('abort', onAbort))
        if (signal?.aborted === true)
          onAbort() // while the session opened
        else started.start()
      })
      this.#options.onProgress?.(progressOf(torrent.snapshot()))
      return this.#resultOf(torrent.snapshot())
    } finally {
      for (const cancel of cancels) cancel()
    }
  }

  #add(
    session: Session,
    network: Parameters<Downloading['run']>[1],
    { complete, fail }: { complete: (torrent: Torrent) => void; fail: (error: unknown) => void },
  ): Torrent {
    const { force = false, verify = false, onWarning } = this.#options
    const warn = (message: string): void => {
      try {
        onWarning?.(message)
      } catch (error) {
        fail(error)
      }
    }
    const { renames, notices } = this.#metainfo
    for (const { from, to } of renames) warn(`'${from}' is written as '${to}': its name is not safe here`)
    notices.forEach(warn)
    const ignore = (): undefined => undefined
    const observer = { onState: ignore, onTracker: ignore, onFile: ignore, onWarning: warn, onFailed: fail }
    const settings = {
      outputDirectory: this.#directory,
      usePartFiles: true,
      force,
      hashesAll: verify,
      seedWhenComplete: false,
      ...network,
    }
    const torrent: Torrent = session.add(this.#metainfo, settings, {
      ...observer,
      onComplete: () => {
        complete(torrent)
      },
    })
    return torrent
  }

  /** @returns to be called now and then */
  #watcher(torrent: Torrent, fail: (error: unknown) => void): () => void {
    const { onProgress, stallTimeoutMs = Infinity } = this.#options
    let sawSource = false
    let toldAtMs = systemClock.now()
    return () => {
      const snapshot = torrent.snapshot()
      sawSource ||= snapshot.peers.connected > 0 || snapshot.downloadedBytes > 0
      if (systemClock.now() - toldAtMs >= PROGRESS_EVERY_MS) {
        toldAtMs += PROGRESS_EVERY_MS
        try {
          onProgress?.(progressOf(snapshot))
        } catch (error) {
          fail(error)
        }
      }
      const isStalled = snapshot.state === 'downloading' && snapshot.idleSeconds * 1000 >= stallTimeoutMs
      if (isStalled) fail(stallError(stallTimeoutMs, sawSource))
    }
  }

  #resultOf({ downloadedBytes, uploadedBytes, wastedBytes, totalBytes }: TorrentSnapshot): DownloadResult {
    const { name, infoHash, files } = this.#metainfo
    return {
      name,
      infoHash: infoHash.toString('hex'),
      path: join(this.#directory, name),
      files: files
        .filter(({ isPadding, isSymlink }) => !isPadding && !isSymlink)
        .map(({ path, lengthBytes }) => ({ path: join(this.#directory, ...path), lengthBytes })),
      ...{ totalBytes, downloadedBytes, uploadedBytes, wastedBytes },
      seconds: (systemClock.now() - this.#startedAtMs) / 1000,
    }
  }
}

function sessionSettings(
  options: DownloadOptions,
): Omit<Parameters<typeof Session.open>[0], 'stateDirectory'> {
  const { maxPeers, downloadLimit, uploadLimit } = options
  return {
    listenPorts: listenPortsOf(options),
    local: addressesOf(options),
    maxPeers: maxPeers === undefined ? DEFAULT_MAX_PEERS : checkNumber('maxPeers', maxPeers, [1, 10_000]),
    downloadLimit:
      downloadLimit === undefined ? undefined : checkNumber('downloadLimit', downloadLimit, RATES),
    uploadLimit: uploadLimit === undefined ? undefined : checkNumber('uploadLimit', uploadLimit, RATES),
  }
}

function stallError(limitMs: number, sawSource: boolean): SourceError {
  if (sawSource) return new SourceError('STALLED', `nothing came for ${limitMs / 1000} s`)
  return new SourceError('NO_SOURCE', `no source was found within ${limitMs / 1000} s: no peer answered`)
}

function progressOf(snapshot: TorrentSnapshot): DownloadProgress {
  const { state, totalBytes, doneBytes, downloadedBytes, uploadedBytes, etaSeconds, peers } = snapshot
  const { downloadBytesPerSecond, uploadBytesPerSecond } = snapshot
  return {
    ...{ state, totalBytes, doneBytes, downloadedBytes, uploadedBytes, etaSeconds },
    ...{ downloadBytesPerSecond, uploadBytesPerSecond, peerCount: peers.connected },
  }
}
