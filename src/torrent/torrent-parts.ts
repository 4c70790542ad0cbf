/** What a torrent is made of, and what it shares with the others of its session. */
import type { Clock } from '../common/clock.ts'
import type { Endpoint } from '../common/endpoint.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { Dialer } from '../peer/dialer.ts'
import type { PieceMemory } from '../storage/piece-memory.ts'
import type { Storage } from '../storage/storage.ts'
import type { PeerRefusal } from '../swarm/peer-pool.ts'
import type { Tracker } from '../tracker/tracker.ts'
import type { DownloadLimits } from './download-limits.ts'
import type { LocalNetwork } from './local-network.ts'
import type { ByteRange } from './ordered-reader.ts'
import type { PeerPlaces } from './peer-places.ts'
import type { TorrentObserver } from './snapshot.ts'
import type { UploadLimits } from './upload-limits.ts'
import type { UploadMemory } from './upload-memory.ts'

export interface TorrentParts {
  readonly metainfo: Metainfo
  readonly clock: Clock
  readonly log: LogSink
  /** In [0, 1). */
  readonly random: () => number
  readonly observer: TorrentObserver
  readonly storage: Storage
  readonly dialer: Dialer
  readonly makeTracker: (url: string) => Tracker
  /** Shared by all torrents of the process. */
  readonly uploadMemory: UploadMemory
  /** 20 bytes */
  readonly peerId: Buffer
  readonly listenPort: number
  readonly maxPeers: number
  /** Shared by the session's torrents; default: no limit. */
  readonly places?: PeerPlaces
  readonly userPeers: readonly Endpoint[]
  /** One a piece: 0 is not wanted, of the others higher ones come first. Default: all are wanted alike. */
  readonly priorities?: Uint8Array
  /** Nothing else is wanted, and it is fetched in order, as fast as `read` is called. */
  readonly reading?: ByteRange
  /** May peers tell each other of others (never of a private torrent)? Default: no. */
  readonly usesPex?: boolean
  /** Does this address lead to ourselves? Default: nobody knows before it was dialled. */
  readonly isOurs?: (endpoint: Endpoint) => boolean
  /** Where to look for others nearby (never for a private torrent). Default: nowhere. */
  readonly localNetwork?: LocalNetwork | undefined
  /** Why an address is never dialled; default: none is refused. */
  readonly refusalOf?: (host: string) => PeerRefusal | undefined
  /** Go on uploading once complete; otherwise the network is left alone then. */
  readonly seedWhenComplete: boolean
  /** Once it is found complete, show peers one piece after another (BEP 16); nothing changes for one that downloads. */
  readonly isSuperSeeding?: boolean
  /** For pieces that were asked for and are not written yet. Shared by the session's torrents; default: its own. */
  readonly pieceMemory?: PieceMemory
  /** Shared by the session's torrents; default: none. */
  readonly downloadLimits?: DownloadLimits
  /** Of this torrent alone, bytes a second. Needs `downloadLimits`. */
  readonly downloadLimit?: number | undefined
  /** Shared by the session's torrents; default: none. */
  readonly uploadLimits?: UploadLimits
  /** Of this torrent alone, bytes a second. Needs `uploadLimits`. */
  readonly uploadLimit?: number | undefined
  /** Called when it has stopped or failed and everything is closed: nothing of it is needed any more. */
  readonly onEnded?: () => void
}
