/** Downloads under limits in simulated time: when each torrent was sent how much. */
import type { SourcePlan } from './source.ts'
import type { TorrentSnapshot } from '../../src/torrent/snapshot.ts'
import type { OurDownload } from './our-download.ts'
import { DownloadLimits } from '../../src/torrent/download-limits.ts'
import { PeerPlaces } from '../../src/torrent/peer-places.ts'
import { seededRandom } from '../support/picker-strings.ts'
import { Deliveries } from './deliveries.ts'
import { startOurs } from './our-download.ts'
import { SimClock } from './sim-clock.ts'
import { BLOCK_BYTES, Source } from './source.ts'

export interface LimitedTorrent {
  readonly plans: readonly SourcePlan[]
  /** Of this torrent, bytes a second. */
  readonly limit?: number
  /** It begins so much later. Default 0. */
  readonly beginsAtMs?: number
  /** Default: more than can come. */
  readonly bytes?: number
  /** What is written waits for ever. */
  readonly isDiskFull?: boolean
}

export interface LimitedSwarm {
  /** Of the process, bytes a second; undefined: none. */
  readonly limit?: number
  /** Of all torrents together. */
  readonly maxConnections?: number
  readonly torrents: readonly LimitedTorrent[]
  readonly seconds: number
}

/** What came, and when. */
export class Arrivals {
  readonly #atMs: number[] = []
  /** How the torrent stood at the end. */
  snapshot: TorrentSnapshot | undefined

  note(atMs: number): void {
    this.#atMs.push(atMs)
  }

  /** Bytes a second from one moment to another, in seconds from the start. */
  rate(fromSecond: number, toSecond: number): number {
    const count = this.#atMs.filter((ms) => ms >= 1000 * fromSecond && ms < 1000 * toSecond).length
    return (count * BLOCK_BYTES) / (toSecond - fromSecond)
  }

  /** The rate of each window of this length that lies in a stretch of time. */
  rates(windowMs: number, fromSecond: number, toSecond: number): number[] {
    const count = Math.floor((1000 * (toSecond - fromSecond)) / windowMs)
    const blocks = new Array<number>(count).fill(0)
    for (const ms of this.#atMs) {
      const window = Math.floor((ms - 1000 * fromSecond) / windowMs)
      if (window >= 0 && window < count) blocks[window]!++
    }
    return blocks.map((number) => (1000 * number * BLOCK_BYTES) / windowMs)
  }
}

const PIECE_BYTES = 256 * 1024

class TimedDeliveries extends Deliveries {
  readonly #onBlock: () => void

  constructor(clock: SimClock, blockCount: number, onBlock: () => void) {
    super(clock, blockCount)
    this.#onBlock = onBlock
  }

  override note(block: number): void {
    super.note(block)
    this.#onBlock()
  }
}

/** @returns one log a torrent, and one of all together */
export async function runLimited({
  limit,
  maxConnections,
  torrents,
  seconds,
}: LimitedSwarm): Promise<{ readonly each: readonly Arrivals[]; readonly all: Arrivals }> {
  const clock = new SimClock()
  const random = seededRandom(1)
  const beganMs = clock.now()
  const downloadLimits = new DownloadLimits(clock, limit)
  const places = new PeerPlaces(maxConnections, torrents.length)
  const all = new Arrivals()
  const downloads: OurDownload[] = []
  const each = torrents.map((plan, index) => {
    const arrivals = new Arrivals()
    const bytes =
      plan.bytes ?? 1.5 * seconds * Math.min(limit ?? Infinity, plan.limit ?? Infinity) + 4 * PIECE_BYTES
    const pieceCount = Math.ceil(bytes / PIECE_BYTES)
    const torrent = { pieceCount, pieceBytes: PIECE_BYTES, blocksPerPiece: PIECE_BYTES / BLOCK_BYTES }
    const sources = plan.plans.map((source) => new Source(source, torrent, clock, random))
    const deliveries = new TimedDeliveries(clock, pieceCount * torrent.blocksPerPiece, () => {
      arrivals.note(clock.now() - beganMs)
      all.note(clock.now() - beganMs)
    })
    clock.after(plan.beginsAtMs ?? 0, () => {
      const own = {
        places,
        isDiskFull: plan.isDiskFull === true,
        ...(plan.limit !== undefined && { downloadLimit: plan.limit }),
      }
      downloads[index] = startOurs(
        { clock, random, torrent, sources, deliveries },
        { downloadLimits, ...own },
      )
    })
    return arrivals
  })
  await clock.runUntil(() => false, 1000 * seconds)
  for (const [index, download] of downloads.entries()) {
    each[index]!.snapshot = download.snapshot()
    await download.stop()
  }
  return { each, all }
}
