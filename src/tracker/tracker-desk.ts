/**
 * What UDP and HTTP have in common: which torrents are served, who is told of whom, what was counted. Knows no packets.
 */
import { PLACE_BYTES } from './peer-place.ts'
import { DEFAULT_LIMITS, SwarmRegistry } from './swarm-registry.ts'
import type { Announced, RegistryLimits, Swarm } from './swarm-registry.ts'
import type { ScrapeResponse } from './tracker.ts'

export interface DeskOptions {
  readonly intervalSeconds: number
  readonly limits: Partial<RegistryLimits> | undefined
  readonly nowMs: () => number
  /** in [0, 1) */
  readonly random: () => number
  /** 4 words nobody can guess. */
  readonly key: Uint32Array
  /** Every announce and scrape is refused with this text. */
  readonly failWith: string | undefined
  /** May this torrent be here? undefined: all may. @param infoHash 20 characters */
  readonly isAllowed: ((infoHash: string) => boolean) | undefined
}

/** Since the start. */
export interface TrackerCounts {
  announces: number
  scrapes: number
  /** Of these. */
  refusals: number
}

/** Whom one would like to be told of. */
export interface Wanted {
  /** At most MAX_PICKED. */
  readonly count: number
  /** The family of the asker. */
  readonly isV4: boolean
  /** Of the other family, too? */
  readonly hasBoth: boolean
}

/** What one is told. */
export interface Introduction {
  readonly swarm: Swarm | undefined
  /** How many of `TrackerDesk.picked` are meant: IPv4 ones first. */
  readonly v4Count: number
  readonly v6Count: number
}

/** Named in one answer. */
export const MAX_PICKED = 200
/** When the asker does not say. */
export const DEFAULT_NUM_WANT = 50
/** Expired peers that one `tidy` removes: a few milliseconds' work. */
const EXPIRED_PER_TIDY = 5000

const NO_COUNTS: ScrapeResponse = { seederCount: 0, completedCount: 0, leecherCount: 0 }

export class TrackerDesk {
  readonly registry: SwarmRegistry
  readonly intervalSeconds: number
  readonly counts: TrackerCounts = { announces: 0, scrapes: 0, refusals: 0 }
  /** Slots of the registry: of the last announce, until the next. */
  readonly picked = new Uint32Array(MAX_PICKED)
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
    this.intervalSeconds = options.intervalSeconds
    this.registry = new SwarmRegistry({
      lifetimeMs: 2 * options.intervalSeconds * 1000 + 60_000,
      limits: { ...DEFAULT_LIMITS, ...options.limits },
      key: options.key,
    })
  }

  /** @returns a sentence when it is refused */
  announce(announced: Announced, wanted: Wanted): Introduction | string {
    const { failWith, isAllowed, nowMs } = this.#options
    this.counts.announces += 1
    const isListed = isAllowed?.(announced.infoHash) ?? true
    const slot =
      failWith ?? (isListed ? this.registry.announce(announced, nowMs()) : 'torrent not served here')
    if (typeof slot !== 'string') return this.#introduce(announced, slot, wanted)
    this.counts.refusals += 1
    return slot
  }

  /** @returns zeros for a torrent that is not here, a sentence when everything is refused */
  scrape(infoHashes: readonly string[]): readonly ScrapeResponse[] | string {
    const { failWith, nowMs } = this.#options
    this.counts.scrapes += 1
    if (failWith !== undefined) {
      this.counts.refusals += 1
      return failWith
    }
    this.registry.removeExpired(nowMs(), EXPIRED_PER_TIDY)
    return infoHashes.map((infoHash) => this.registry.swarm(infoHash) ?? NO_COUNTS)
  }

  /** Writes compact forms of those picked, from the `from`th on. @param skipped bytes of each place that are left out */
  copyPicked(
    target: Buffer,
    offset: number,
    { from, count, skipped }: { readonly from: number; readonly count: number; readonly skipped: number },
  ): void {
    const { places } = this.registry
    let at = offset
    for (let i = from; i < from + count; i++) {
      const start = PLACE_BYTES * this.picked[i]!
      for (let k = start + skipped; k < start + PLACE_BYTES; k++) target[at++] = places[k]!
    }
  }

  /** To be called now and then: forgets the silent, a bounded number of them. @returns are there more? */
  tidy(): boolean {
    return this.registry.removeExpired(this.#options.nowMs(), EXPIRED_PER_TIDY) === EXPIRED_PER_TIDY
  }

  #introduce({ infoHash, event, isSeed }: Announced, self: number, wanted: Wanted): Introduction {
    const swarm = this.registry.swarm(infoHash)
    if (swarm === undefined || event === 'stopped') return { swarm, v4Count: 0, v6Count: 0 }
    const { random } = this.#options
    const shares = shareOut(swarm, isSeed, wanted)
    const v4Count = swarm.v4.pick(this.picked, 0, { count: shares.v4, isForSeed: isSeed, self }, random)
    const end = swarm.v6?.pick(this.picked, v4Count, { count: shares.v6, isForSeed: isSeed, self }, random)
    return { swarm, v4Count, v6Count: (end ?? v4Count) - v4Count }
  }
}

/** The asker's own family comes first; half is for the other where both have enough. */
function shareOut(
  { v4, v6 }: Swarm,
  isForSeed: boolean,
  { count, isV4, hasBoth }: Wanted,
): { v4: number; v6: number } {
  const own = (isV4 ? v4 : v6)?.countFor(isForSeed) ?? 0
  const other = hasBoth ? ((isV4 ? v6 : v4)?.countFor(isForSeed) ?? 0) : 0
  const forOther = Math.min(other, Math.max(count >> 1, count - own))
  return isV4 ? { v4: count - forOther, v6: forOther } : { v4: forOther, v6: count - forOther }
}
