/** The least time in which anybody could have fetched everything from these sources. */
import type { SourcePlan } from './source.ts'

export interface BoundInput {
  readonly plans: readonly SourcePlan[]
  readonly pieceCount: number
  readonly pieceBytes: number
}

/**
 * The larger of two bounds: when all sources together have sent as many bytes as the torrent has, and when a source has
 * sent those pieces that only it ever has. Handshakes and round trips are left out.
 */
export function boundMs({ plans, pieceCount, pieceBytes }: BoundInput): number {
  const together = whenSent(plans, pieceCount * pieceBytes)
  const alone = plans.map((plan) => {
    let count = 0
    for (let piece = 0; piece < pieceCount; piece++) if (isOnlyOwner(plans, plan, piece)) count++
    return count === 0 ? 0 : whenSent([plan], count * pieceBytes)
  })
  return Math.max(together, ...alone)
}

/** When `bytes` of these sources can have been sent. */
function whenSent(plans: readonly SourcePlan[], bytes: number): number {
  const sentBy = (ms: number): number => plans.reduce((sum, plan) => sum + sentAlone(plan, ms), 0)
  let [early, late] = [0, 1]
  while (sentBy(late) < bytes) late *= 2
  for (let i = 0; i < 50; i++) {
    const middle = (early + late) / 2
    if (sentBy(middle) < bytes) early = middle
    else late = middle
  }
  return late
}

function sentAlone(plan: SourcePlan, ms: number): number {
  const { bytesPerSecond, joinsAtMs = 0, leavesAtMs = Infinity, stallsAfterBytes = Infinity, chokes } = plan
  const hereMs = Math.max(0, Math.min(ms, leavesAtMs) - joinsAtMs)
  const servingMs = chokes === undefined ? hereMs : servedOf(hereMs, chokes)
  return Math.min((bytesPerSecond * servingMs) / 1000, stallsAfterBytes)
}

function servedOf(ms: number, { everyMs, forMs }: { everyMs: number; forMs: number }): number {
  const servedEach = everyMs - forMs
  return Math.floor(ms / everyMs) * servedEach + Math.min(ms % everyMs, servedEach)
}

function isOnlyOwner(plans: readonly SourcePlan[], plan: SourcePlan, piece: number): boolean {
  return plans.every((other) => {
    const owns = other.restWithinMs !== undefined || (other.pieces?.[piece] ?? true)
    return owns === (other === plan)
  })
}
