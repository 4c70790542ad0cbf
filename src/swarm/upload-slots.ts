/**
 * How many peers are served at a time. Few, so that each gets its pieces soon and can give them on; but never so few that
 * what could be sent is not. Other clients: libtorrent 8 (or, by choice, as many as each take a little more than the one
 * before: the rule below), Transmission 8, rTorrent 50.
 */

/** While nothing else is known. */
const USUAL_SLOTS = 8
const MAX_SLOTS = 100
/** With a limit: so few that each gets a block a second. */
const LEAST_BYTES_PER_SECOND = 16 * 1024
const MIN_SLOTS = 2
/** The n-th fastest must take n times this before there is one slot more than peers that do: each costs the others something. */
const STEP_BYTES_PER_SECOND = 2 * 1024
/** Below this share of its limit a torrent could serve more peers. */
const LIMIT_FILLED = 0.8

export interface SlotFacts {
  readonly isSeeding: boolean
  /** Bytes a second to each peer that is served, in any order. */
  readonly ratesTo: readonly number[]
  /** Bytes a second; Infinity: none */
  readonly limit: number
}

/** @returns slots, the optimistic one included */
export function uploadSlots({ isSeeding, ratesTo, limit }: SlotFacts): number {
  const usual = Math.min(USUAL_SLOTS, Math.max(MIN_SLOTS, Math.floor(limit / LEAST_BYTES_PER_SECOND)))
  const total = ratesTo.reduce((sum, rate) => sum + rate, 0)
  // Who downloads gives to those who give: more slots would make each gift smaller.
  if (!isSeeding || total > LIMIT_FILLED * limit) return usual
  return Math.min(MAX_SLOTS, Math.max(usual, 1 + worthy(ratesTo)))
}

function worthy(ratesTo: readonly number[]): number {
  const sorted = [...ratesTo].sort((a, b) => b - a)
  const first = sorted.findIndex((rate, index) => rate < (index + 1) * STEP_BYTES_PER_SECOND)
  return first < 0 ? sorted.length : first
}
