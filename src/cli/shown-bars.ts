/** Which torrents get a bar when the screen has not room for all, and where. Pure. */

export interface Candidate {
  /** The lower the more telling: what moves is shown before what waits. */
  readonly rank: number
}

/**
 * Up to `room` of the running ones: by rank, among equals those that are shown already, then those that began first. A bar
 * that stays keeps its place, and one that makes room gives its own to the next: lines that change places cannot be read.
 *
 * @param running in the order in which they began @param shown the bars so far, from the top
 */
export function chooseShown<T extends Candidate>(
  running: readonly T[],
  shown: readonly T[],
  room: number,
): T[] {
  const wasShown = new Set(shown)
  const order = new Map(running.map((one, index) => [one, index]))
  const placeOf = (one: T): number => (wasShown.has(one) ? 0 : running.length) + (order.get(one) ?? 0)
  const ranked =
    running.length <= room
      ? running
      : running.toSorted((a, b) => a.rank - b.rank || placeOf(a) - placeOf(b)).slice(0, room)
  const chosen = new Set(ranked)
  const fresh = running.filter((one) => chosen.has(one) && !wasShown.has(one))
  const placed = shown
    .filter((one) => order.has(one))
    .slice(0, room)
    .flatMap((one) => (chosen.has(one) ? [one] : fresh.splice(0, 1)))
  const missing = running.filter((one) => chosen.has(one) && !placed.includes(one))
  return [...placed, ...missing]
}
