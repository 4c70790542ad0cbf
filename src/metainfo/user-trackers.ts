/** The trackers that a user names beside a torrent's own, or instead of them. */
import type { Metainfo } from './metainfo.ts'

type Tiers = readonly (readonly string[])[]

/** URLs in BEP 12 tiers, checked. */
export interface UserTrackers {
  /** In addition to the torrent's own, and asked before them. */
  readonly extra: Tiers
  /** Instead of the torrent's own; empty: those stay. */
  readonly only: Tiers
}

export const NO_USER_TRACKERS: UserTrackers = { extra: [], only: [] }

/**
 * The torrent with the trackers that it is to be announced to. A private one (BEP 27) names everybody who may know of
 * it, so nothing is added to its own; whoever replaces them has said what is meant.
 * @returns isExtraLeftOut: `extra` was not used for that reason
 */
export function withUserTrackers(
  metainfo: Metainfo,
  { extra, only }: UserTrackers,
): { readonly metainfo: Metainfo; readonly isExtraLeftOut: boolean } {
  const isReplaced = only.length > 0
  const isExtraLeftOut = extra.length > 0 && metainfo.isPrivate && !isReplaced
  const added = isExtraLeftOut ? [] : extra
  if (!isReplaced && added.length === 0) return { metainfo, isExtraLeftOut }
  const rest = isReplaced ? only : metainfo.trackerTiers
  return { metainfo: { ...metainfo, trackerTiers: [...added, ...rest] }, isExtraLeftOut }
}

/** Every URL of them: what the user names is trusted further than what a torrent names (decision 0002). */
export function userUrls({ extra, only }: UserTrackers): ReadonlySet<string> {
  return new Set([...extra, ...only].flat())
}
