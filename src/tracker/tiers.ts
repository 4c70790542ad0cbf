/** The order in which a torrent's trackers are asked (BEP 12). Pure: randomness is an argument. */

/** More trackers than this help nobody. */
export const MAX_TRACKERS = 200

/**
 * Tiers as they are used: each shuffled once, evenly. A URL counts where it is named first; empty tiers go; at most
 * MAX_TRACKERS in all.
 * @param random in [0, 1)
 */
export function orderTiers(tiers: readonly (readonly string[])[], random: () => number): string[][] {
  const seen = new Set<string>()
  const ordered: string[][] = []
  for (const tier of tiers) {
    const fresh: string[] = []
    for (const url of tier) {
      if (seen.has(url) || seen.size === MAX_TRACKERS) continue
      seen.add(url)
      fresh.push(url)
    }
    if (fresh.length > 0) ordered.push(shuffled(fresh, random))
  }
  return ordered
}

/** The tier with the tracker that answered in front; the others keep their order (BEP 12). */
export function promoted<T>(tier: readonly T[], answered: T): T[] {
  return [answered, ...tier.filter((other) => other !== answered)]
}

/** Fisher-Yates. */
function shuffled(urls: readonly string[], random: () => number): string[] {
  const order = [...urls]
  for (let end = order.length - 1; end > 0; end--) {
    const pick = Math.floor(random() * (end + 1))
    const picked = order[pick]
    const last = order[end]
    if (picked === undefined || last === undefined) continue
    order[pick] = last
    order[end] = picked
  }
  return order
}
