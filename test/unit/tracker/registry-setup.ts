/** A registry of a test, spoken to in endpoints. */
import { readCompactV6 } from '../../../src/common/endpoint.ts'
import { PLACE_BYTES, writePlace } from '../../../src/tracker/peer-place.ts'
import { NO_SLOT } from '../../../src/tracker/peer-table.ts'
import { DEFAULT_LIMITS, SwarmRegistry } from '../../../src/tracker/swarm-registry.ts'
import type { Announced, RegistryLimits } from '../../../src/tracker/swarm-registry.ts'

export const KEY = Uint32Array.of(1, 2, 3, 4)
export const LIFETIME_MS = 1000

export const HASH = 'h'.repeat(20)

export interface Said extends Partial<Omit<Announced, 'place' | 'peerId'>> {
  readonly host: string
  readonly port?: number
  /** One character stands for all 20. */
  readonly id?: string
}

export function newRegistry(limits: Partial<RegistryLimits> = {}): SwarmRegistry {
  return new SwarmRegistry({
    lifetimeMs: LIFETIME_MS,
    limits: { ...DEFAULT_LIMITS, maxPeers: 10_000, ...limits },
    key: KEY,
  })
}

export function announced({ host, port = 6881, id = 'p', ...rest }: Said): Announced {
  const place = new Uint8Array(PLACE_BYTES)
  writePlace(place, host, port)
  return {
    infoHash: HASH,
    event: 'none',
    isSeed: false,
    ...rest,
    place,
    peerId: Buffer.alloc(20, id),
  }
}

/** `[seeds, leechers, completed]` */
export function countsOf(registry: SwarmRegistry, infoHash = HASH): [number, number, number] {
  const swarm = registry.swarm(infoHash)
  return [swarm?.seederCount ?? 0, swarm?.leecherCount ?? 0, swarm?.completedCount ?? 0]
}

export interface Asked {
  readonly infoHash?: string
  readonly family?: 'v4' | 'v6'
  readonly isForSeed?: boolean
  readonly self?: number
  readonly count?: number
}

/** Everybody of one family who would be named, sorted. */
export function hostsOf(
  registry: SwarmRegistry,
  { infoHash = HASH, family = 'v4', isForSeed = false, self = NO_SLOT, count = 10_000 }: Asked = {},
  random: () => number = Math.random,
): string[] {
  const picked = new Uint32Array(10_000)
  const members = registry.swarm(infoHash)?.[family]
  const end = members?.pick(picked, 0, { count, isForSeed, self }, random) ?? 0
  const places = Buffer.from(registry.places.buffer)
  return Array.from(picked.subarray(0, end), (slot) => {
    return readCompactV6(places, PLACE_BYTES * slot).host
  }).toSorted()
}
