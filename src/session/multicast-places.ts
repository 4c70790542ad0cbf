/** On which of our interfaces we speak to the local network, and whom we take for a neighbour. Pure. */
import type { NetworkInterfaceInfo } from 'node:os'
import { scopeOf } from '../common/address-scope.ts'
import { parseV6 } from '../common/endpoint.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import type { MulticastPlace } from '../net/multicast.ts'
import { LOCAL_GROUPS } from '../wire/local-search.ts'

/** Linux lets a socket join 20 times. */
const MAX_PLACES = 16

/** As os.networkInterfaces() has them: those that are up. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

export interface Neighbourhood extends MulticastPlace {
  readonly netmask: string
}

/**
 * Where `local` lets us talk: every interface, or the one it is bound to; this machine's own (lo) only when it is that one,
 * or there is no other. IPv6 is for interfaces without IPv4: with both, everybody would find each other twice.
 */
export function multicastPlaces(interfaces: Interfaces, local: LocalAddresses): readonly Neighbourhood[] {
  const usable = Object.entries(interfaces).flatMap(([interfaceName, infos = []]) => {
    const ours = infos.filter(({ address }) => isAllowed(address, local))
    const info = ours.find(({ family }) => family === 'IPv4') ?? ours[0]
    return info === undefined ? [] : [{ ...placeOf(interfaceName, info), isInternal: info.internal }]
  })
  const outward = usable.filter(({ isInternal }) => !isInternal)
  const chosen = outward.length > 0 ? outward : usable
  return chosen.slice(0, MAX_PLACES).map(({ isInternal: _, ...place }) => place)
}

/** A stranger beyond the network must not make us call anybody; and one network's hosts are not another's. */
export function isNeighbour(host: string, places: readonly Neighbourhood[], local: LocalAddresses): boolean {
  if (places.some((place) => isOfNetwork(host, place))) return true
  return !local.isBound && ['private', 'link-local', 'loopback'].includes(scopeOf(host))
}

function isAllowed(address: string, local: LocalAddresses): boolean {
  if (!local.reaches(address)) return false
  const own = local.toward(address)
  return own === undefined || own === address
}

function placeOf(interfaceName: string, { address, netmask, family }: NetworkInterfaceInfo): Neighbourhood {
  const group = family === 'IPv4' ? LOCAL_GROUPS.v4 : LOCAL_GROUPS.v6
  return { interfaceName, address, netmask, group }
}

function isOfNetwork(host: string, { address, netmask }: Neighbourhood): boolean {
  if (host.includes(':') !== address.includes(':')) return false
  const [theirs, ours, mask] = [bytesOf(host), bytesOf(address), bytesOf(netmask)]
  return mask.every((bits, i) => ((theirs[i] ?? 0) & bits) === ((ours[i] ?? 0) & bits))
}

function bytesOf(host: string): Buffer {
  return host.includes(':') ? parseV6(host) : Buffer.from(host.split('.').map(Number))
}
