/** What the options of a command line come to: checked values, with defaults. program.ts defines the options. */
import type { FileAllocation } from '../storage/allocate-files.ts'
import type { FilePattern } from './file-pattern.ts'
import type { HostAndPort, PortRange } from './options.ts'
import type { ColorChoice } from './terminal.ts'

export type ProgressChoice = 'auto' | 'bar' | 'plain' | 'none'

/** The download's options, checked, with defaults. */
export interface DownloadFlags {
  readonly output: string
  readonly part: boolean
  readonly force: boolean
  readonly fileAllocation: FileAllocation
  readonly verify: boolean
  readonly fsync: boolean
  readonly diskWait: number | undefined
  /** Info-hashes, 40 hexadecimal digits each: every torrent must have one of them. Empty: any will do. */
  readonly expect: readonly string[]
  readonly checksumFile: readonly string[]
  readonly select: readonly FilePattern[]
  readonly exclude: readonly FilePattern[]
  /** Bytes. */
  readonly maxSize: number | undefined
  readonly list: boolean
  readonly dryRun: boolean
  /** Torrents at a time. */
  readonly jobs: number
  /** Lists of sources; `-` is standard input. */
  readonly inputFile: readonly string[]
  /** Gets the sources that were not finished. */
  readonly failedTo: string | undefined
  readonly listenPort: PortRange
  readonly interface: string | undefined
  readonly blocklist: string | undefined
  /** `-4` and `-6`: not both. */
  readonly 4: boolean
  readonly 6: boolean
  readonly peer: readonly HostAndPort[]
  /** Tiers beside a torrent's own trackers, and tiers instead of them. */
  readonly tracker: readonly (readonly string[])[]
  readonly onlyTracker: readonly (readonly string[])[]
  /** `--no-pex`, `--no-lsd` */
  readonly pex: boolean
  readonly lsd: boolean
  readonly maxPeers: number
  /** Bytes a second, of all torrents together. */
  readonly downloadLimit: number | undefined
  readonly uploadLimit: number | undefined
  readonly seed: boolean | undefined
  readonly seedRatio: number | undefined
  /** In milliseconds; 0: not at all. */
  readonly seedTime: number | undefined
  readonly timeout: number | undefined
  readonly stallTimeout: number | undefined
  readonly json: boolean
  readonly progress: ProgressChoice
  readonly color: ColorChoice
  readonly logFile: string | undefined
  /** The words of a command. */
  readonly onComplete: readonly string[] | undefined
  readonly onError: readonly string[] | undefined
  /** In milliseconds. */
  readonly hookTimeout: number
  readonly quiet: boolean
  readonly verbose: number
  /** Where values came from that are not on the command line: variables, keys of a file. */
  readonly origins?: readonly string[]
}

/** What `seed` has besides. Of the download's flags those that it has no option for keep their defaults. */
export interface SeedFlags extends DownloadFlags {
  /** Peers. */
  readonly untilCompleted: number | undefined
  readonly superSeed: boolean
}

/** Of the download's flags those that `cat` has no option for keep their defaults. */
export interface CatFlags extends DownloadFlags {
  readonly store: boolean
  readonly tar: boolean
}

export interface InfoFlags {
  readonly json: boolean
  readonly color: ColorChoice
}

export type VerifyFlags = InfoFlags &
  Pick<DownloadFlags, 'output' | 'select' | 'exclude' | 'maxSize' | 'expect' | 'checksumFile'> &
  Pick<DownloadFlags, 'progress' | 'quiet' | 'verbose'>

export interface CreateFlags {
  /** `-` is standard output; undefined: NAME.torrent. */
  readonly output: string | undefined
  readonly force: boolean
  /** Globs. */
  readonly exclude: readonly string[]
  readonly followLinks: boolean
  readonly executable: boolean
  readonly name: string | undefined
  /** Bytes. */
  readonly pieceLength: number | undefined
  /** Tiers. */
  readonly tracker: readonly (readonly string[])[]
  readonly webSeed: readonly string[]
  readonly private: boolean
  readonly source: string | undefined
  readonly comment: string | undefined
  /** Seconds since 1970. */
  readonly date: number | undefined
  readonly magnet: boolean
  readonly json: boolean
  readonly progress: ProgressChoice
  readonly color: ColorChoice
  readonly quiet: boolean
}

export interface TrackerFlags {
  /** IP addresses; none: this machine's loopback ones. */
  readonly bind: readonly string[]
  readonly port: number
  /** In milliseconds. */
  readonly interval: number
  /** Info-hashes in hex, and .torrent files. */
  readonly allow: readonly string[]
  readonly allowFile: string | undefined
  readonly maxPeers: number
  readonly maxTorrents: number
  readonly maxPeersPerHost: number
  readonly json: boolean
  readonly color: ColorChoice
  readonly quiet: boolean
  readonly verbose: number
}

export interface TestbedFlags {
  /** Bytes; the same of `pieceLength`. */
  readonly size: number | undefined
  readonly files: number | undefined
  readonly randomSeed: number | undefined
  readonly name: string | undefined
  readonly pieceLength: number | undefined
  readonly peers: number
  readonly trackerDrop: number
  readonly trackerFail: string | undefined
  /** Milliseconds. */
  readonly peerLatency: number
  /** Bytes a second, of each; Infinity: no limit. */
  readonly peerRate: number | undefined
  readonly corrupt: readonly number[]
  readonly leaveAt: number | undefined
  readonly readyFd: number | undefined
  readonly json: boolean
}

export interface ServeFlags {
  /** Bytes, a power of two. */
  readonly pieceLength: number | undefined
  /** Globs. */
  readonly exclude: readonly string[]
  readonly private: boolean
  readonly webSeed: boolean
  readonly superSeed: boolean
  /** An IP address. */
  readonly bind: string
  readonly host: string | undefined
  readonly port: number
  readonly trackerPort: number
  readonly listenPort: PortRange
  /** Bytes a second. */
  readonly uploadLimit: number | undefined
  readonly untilCompleted: number | undefined
  /** In milliseconds. */
  readonly expire: number | undefined
  readonly json: boolean
  readonly quiet: boolean
}
