/** Our engine in a simulation: a real Torrent, with its dialer, below it sources instead of sockets. */
import { createHash } from 'node:crypto'
import type { Metainfo } from '../../src/metainfo/metainfo.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { SimCourse, SimDownload, SimTorrent } from './downloader.ts'
import type { Source } from './source.ts'
import { Bitfield } from '../../src/common/bitfield.ts'
import { Dialer } from '../../src/peer/dialer.ts'
import { UploadMemory } from '../../src/torrent/upload-memory.ts'
import type { PeerPlaces } from '../../src/torrent/peer-places.ts'
import type { DownloadLimits } from '../../src/torrent/download-limits.ts'
import type { TorrentSnapshot } from '../../src/torrent/snapshot.ts'
import { Torrent } from '../../src/torrent/torrent.ts'
import { makeGeometry } from '../../src/metainfo/geometry.ts'
import { makePeerId } from '../../src/wire/peer-id.ts'
import { SourceStream } from './source-stream.ts'

const MAX_PEERS = 1_000
const PORT = 6881

/** Ours can be looked at. */
export interface OurDownload extends SimDownload {
  readonly snapshot: () => TorrentSnapshot
}

/** What limits the download. */
export interface OurLimits {
  readonly downloadLimits?: DownloadLimits
  readonly downloadLimit?: number
  readonly places?: PeerPlaces
  /** What is written waits for ever. */
  readonly isDiskFull?: boolean
}

export function startOurs(course: SimCourse, { isDiskFull = false, ...limits }: OurLimits = {}): OurDownload {
  const { clock, random, sources } = course
  const metainfo = metainfoOf(course.torrent)
  const state = { isDone: false }
  const byHost = new Map(sources.map((source, index) => [hostOf(index), source]))
  const torrent = new Torrent({
    metainfo,
    clock,
    random,
    log: () => undefined,
    observer: {
      onState: () => undefined,
      onTracker: () => undefined,
      onFile: () => undefined,
      onWarning: () => undefined,
      onComplete: () => {
        state.isDone = true
      },
      onFailed: (error) => {
        throw error
      },
    },
    storage: isDiskFull ? { ...nowhere(metainfo), writePieces: never } : nowhere(metainfo),
    uploadMemory: new UploadMemory(),
    dialer: new Dialer({
      clock,
      connect: (endpoint, attach, { onConnect }) => {
        const source = byHost.get(endpoint.host)!
        const stream = streamOf(source, endpoint.host, metainfo, course)
        stream.attach(attach(stream))
        clock.after(source.roundTripMs, onConnect)
        return stream
      },
    }),
    makeTracker: () => {
      throw new Error('the torrent has no tracker')
    },
    peerId: makePeerId(Buffer.alloc(12, 1)),
    listenPort: PORT,
    maxPeers: MAX_PEERS,
    userPeers: [],
    seedWhenComplete: false,
    ...limits,
  })
  for (const [index, { plan }] of sources.entries()) {
    clock.after(plan.joinsAtMs ?? 0, () => {
      torrent.addPeer({ host: hostOf(index), port: PORT })
    })
  }
  torrent.start()
  return {
    isDone: () => state.isDone,
    snapshot: () => torrent.snapshot(),
    stop: async () => torrent.stop(),
  }
}

function streamOf(source: Source, host: string, metainfo: Metainfo, course: SimCourse): SourceStream {
  return new SourceStream(source, {
    endpoint: { host, port: PORT },
    infoHash: metainfo.infoHash,
    peerId: createHash('sha1').update(host).digest(),
    blocksPerPiece: metainfo.geometry.blocksPerPiece,
    deliveries: course.deliveries,
  })
}

function hostOf(index: number): string {
  return `10.1.${index >> 8}.${index & 255}`
}

/** All zeros, in whole pieces. */
function metainfoOf({ pieceCount, pieceBytes }: SimTorrent): Metainfo {
  const lengthBytes = pieceCount * pieceBytes
  const pieceHash = createHash('sha1').update(Buffer.alloc(pieceBytes)).digest()
  const traits = { isPadding: false, isExecutable: false, isSymlink: false }
  return {
    infoHash: createHash('sha1').update('a simulation').digest(),
    name: 'simulated',
    isSingleFile: true,
    geometry: makeGeometry(lengthBytes, pieceBytes),
    pieceHashes: Buffer.concat(Array.from({ length: pieceCount }, () => pieceHash)),
    files: [{ path: ['simulated'], lengthBytes, start: 0, ...traits }],
    isPrivate: false,
    trackerTiers: [],
    webSeeds: [],
    comment: undefined,
    createdBy: undefined,
    creationDateSeconds: undefined,
    renames: [],
    notices: [],
  }
}

async function never(): Promise<readonly number[]> {
  return new Promise(() => undefined)
}

/** Keeps nothing, and is whole when every piece was written. */
function nowhere({ geometry }: Metainfo): Storage {
  const have = new Bitfield(geometry.pieceCount)
  const done = Promise.resolve()
  return {
    open: async () => Promise.resolve(new Bitfield(geometry.pieceCount)),
    writePieces: async (first, pieces) => {
      for (let i = 0; i < pieces.length; i++) have.set(first + i)
      return Promise.resolve(have.isFull ? [0] : [])
    },
    read: async () => Promise.reject(new Error('nothing is kept')),
    confirm: async () => done,
    save: async () => done,
    close: async () => done,
  }
}
