import type { FileAllocation } from '../storage/allocate-files.ts'

/** What can be set for a whole process, with defaults. Values are checked where they are typed in (cli/options.ts). */
import type { LocalAddresses } from '../common/local-addresses.ts'
import type { Storage } from '../storage/storage.ts'
import type { IpRanges } from '../swarm/ip-ranges.ts'

import type { Bitfield } from '../common/bitfield.ts'

export interface Settings {
  /** First and last port to try to listen on; 0-0 takes any free one. */
  readonly listenPorts: { readonly first: number; readonly last: number }
  /** Where to listen, dial and ask from: nothing leaves by another address. */
  readonly local: LocalAddresses
  /** Peers of these ranges are neither dialled nor let in. */
  readonly blocklist?: IpRanges | undefined
  /** Peers tell each other of others (BEP 11), except of private torrents. Default: yes. */
  readonly usesPex?: boolean | undefined
  /** The local network is asked and answered (BEP 14), except about private torrents. Default: no. */
  readonly usesLsd?: boolean | undefined
  /** Connections a torrent keeps at the most. */
  readonly maxPeers: number
  /** The same for all torrents together; undefined: no limit. */
  readonly maxConnections?: number | undefined
  /** Torrents at a time, that share them; undefined: one. */
  readonly maxTorrents?: number | undefined
  /** Payload of all torrents together, bytes a second; undefined: no limit. */
  readonly downloadLimit?: number | undefined
  /** The same of what is sent. */
  readonly uploadLimit?: number | undefined
  /** Records and locks: `$XDG_STATE_HOME/torrent-dl`; not used by torrents with a `storage` of their own. */
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
  /** Undefined: `none`. */
  readonly allocation?: FileAllocation | undefined
  /** Hash what is there, whatever the resume record says. */
  readonly hashesAll?: boolean | undefined
  /** A file is on the disk before it counts as whole. */
  readonly syncs?: boolean | undefined
  /** Nothing below the output directory is made or changed: what is missing there is an error, DATA_MISSING. */
  readonly isReadOnly?: boolean | undefined
  /** How long room on a full disk is waited for. */
  readonly diskWaitMs?: number | undefined
  /** Go on uploading once complete; otherwise the network is left alone then. */
  readonly seedWhenComplete: boolean
  /**
   * Show peers one piece after another (BEP 16): for the first seed of a torrent, which then sends little twice. Of no
   * consequence for a torrent that is not complete from the start.
   */
  readonly isSuperSeeding?: boolean | undefined
  /** Payload of this torrent, bytes a second, within the process's limit; undefined: no limit of its own. */
  readonly downloadLimit?: number | undefined
  /** The same of what is sent. */
  readonly uploadLimit?: number | undefined
  /** Endpoints the user named (`--peer`). */
  readonly peers: readonly { readonly host: string; readonly port: number }[]
  /** Other files are not made. Default: all are wanted. What comes of it for pieces has to stand in `priorities`. */
  readonly wantedFiles?: Bitfield | undefined
  /** One a piece: 0 is not wanted, of the others higher ones come first. Default: all are wanted alike. */
  readonly priorities?: Uint8Array
  /** Positions in the torrent: nothing else is wanted, and it is fetched in order, as fast as it is read. */
  readonly reading?: { readonly start: number; readonly end: number }
  /** Where its bytes lie, when not in files below `outputDirectory`. The torrent opens and closes it. */
  readonly storage?: Storage | undefined
  /** URLs of trackers that the user named: they may be at any address (decision 0002). Default: none. */
  readonly userTrackers?: ReadonlySet<string>
}

export const DEFAULT_LISTEN_PORTS = { first: 6881, last: 6999 }
export const DEFAULT_MAX_PEERS = 200
