/** Who takes part in which torrent, for a small tracker: in memory, bounded, forgetting whoever stops announcing. */
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'
import type { AnnounceEvent, ScrapeResponse } from './tracker.ts'

export const MAX_TORRENTS = 10_000
export const MAX_PEERS_PER_TORRENT = 2000

export interface Participant {
  readonly endpoint: Endpoint
  /** 20 bytes */
  readonly peerId: Buffer
  readonly isSeed: boolean
}

interface Member extends Participant {
  readonly expiresAtMs: number
}

interface Swarm {
  /** By endpoint text; the longest silent first. */
  readonly members: Map<string, Member>
  completedCount: number
}

export class SwarmRegistry {
  readonly #lifetimeMs: number
  /** By info-hash in hex; the longest silent first. */
  readonly #swarms = new Map<string, Swarm>()

  /** @param lifetimeMs after its last announce a peer is forgotten */
  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs
  }

  /** Notes an announce. Beyond the bounds the longest silent peer or torrent is forgotten. */
  announce(infoHash: Buffer, who: Participant, event: AnnounceEvent, nowMs: number): void {
    const name = infoHash.toString('hex')
    const swarm = this.#swarms.get(name) ?? { members: new Map<string, Member>(), completedCount: 0 }
    this.#swarms.delete(name)
    this.#swarms.set(name, swarm)
    dropOldest(this.#swarms, MAX_TORRENTS)
    const key = formatEndpoint(who.endpoint)
    swarm.members.delete(key)
    if (event === 'completed') swarm.completedCount += 1
    if (event !== 'stopped') swarm.members.set(key, { ...who, expiresAtMs: nowMs + this.#lifetimeMs })
    dropOldest(swarm.members, MAX_PEERS_PER_TORRENT)
    forgetExpired(swarm, nowMs)
  }

  /**
   * Up to `count` others, at random: not the asker itself, no seeds for a seed.
   * @param family only addresses of this family; undefined: both
   */
  others(
    infoHash: Buffer,
    asker: Participant,
    { count, family, random }: { count: number; family: 'v4' | 'v6' | undefined; random: () => number },
  ): Participant[] {
    const self = formatEndpoint(asker.endpoint)
    const members = this.#swarms.get(infoHash.toString('hex'))?.members
    const eligible = [...(members?.entries() ?? [])]
      .filter(([key, { endpoint, isSeed }]) => {
        const isWanted = family === undefined || endpoint.host.includes(':') === (family === 'v6')
        return isWanted && key !== self && !(asker.isSeed && isSeed)
      })
      .map(([, member]) => member)
    const start = Math.floor(random() * eligible.length)
    return [...eligible.slice(start), ...eligible.slice(0, start)].slice(0, count)
  }

  counts(infoHash: Buffer, nowMs: number): ScrapeResponse {
    const swarm = this.#swarms.get(infoHash.toString('hex'))
    if (swarm === undefined) return { seederCount: 0, completedCount: 0, leecherCount: 0 }
    forgetExpired(swarm, nowMs)
    const seederCount = [...swarm.members.values()].filter(({ isSeed }) => isSeed).length
    const { completedCount, members } = swarm
    return { seederCount, completedCount, leecherCount: members.size - seederCount }
  }
}

function forgetExpired({ members }: Swarm, nowMs: number): void {
  for (const [key, { expiresAtMs }] of members) {
    if (expiresAtMs > nowMs) return // they are in order of their last announce
    members.delete(key)
  }
}

function dropOldest(map: Map<string, unknown>, maxSize: number): void {
  for (const key of map.keys()) {
    if (map.size <= maxSize) return
    map.delete(key)
  }
}
