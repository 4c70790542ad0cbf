/**
 * Who takes part in which torrent, for a tracker: in memory, bounded in every direction, forgetting whoever stops
 * announcing. Each call costs the same however many peers there are; expired ones are removed a few at a time.
 */
import { SipHash } from '../common/sip-hash.ts'
import { isV4Place, PLACE_BYTES, readAddressWords } from './peer-place.ts'
import { NO_SLOT, PEER_ID_BYTES, PeerTable } from './peer-table.ts'
import { SwarmMembers } from './swarm-members.ts'
import type { AnnounceEvent } from './tracker.ts'

/** How much the tracker remembers at the most. */
export interface RegistryLimits {
  readonly maxPeers: number
  readonly maxTorrents: number
  readonly maxPeersPerTorrent: number
  /** At one IPv4 address, or in one /64 of IPv6. */
  readonly maxPeersPerHost: number
}

export const DEFAULT_LIMITS: RegistryLimits = {
  maxPeers: 1_000_000,
  maxTorrents: 100_000,
  maxPeersPerTorrent: 100_000,
  maxPeersPerHost: 1000,
}

export interface RegistryOptions {
  /** After its last announce a peer is forgotten. */
  readonly lifetimeMs: number
  readonly limits: RegistryLimits
  /** 4 words nobody can guess. */
  readonly key: Uint32Array
}

/** An announce. Views: nothing is kept of them. */
export interface Announced {
  /** 20 bytes, one character each. */
  readonly infoHash: string
  /** 18 bytes, see peer-place.ts. */
  readonly place: Uint8Array
  /** 20 bytes */
  readonly peerId: Uint8Array
  readonly event: AnnounceEvent
  readonly isSeed: boolean
}

/** Why an announce was not taken: short, it goes to the client. */
export type Refusal =
  'too many torrents' | 'too many peers of this torrent' | 'too many peers at your address'

/** Expired peers that one announce removes on its way: more than it can add. */
const EXPIRED_PER_ANNOUNCE = 3
/** Hosts share their counters with those that hash alike: a million hosts are one to a counter. */
const HOST_COUNTERS = 2 ** 20

export class Swarm {
  readonly number: number
  readonly infoHash: string
  readonly v4: SwarmMembers
  /** Most swarms have none. */
  v6: SwarmMembers | undefined
  completedCount = 0

  constructor(number: number, infoHash: string, positions: Uint32Array) {
    this.number = number
    this.infoHash = infoHash
    this.v4 = new SwarmMembers(positions)
  }

  get seederCount(): number {
    return this.v4.seedCount + (this.v6?.seedCount ?? 0)
  }

  get leecherCount(): number {
    return this.peerCount - this.seederCount
  }

  get peerCount(): number {
    return this.v4.count + (this.v6?.count ?? 0)
  }
}

export class SwarmRegistry {
  readonly #lifetimeMs: number
  readonly #limits: RegistryLimits
  readonly #table: PeerTable
  readonly #swarms = new Map<string, Swarm>()
  /** By number. */
  readonly #numbered: (Swarm | undefined)[] = []
  readonly #freeNumbers: number[] = []
  /** Without peers, the longest so first: remembered for their completed count as long as there is room. */
  readonly #empty = new Set<Swarm>()
  readonly #hostCounts = new Uint32Array(HOST_COUNTERS)
  readonly #hostHash: SipHash
  readonly #hostWords = new Uint32Array(4)
  #seedCount = 0

  constructor({ lifetimeMs, limits, key }: RegistryOptions) {
    this.#lifetimeMs = lifetimeMs
    this.#limits = limits
    this.#table = new PeerTable(limits.maxPeers, key)
    this.#hostHash = new SipHash(key)
  }

  get peerCount(): number {
    return this.#table.count
  }

  get seedCount(): number {
    return this.#seedCount
  }

  /** Those with peers. */
  get torrentCount(): number {
    return this.#swarms.size - this.#empty.size
  }

  /** 18 bytes a slot: what `pick` named. */
  get places(): Uint8Array {
    return this.#table.places
  }

  /** 20 bytes a slot. */
  get peerIds(): Uint8Array {
    return this.#table.peerIds
  }

  swarm(infoHash: string): Swarm | undefined {
    return this.#swarms.get(infoHash)
  }

