/** `startTestbed` of the library: tracker, seeders and torrent in this process, for tests. */
import type { TestbedOptions } from '../share/testbed-options.ts'
import type { TestbedEnvironment } from '../share/testbed.ts'
import { Testbed } from '../share/testbed.ts'

/** A testbed that runs. */
export interface RunningTestbed {
  /** The path of the .torrent. */
  readonly torrentFile: string
  readonly torrentBytes: Uint8Array
  /** UDP. */
  readonly trackerUrl: string
  readonly trackerHttpUrl: string
  readonly magnet: string
  /** HOST:PORT of the first seeder, and of all. */
  readonly peer: string
  readonly peers: readonly string[]
  /** 40 hex digits. */
  readonly infoHash: string
  /** Holds the original under the torrent's name, and nothing else. */
  readonly dataDirectory: string
  /** The same for the environment of a child process. */
  readonly env: TestbedEnvironment
  /** Frees the ports and removes the temporary directory. Never rejects. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Resolves when every seeder can be called and the tracker names it.
 * @throws KnownError: USAGE, INPUT_..., DISK_... of docs/errors.md; the reason of `signal`
 */
export async function startTestbed(options: TestbedOptions = {}): Promise<RunningTestbed> {
  const testbed = await Testbed.open(options)
  const { env, torrentBytes } = testbed
  const close = async (): Promise<void> => testbed.close()
  return {
    torrentFile: env.TORRENT_FILE,
    torrentBytes: new Uint8Array(torrentBytes),
    trackerUrl: env.TRACKER_URL,
    trackerHttpUrl: env.TRACKER_HTTP_URL,
    magnet: env.MAGNET,
    peer: env.PEER,
    peers: env.PEERS.split(' '),
    infoHash: env.INFO_HASH,
    dataDirectory: env.DATA_DIR,
    env: { ...env },
    close,
    [Symbol.asyncDispose]: close,
  }
}
