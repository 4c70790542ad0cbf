/** What a simulation asks of a client: fetch everything from these sources. */
import type { Source } from './source.ts'
import type { SimClock } from './sim-clock.ts'
import type { Deliveries } from './deliveries.ts'

export interface SimTorrent {
  readonly pieceCount: number
  readonly pieceBytes: number
  readonly blocksPerPiece: number
}

export interface SimCourse {
  readonly clock: SimClock
  readonly random: () => number
  readonly torrent: SimTorrent
  readonly sources: readonly Source[]
  readonly deliveries: Deliveries
}

export interface SimDownload {
  readonly isDone: () => boolean
  readonly stop: () => Promise<void>
}

export type StartDownload = (course: SimCourse) => SimDownload