  /**
   * Notes an announce. A peer is its torrent, address and port; another peer id there takes its place, but does not
   * stop it. When all peers together are too many, the longest silent one is forgotten; the other bounds refuse.
   * @returns the peer's slot, or NO_SLOT for one that is not, or no longer, there
   */
  announce(announced: Announced, nowMs: number): number | Refusal {
    this.removeExpired(nowMs, EXPIRED_PER_ANNOUNCE)
    const swarm = this.#swarms.get(announced.infoHash)
    const slot = swarm === undefined ? NO_SLOT : this.#table.find(swarm.number, announced.place)
    if (announced.event === 'stopped') {
      if (slot !== NO_SLOT && this.#isPeer(slot, announced.peerId)) this.#remove(slot)
      return NO_SLOT
    }
    if (swarm === undefined || slot === NO_SLOT) return this.#admit(swarm, announced, nowMs)
    this.#table.touch(slot, nowMs)
    this.#update(swarm, slot, announced)
    return slot
  }

  /** Removes peers that are silent for too long, `limit` at the most. @returns how many */
  removeExpired(nowMs: number, limit: number): number {
    const table = this.#table
    let count = 0
    for (; count < limit; count++) {
      const slot = table.oldest
      if (slot === NO_SLOT || nowMs - table.heardAtMs(slot) < this.#lifetimeMs) break
      this.#remove(slot)
    }
    return count
  }

  #admit(known: Swarm | undefined, announced: Announced, nowMs: number): number | Refusal {
    const { place, isSeed } = announced
    const { maxPeers, maxPeersPerTorrent, maxPeersPerHost } = this.#limits
    const host = this.#hostCounter(place, 0)
    if (this.#hostCounts[host]! >= maxPeersPerHost) return 'too many peers at your address'
    if ((known?.peerCount ?? 0) >= maxPeersPerTorrent) return 'too many peers of this torrent'
    const swarm = known ?? this.#newSwarm(announced.infoHash)
    if (swarm === undefined) return 'too many torrents'
    if (this.#table.count >= maxPeers) this.#remove(this.#table.oldest)
    // After that: the longest silent one may have been its last.
    this.#empty.delete(swarm)
    const slot = this.#table.add(swarm.number, place, nowMs)
    this.#hostCounts[host]! += 1
    if (isSeed) this.#seedCount += 1
    this.#membersAt(swarm, place, 0).add(slot, isSeed)
    this.#update(swarm, slot, announced)
    return slot
  }

  #update(swarm: Swarm, slot: number, { place, peerId, event, isSeed }: Announced): void {
    const table = this.#table
    const members = this.#membersAt(swarm, place, 0)
    if (members.isSeed(slot) !== isSeed) {
      members.setSeed(slot, isSeed)
      this.#seedCount += isSeed ? 1 : -1
    }
    const offset = PEER_ID_BYTES * slot
    for (let i = 0; i < PEER_ID_BYTES; i++) table.peerIds[offset + i] = peerId[i]!
    if (event !== 'completed' || table.isCompleted[slot] === 1) return
    table.isCompleted[slot] = 1
    swarm.completedCount += 1
  }

  #remove(slot: number): void {
    const table = this.#table
    const swarm = this.#numbered[table.swarms[slot]!]!
    const offset = PLACE_BYTES * slot
    const members = this.#membersAt(swarm, table.places, offset)
    if (members.isSeed(slot)) this.#seedCount -= 1
    members.remove(slot)
    this.#hostCounts[this.#hostCounter(table.places, offset)]! -= 1
    table.remove(slot)
    if (swarm.peerCount === 0) this.#empty.add(swarm)
  }

  /** @returns undefined when there are too many, all with peers */
  #newSwarm(infoHash: string): Swarm | undefined {
    if (this.#swarms.size >= this.#limits.maxTorrents) {
      const [longestEmpty] = this.#empty
      if (longestEmpty === undefined) return undefined
      this.#forget(longestEmpty)
    }
    const number = this.#freeNumbers.pop() ?? this.#numbered.length
    const swarm = new Swarm(number, infoHash, this.#table.positions)
    this.#numbered[number] = swarm
    this.#swarms.set(infoHash, swarm)
    return swarm
  }

  #forget(swarm: Swarm): void {
    this.#empty.delete(swarm)
    this.#swarms.delete(swarm.infoHash)
    this.#numbered[swarm.number] = undefined
    this.#freeNumbers.push(swarm.number)
  }

  #membersAt(swarm: Swarm, places: Uint8Array, offset: number): SwarmMembers {
    if (isV4Place(places, offset)) return swarm.v4
    swarm.v6 ??= new SwarmMembers(this.#table.positions)
    return swarm.v6
  }

  #isPeer(slot: number, peerId: Uint8Array): boolean {
    const offset = PEER_ID_BYTES * slot
    for (let i = 0; i < PEER_ID_BYTES; i++) if (this.peerIds[offset + i] !== peerId[i]) return false
    return true
  }

  #hostCounter(places: Uint8Array, offset: number): number {
    const words = this.#hostWords
    readAddressWords(places, offset, words)
    if (!isV4Place(places, offset)) words.fill(0, 2)
    this.#hostHash.digest(words)
    return this.#hostHash.low & (HOST_COUNTERS - 1)
  }
}
