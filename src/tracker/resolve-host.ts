/** Names to addresses, within a time limit: the system's resolver may take half a minute over a dead server. */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../common/clock.ts'
import type { LocalAddresses } from '../common/local-addresses.ts'
import { systemCodeOf, TrackerError } from '../common/errors.ts'
import { aborted, isIpLiteral } from './tracker-url.ts'

/** All addresses of a host, as literals, best first. @param family 0: both */
export type ResolveHost = (host: string, family: 0 | 4 | 6) => Promise<readonly string[]>

const RESOLVE_TIMEOUT_MS = 5000
/** A name with hundreds of addresses gets us no further than its first few. */
const MAX_ADDRESSES = 8

/** Lookups under way: they cannot be called off, so asking for the same name again joins the one there is. */
const pending = new Map<string, Promise<readonly string[]>>()

/** The system's resolver (hosts file included), families in its order. */
export async function resolveWithSystem(host: string, family: 0 | 4 | 6): Promise<readonly string[]> {
  const key = `${host}/${family}`
  const known = pending.get(key)
  if (known !== undefined) return known
  const lookingUp = lookup(host, { all: true, verbatim: true, family })
    .then((found) => found.map(({ address }) => address))
    .finally(() => pending.delete(key))
  pending.set(key, lookingUp)
  return lookingUp
}

export interface ResolveLimits {
  readonly resolve: ResolveHost
  /** Addresses that these do not reach are left out. */
  readonly local: LocalAddresses
  readonly clock: Clock
  readonly signal: AbortSignal
}

/**
 * At least one address, at most 8. A literal is its own address and costs nothing.
 * @throws TrackerError TRACKER_NO_SUCH_HOST, TRACKER_DNS_FAILED, TRACKER_ADDRESS_REFUSED, TRACKER_ABORTED
 */
export async function resolveWithin(host: string, limits: ResolveLimits): Promise<readonly string[]> {
  const found = isIpLiteral(host) ? [host] : await lookUp(host, limits)
  const reached = found.filter((address) => limits.local.reaches(address))
  const [first] = found
  if (reached.length > 0) return reached.slice(0, MAX_ADDRESSES)
  if (first === undefined) throw noAddress(host, limits.local)
  throw new TrackerError('TRACKER_ADDRESS_REFUSED', `cannot reach ${first}: ${limits.local.reason}`)
}

async function lookUp(
  host: string,
  { resolve, local, clock, signal }: ResolveLimits,
): Promise<readonly string[]> {
  return new Promise<readonly string[]>((settle, reject) => {
    const finish = (): void => {
      cancel()
      signal.removeEventListener('abort', onAbort)
    }
    const onAbort = (): void => {
      finish()
      reject(aborted())
    }
    const cancel = clock.after(RESOLVE_TIMEOUT_MS, () => {
      finish()
      reject(new TrackerError('TRACKER_DNS_FAILED', `no answer from DNS about ${host} in 5 s`))
    })
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    resolve(host, local.family)
      .then(settle, (error: unknown) => {
        reject(lookupFailure(host, local, error))
      })
      .finally(finish)
  })
}

/** The resolver does not tell a name without addresses of this family from one that does not exist. */
function noAddress(host: string, local: LocalAddresses, cause?: unknown): TrackerError {
  const isOneFamily = local.family !== 0
  const message = isOneFamily
    ? `no such host ${host}, or none with an IPv${local.family} address (${local.reason})`
    : `no such host ${host}`
  return new TrackerError('TRACKER_NO_SUCH_HOST', message, { cause })
}

function lookupFailure(host: string, local: LocalAddresses, error: unknown): TrackerError {
  if (systemCodeOf(error) === 'ENOTFOUND') return noAddress(host, local, error)
  const code = systemCodeOf(error) ?? 'no reason given'
  return new TrackerError('TRACKER_DNS_FAILED', `cannot look up ${host} (${code})`, { cause: error })
}
