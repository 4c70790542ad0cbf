/**
 * Whom to unchoke this round. While downloading the slots go to those who give us most (BEP 3), while seeding they go
 * round; one slot is optimistic: it lets newcomers show what they give. Choices are for interested peers only, and no
 * slot stays empty while somebody wants it.
 */
import type { PeerKey } from './piece-progress.ts'

export interface ChokerPeer {
  readonly key: PeerKey
  readonly isInterested: boolean
  readonly bytesPerSecondFrom: number
  readonly bytesPerSecondTo: number
  /** Since when it may ask us; undefined while we choke it. */
  readonly unchokedAtMs: number | undefined
  /** When we choked it last; 0: it was never served. */
  readonly chokedAtMs: number
  /** It owes us blocks and sends none: not rewarded, optimistic slot only. */
  readonly isSnubbing: boolean
  readonly connectedAtMs: number
}

export interface ChokerRound {
  /** The optimistic one included. */
  readonly slots: number
  readonly nowMs: number
  readonly isSeeding: boolean
  /** In [0, 1) */
  readonly random: () => number
  /** Does the optimistic slot change hands now? Otherwise it stays with the peer that has it. */
  readonly optimisticRound: boolean
}

/** While seeding a peer keeps its slot this long before others take turns. */
const TURN_MS = 60_000
/** Peers connected less than this ago are newcomers, 3 times likelier to get the optimistic slot (BEP 3). */
const NEWCOMER_MS = 60_000
const NEWCOMER_WEIGHT = 3

/** @returns the keys of at most `slots` interested peers; all of them when there are no more */
export function chooseUnchoked(peers: readonly ChokerPeer[], round: ChokerRound): Set<PeerKey> {
  const interested = peers.filter((peer) => peer.isInterested)
  if (interested.length <= round.slots) return keysOf(interested)
  if (round.slots < 1) return new Set()
  const ranked = round.isSeeding ? rankBySharing(interested, round) : rankByGiving(interested, round)
  const chosen = ranked.slice(0, round.slots - 1)
  const rest = ranked.slice(round.slots - 1)
  const optimistic = chooseOptimistic(rest, round)
  if (optimistic !== undefined) chosen.push(optimistic)
  return keysOf(chosen)
}

/**
 * A slot became free between rounds. @param peers those who have none count, of the others nothing is taken
 * @returns who gets it
 */
export function chooseNext(peers: readonly ChokerPeer[], round: ChokerRound): PeerKey | undefined {
  const waiting = peers.filter((peer) => peer.isInterested && !isUnchoked(peer))
  const [first] = round.isSeeding ? rankBySharing(waiting, round) : rankByGiving(waiting, round)
  return first?.key
}

function keysOf(peers: readonly ChokerPeer[]): Set<PeerKey> {
  return new Set(peers.map((peer) => peer.key))
}

/** Best givers first; equals keep their slot before others get one, so that slots do not flutter. */
function rankByGiving(peers: readonly ChokerPeer[], { random }: ChokerRound): ChokerPeer[] {
  const worthOf = (peer: ChokerPeer): number => (peer.isSnubbing ? -1 : peer.bytesPerSecondFrom)
  return inRandomOrder(peers, random).sort(
    (a, b) => worthOf(b) - worthOf(a) || Number(isUnchoked(b)) - Number(isUnchoked(a)),
  )
}

/** Whose turn is not over first, the fastest takers before others; then those who wait, longest first; then those who had theirs. */
function rankBySharing(peers: readonly ChokerPeer[], { nowMs, random }: ChokerRound): ChokerPeer[] {
  const groupOf = ({ unchokedAtMs }: ChokerPeer): number => {
    if (unchokedAtMs === undefined) return 1
    return nowMs - unchokedAtMs < TURN_MS ? 0 : 2
  }
  return inRandomOrder(peers, random).sort(
    (a, b) =>
      groupOf(a) - groupOf(b) ||
      (groupOf(a) === 1 ? a.chokedAtMs - b.chokedAtMs : b.bytesPerSecondTo - a.bytesPerSecondTo),
  )
}

/** @param rest those without a regular slot */
function chooseOptimistic(rest: readonly ChokerPeer[], round: ChokerRound): ChokerPeer | undefined {
  const holder = rest.filter(isUnchoked).sort((a, b) => (b.unchokedAtMs ?? 0) - (a.unchokedAtMs ?? 0))[0]
  if (holder !== undefined && !round.optimisticRound) return holder
  const waiting = rest.filter((peer) => !isUnchoked(peer))
  return drawWeighted(waiting, round) ?? holder
}

function drawWeighted(peers: readonly ChokerPeer[], { nowMs, random }: ChokerRound): ChokerPeer | undefined {
  const weightOf = (peer: ChokerPeer): number =>
    nowMs - peer.connectedAtMs < NEWCOMER_MS ? NEWCOMER_WEIGHT : 1
  let left = random() * peers.reduce((sum, peer) => sum + weightOf(peer), 0)
  return peers.find((peer) => (left -= weightOf(peer)) < 0)
}

function isUnchoked(peer: ChokerPeer): boolean {
  return peer.unchokedAtMs !== undefined
}

function inRandomOrder(peers: readonly ChokerPeer[], random: () => number): ChokerPeer[] {
  return peers
    .map((peer) => ({ peer, rank: random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ peer }) => peer)
}
