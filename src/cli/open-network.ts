/** From flags to what the network may be used for: our own addresses, the blocklist, and who `--peer` means. */
import { networkInterfaces } from 'node:os'
import { scopeOf } from '../common/address-scope.ts'
import type { Clock } from '../common/clock.ts'
import { TrackerError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import type { IpRanges } from '../swarm/ip-ranges.ts'
import { resolveWithin, resolveWithSystem } from '../tracker/resolve-host.ts'
import type { ResolveHost } from '../tracker/resolve-host.ts'
import type { DownloadFlags } from './flags.ts'

export interface Network {
  readonly local: LocalAddresses
  readonly blocklist: IpRanges | undefined
  /** Sentences for the user. */
  readonly warnings: readonly string[]
}

type NetworkFlags = Pick<DownloadFlags, 4 | 6 | 'interface' | 'blocklist'>

/** @throws UsageError about `--interface`; InputError BLOCKLIST_... */
export async function openNetwork(flags: NetworkFlags): Promise<Network> {
  const local = await ownAddresses(flags)
  if (flags.blocklist === undefined) return { local, blocklist: undefined, warnings: [] }
  const { readBlocklist, blocklistWarning } = await import('./blocklist-file.ts')
  const list = await readBlocklist(flags.blocklist)
  const warning = blocklistWarning(flags.blocklist, list)
  return { local, blocklist: list.ranges, warnings: warning === undefined ? [] : [warning] }
}

async function ownAddresses(flags: NetworkFlags): Promise<LocalAddresses> {
  const family = flags[4] ? 4 : flags[6] ? 6 : undefined
  if (family === undefined && flags.interface === undefined) return LocalAddresses.any
  const { chooseOwnAddresses } = await import('./own-addresses.ts')
  const interfaces = flags.interface === undefined ? {} : networkInterfaces()
  return await chooseOwnAddresses({ family, interface: flags.interface }, { interfaces, canBind })
}

async function canBind(address: string): Promise<boolean> {
  const { bindUdp } = await import('../net/udp-socket.ts')
  const ignore = (): undefined => undefined
  try {
    const socket = await bindUdp({ host: address, port: 0 }, { onPacket: ignore, onError: ignore })
    socket.close()
    return true
  } catch {
    // Whatever the reason, it cannot be used.
    return false
  }
}

/**
 * The addresses that `--peer HOST:PORT` stands for, without those that are no peer's.
 * @throws Error with a sentence for people when none is left
 */
export async function addressesOfPeer(
  host: string,
  { local, blocklist }: Pick<Network, 'local' | 'blocklist'>,
  clock: Clock,
  resolve: ResolveHost = resolveWithSystem,
): Promise<readonly string[]> {
  const { signal } = new AbortController()
  const found = await resolveWithin(host, { resolve, local, clock, signal }).catch((error: unknown) => {
    throw error instanceof TrackerError ? new Error(error.message, { cause: error }) : error
  })
  const usable = found.filter((address) => scopeOf(address) !== 'unusable')
  if (usable.length === 0) throw new Error(`${found.join(', ')} is no host's address`)
  const allowed = usable.filter((address) => blocklist?.has(address) !== true)
  if (allowed.length === 0) throw new Error(`${usable.join(', ')} is in the blocklist`)
  return allowed
}
