/**
 * How many connections all torrents of the process may have together: each costs a descriptor, and those are bounded.
 * Half of them are parted among the torrents that may run at a time, so that each finds some however late it begins; the
 * other half is for whoever comes first.
 */

const KEPT_SHARE = 0.5

/** The places of the process. */
export class PeerPlaces {
  readonly #max: number
  readonly #kept: number
  readonly #common: number
  #taken = 0
  #commonTaken = 0

  /** @param max at least 1; Infinity: no limit @param torrentCount that may run at a time */
  constructor(max = Infinity, torrentCount = 1) {
    this.#max = max
    this.#kept = Math.max(1, Math.floor((KEPT_SHARE * max) / torrentCount))
    this.#common = max === Infinity ? Infinity : Math.max(0, max - this.#kept * torrentCount)
  }

  /** Those of one more torrent. */
  ofTorrent(): TorrentPlaces {
    let held = 0
    return {
      hasRoom: () => this.#taken < this.#max && (held < this.#kept || this.#commonTaken < this.#common),
      take: () => {
        this.#taken++
        if (held++ >= this.#kept) this.#commonTaken++
      },
      give: () => {
        this.#taken--
        if (--held >= this.#kept) this.#commonTaken--
      },
    }
  }
}

/** What one torrent sees of them. */
export interface TorrentPlaces {
  readonly hasRoom: () => boolean
  /** For a connection, or a dial that may become one; only when there is room. `give` must follow, once. */
  readonly take: () => void
  readonly give: () => void
}
