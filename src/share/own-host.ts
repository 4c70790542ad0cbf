/** Under which address other machines reach what listens here. */
import type { NetworkInterfaceInfo } from 'node:os'
import { scopeOf, type AddressScope } from '../common/address-scope.ts'

/** As os.networkInterfaces() has them. */
export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>

/** Better first: a fleet is most often in one private network. Link-local addresses need a zone, so nobody can type them. */
const PREFERENCE: Readonly<Record<AddressScope, number>> = {
  private: 0,
  public: 1,
  loopback: 2,
  'link-local': 3,
  unusable: 4,
}
/** Bridges of containers and virtual machines on this machine: nobody else reaches them. */
const INNER = /^(docker|br-|virbr|veth|cni|flannel|cali|lxc|podman)/

/**
 * @param bind an IP address that is listened on; `0.0.0.0` and `::` mean all of them
 * @returns `bind`, or of all addresses of its family the one that most others reach; of both families IPv4 first
 */
export function reachableAddress(bind: string, interfaces: Interfaces): string {
  if (bind !== '0.0.0.0' && bind !== '::') return bind
  const addresses = Object.entries(interfaces).flatMap(([name, infos = []]) =>
    infos
      .filter(({ family }) => bind === '::' || family === 'IPv4')
      .map(({ address, family }) => ({
        address,
        rank: [PREFERENCE[scopeOf(address)], INNER.test(name) ? 1 : 0, family === 'IPv4' ? 0 : 1],
      })),
  )
  addresses.sort((a, b) => compare(a.rank, b.rank))
  return addresses[0]?.address ?? (bind === '::' ? '::1' : '127.0.0.1')
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, i) => value !== b[i])
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0)
}
