/**
 * What the reactions of one torrent share. torrent.ts makes it and owns every part; the functions beside it
 * (on-block, on-piece, fill-requests...) take it as their first argument and change state only through these parts.
 */
import type { Bitfield } from '../common/bitfield.ts'
import type { Clock } from '../common/clock.ts'
import type { KnownError } from '../common/errors.ts'
import type { LogSink } from '../common/log.ts'
import type { CompletedPeers } from './completed-peers.ts'
import type { LateBlocks } from './duplicate-late-blocks.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentLimit } from './download-limits.ts'
import type { PieceInquiry } from '../swarm/piece-inquiry.ts'
import type { PiecePicker } from '../swarm/piece-picker.ts'
import type { PeerPool } from '../swarm/peer-pool.ts'
import type { Storage } from '../storage/storage.ts'
import type { OpenPieces } from './open-pieces.ts'
import type { OrderedReader } from './ordered-reader.ts'
import type { Pace } from './pace.ts'
import type { TorrentPlaces } from './peer-places.ts'
import type { PeerExchange } from './peer-exchange.ts'
import type { PeerRegistry } from './peer-registry.ts'
import type { TorrentObserver, TorrentState } from './snapshot.ts'
import type { TorrentUploadLimit } from './upload-limits.ts'
import type { SuperSeed } from './super-seed.ts'
import type { TransferStats } from './transfer-stats.ts'
import type { UploadMemory } from './upload-memory.ts'
import type { UploadReader } from './upload-reader.ts'
import type { WantedPieces } from './wanted-pieces.ts'
import type { WriteBehind } from './write-behind.ts'

export interface TorrentContext {
  readonly metainfo: Metainfo
  readonly clock: Clock
  readonly log: LogSink
  readonly random: () => number
  readonly observer: TorrentObserver
  readonly storage: Storage
  readonly picker: PiecePicker
  readonly openPieces: OpenPieces
  readonly writeBehind: WriteBehind
  readonly lateBlocks: LateBlocks
  readonly pace: Pace
  /** Undefined: as fast as it goes. */
  readonly limit: TorrentLimit | undefined
  /** Undefined: as fast as it goes. */
  readonly uploadLimit: TorrentUploadLimit | undefined
  /** Of the process. */
  readonly uploadMemory: UploadMemory
  readonly uploadReader: UploadReader
  readonly inquiry: PieceInquiry
  readonly pool: PeerPool
  readonly peers: PeerRegistry
  /** Undefined where peers are not to tell each other of others. */
  readonly pex: PeerExchange | undefined
  readonly stats: TransferStats
  readonly completedPeers: CompletedPeers
  /** Of a torrent that shows peers one piece after another. */
  readonly superSeed: SuperSeed | undefined
  /** Connections at the most. */
  readonly maxPeers: number
  /** Its part of the process's connections. */
  readonly places: TorrentPlaces
  /** The TCP port that peers reach us on. */
  readonly listenPort: number
  /** Verified and written pieces; nothing else is ever offered to peers. */
  readonly have: Bitfield
  readonly wanted: WantedPieces
  /** Of a torrent that somebody reads in order. */
  readonly reader: OrderedReader | undefined
  /** Torrent.state: the reactions look, torrent.ts changes it. */
  readonly state: TorrentState
  /** A piece is written and `have` has it. */
  readonly onPieceDone: () => void
  /** The torrent cannot go on. */
  readonly fail: (error: KnownError) => void
}
