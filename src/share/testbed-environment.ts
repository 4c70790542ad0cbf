/** What a program needs to know of a testbed. */

/** In its environment. */
export interface TestbedEnvironment {
  readonly TORRENT_FILE: string
  /** UDP. */
  readonly TRACKER_URL: string
  readonly TRACKER_HTTP_URL: string
  readonly MAGNET: string
  /** HOST:PORT of the first seeder; of all, with blanks between. */
  readonly PEER: string
  readonly PEERS: string
  /** 40 hex digits. */
  readonly INFO_HASH: string
  /** Holds the original under the torrent's name, to compare with, and nothing else. */
  readonly DATA_DIR: string
}

/** The same for the library and in JSON. */
export interface TestbedPlaces {
  /** The path of the .torrent. */
  readonly torrentFile: string
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
}

export function placesIn(env: TestbedEnvironment): TestbedPlaces {
  return {
    torrentFile: env.TORRENT_FILE,
    trackerUrl: env.TRACKER_URL,
    trackerHttpUrl: env.TRACKER_HTTP_URL,
    magnet: env.MAGNET,
    peer: env.PEER,
    peers: env.PEERS.split(' '),
    infoHash: env.INFO_HASH,
    dataDirectory: env.DATA_DIR,
  }
}
