/**
 * `-4`, `-6` and `--interface`: which of this machine's addresses are used. Node cannot tie a socket to an interface,
 * so it is tied to an address of the interface: one of IPv4 and one of IPv6.
 */
import type { NetworkInterfaceInfo } from 'node:os'
import { isIP } from 'node:net'
import { UsageError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'

export interface OwnAddressChoice {
  readonly family: 4 | 6 | undefined
  /** Name or address, as typed. */
  readonly interface: string | undefined
}

export interface OwnAddressParts {
  /** As os.networkInterfaces() has them: those that are up. */
  readonly interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>
  /** May a socket be bound to this address? A machine has some that no list names, such as 127.0.0.2. */
  readonly canBind: (address: string) => Promise<boolean>
}

/** @throws UsageError when there is no such interface, or nothing of it is left */
export async function chooseOwnAddresses(
  { family, interface: wanted }: OwnAddressChoice,
  parts: OwnAddressParts,
): Promise<LocalAddresses> {
  const own = wanted === undefined ? ANY : await addressesOf(wanted, parts)
  const reason = family === undefined ? missing(wanted) : `IPv${family === 4 ? 6 : 4} is off (-${family})`
  const chosen = { v4: family === 6 ? undefined : own.v4, v6: family === 4 ? undefined : own.v6 }
  if (chosen.v4 === undefined && chosen.v6 === undefined) {
    throw new UsageError(
      'USAGE',
      `--interface: '${wanted}' has no IPv${family} address, and -${family} asks for one`,
    )
  }
  return new LocalAddresses({ ...chosen, reason })
}

interface Pair {
  readonly v4: string | undefined
  readonly v6: string | undefined
}

const ANY: Pair = { v4: '0.0.0.0', v6: '::' }

async function addressesOf(wanted: string, { interfaces, canBind }: OwnAddressParts): Promise<Pair> {
  const infos = interfaces[wanted]
  if (infos !== undefined) {
    // An IPv6 link-local address reaches nobody beyond the link, so it is not the one that is meant.
    const v4 = infos.find(({ family }) => family === 'IPv4')?.address
    const v6 = infos.find(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address))?.address
    if (v4 !== undefined || v6 !== undefined) return { v4, v6 }
  }
  const address = /^\[(.*)\]$/.exec(wanted)?.[1] ?? wanted
  const version = isIP(address)
  if (version !== 0 && (await canBind(address))) {
    return version === 4 ? { v4: address, v6: undefined } : { v4: undefined, v6: address }
  }
  const what = infos === undefined ? 'is not here' : 'has no address that can be used'
  throw new UsageError('USAGE', `--interface: '${wanted}' ${what}; there are ${describe(interfaces)}`)
}

/** `lo (127.0.0.1, ::1) and eth0 (10.0.0.7)` */
function describe(interfaces: OwnAddressParts['interfaces']): string {
  const names = Object.entries(interfaces).map(
    ([name, infos = []]) => `${name} (${infos.map(({ address }) => address).join(', ')})`,
  )
  return names.length === 0 ? 'none' : names.join(', ')
}

function missing(wanted: string | undefined): string {
  return wanted === undefined ? '' : `--interface ${wanted} has no address of its family`
}
