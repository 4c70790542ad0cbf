/** What can be set for a whole process, with defaults. Values are checked where they are typed in (cli/options.ts). */

import type { Bitfield } from '../common/bitfield.ts'

export interface Settings {
  /** First and last port to try to listen on; 0-0 takes any free one. */
  readonly listenPorts: { readonly first: number; readonly last: number }
  /** Address to listen on; undefined: every address, IPv6 and IPv4. */
  readonly listenHost: string | undefined
  /** Connections a torrent keeps at the most. */
  readonly maxPeers: number
  /** Records and locks: `$XDG_STATE_HOME/torrent-dl`. */
  readonly stateDirectory: string
}

/** Per torrent. */
export interface TorrentSettings {
  /** Absolute path. */
  readonly outputDirectory: string
  /** The same as the user typed it, for messages. */
  readonly shownDirectory?: string
  /** `NAME.part` until a file is whole. */
  readonly usePartFiles: boolean
  /** Replace different files that are in the way. */
  readonly force: boolean
  /** Go on uploading once complete; otherwise the network is left alone then. */
  readonly seedWhenComplete: boolean
  /** Endpoints the user named (`--peer`). */
  readonly peers: readonly { readonly host: string; readonly port: number }[]
  /** Other files are not made. Default: all are wanted. What comes of it for pieces has to stand in `priorities`. */
  readonly wantedFiles?: Bitfield | undefined
  /** One a piece: 0 is not wanted, of the others higher ones come first. Default: all are wanted alike. */
  readonly priorities?: Uint8Array
  /** Positions in the torrent: nothing else is wanted, and it is fetched in order, as fast as it is read. */
  readonly reading?: { readonly start: number; readonly end: number }
  /** Nothing lies on disk, and what was read is dropped. */
  readonly isKeptInMemory?: boolean
}

export const DEFAULT_LISTEN_PORTS = { first: 6881, last: 6999 }
export const DEFAULT_MAX_PEERS = 200
