/** `seed` of the library: one torrent whose data is on disk, until it is closed. */
import { resolve } from 'node:path'
import type { Torrent } from '../torrent/torrent.ts'
import type { TorrentSource } from './source.ts'
import { withUserTrackers } from '../metainfo/user-trackers.ts'
import { Seeder } from '../share/seeder.ts'
import {
  addressesOf,
  checkNumber,
  checkTrackers,
  listenPortsOf,
  readTorrent,
  stateDirectoryOf,
} from './source.ts'

export interface SeedOptions {
  /** Tiers of tracker URLs instead of the torrent's own. */
  readonly onlyTrackers?: readonly (readonly string[])[]
  /** The IP address to talk and listen from; default: any. */
  readonly host?: string
  /** The TCP port to listen on; default: any free one. */
  readonly port?: number
  /** Bytes a second; default: no limit. */
  readonly uploadLimit?: number
  /** Records and locks; default: `~/.local/state/torrent-dl`, as the command has it. */
  readonly stateDirectory?: string
  /** Stops the check of the data; what is seeding is ended by `close`. */
  readonly signal?: AbortSignal
  /** Sentences for people; may hold text of strangers. */
  readonly onWarning?: (message: string) => void
}

/** A torrent that is being seeded. */
export interface Seeding {
  readonly name: string
  /** 40 hex digits. */
  readonly infoHash: string
  /** The TCP port that peers call. */
  readonly port: number
  /** Sent so far. */
  readonly uploadedBytes: number
  /** Connected now. */
  readonly peerCount: number
  /** Tells trackers (2 s at the most) and frees the port. Never rejects. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Verifies the data below `directory` and seeds it. Nothing there is changed.
 * @param directory where the torrent's name is
 * @throws KnownError: DATA_MISSING when some of it is missing or differs, and others of
 * docs/errors.md; the reason of `signal`
 */
export async function seed(
  source: TorrentSource,
  directory: string,
  options: SeedOptions = {},
): Promise<Seeding> {
  const { onlyTrackers = [], uploadLimit, signal, onWarning } = options
  signal?.throwIfAborted()
  const settings = {
    listenPorts: listenPortsOf(options),
    local: addressesOf(options),
    uploadLimit:
      uploadLimit === undefined ? undefined : checkNumber('uploadLimit', uploadLimit, [1024, 2 ** 40]),
    stateDirectory: stateDirectoryOf(options),
  }
  const only = checkTrackers(onlyTrackers)
  const { metainfo } = withUserTrackers(await readTorrent(source), { extra: [], only })
  const seeder = await Seeder.open(settings)
  const onAbort = (): void => {
    void seeder.close() // then `add` rejects
  }
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const torrent = await seeder.add(
      metainfo,
      resolve(directory),
      onWarning === undefined ? {} : { onWarning },
    )
    signal?.throwIfAborted()
    return seedingOf(seeder, torrent)
  } catch (error) {
    await seeder.close()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function seedingOf(seeder: Seeder, torrent: Torrent): Seeding {
  const { name, infoHash } = torrent.snapshot()
  const { port } = seeder
  const close = async (): Promise<void> => seeder.close()
  return {
    ...{ name, infoHash, port, close },
    get uploadedBytes() {
      return torrent.snapshot().uploadedBytes
    },
    get peerCount() {
      return torrent.snapshot().peers.connected
    },
    [Symbol.asyncDispose]: close,
  }
}
