/** Names to addresses, within a time limit: the system's resolver may take half a minute over a dead server. */
import { lookup } from 'node:dns/promises'
import type { Clock } from '../common/clock.ts'
import { systemCodeOf, TrackerError } from '../common/errors.ts'
import { aborted, isIpLiteral } from './tracker-url.ts'

/** All addresses of a host, IPv4 and IPv6 literals, best first. */
export type ResolveHost = (host: string) => Promise<readonly string[]>

const RESOLVE_TIMEOUT_MS = 5000
/** A name with hundreds of addresses gets us no further than its first few. */
const MAX_ADDRESSES = 8

/** Lookups under way: they cannot be called off, so asking for the same name again joins the one there is. */
const pending = new Map<string, Promise<readonly string[]>>()

/** The system's resolver (hosts file included), both families in its order. */
export async function resolveWithSystem(host: string): Promise<readonly string[]> {
  const known = pending.get(host)
  if (known !== undefined) return known
  const lookingUp = lookup(host, { all: true, verbatim: true })
    .then((found) => found.map(({ address }) => address))
    .finally(() => pending.delete(host))
  pending.set(host, lookingUp)
  return lookingUp
}

/**
 * At least one address, at most 8. A literal is its own address and costs nothing.
 * @throws TrackerError TRACKER_NO_SUCH_HOST, TRACKER_DNS_FAILED, TRACKER_ABORTED
 */
export async function resolveWithin(
  host: string,
  { resolve, clock, signal }: { resolve: ResolveHost; clock: Clock; signal: AbortSignal },
): Promise<readonly string[]> {
  if (isIpLiteral(host)) return [host]
  const addresses = await new Promise<readonly string[]>((settle, reject) => {
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
    resolve(host)
      .then(settle, (error: unknown) => {
        reject(lookupFailure(host, error))
      })
      .finally(finish)
  })
  if (addresses.length === 0) throw new TrackerError('TRACKER_NO_SUCH_HOST', `no such host ${host}`)
  return addresses.slice(0, MAX_ADDRESSES)
}

function lookupFailure(host: string, error: unknown): TrackerError {
  if (systemCodeOf(error) === 'ENOTFOUND') {
    return new TrackerError('TRACKER_NO_SUCH_HOST', `no such host ${host}`, { cause: error })
  }
  const code = systemCodeOf(error) ?? 'no reason given'
  return new TrackerError('TRACKER_DNS_FAILED', `cannot look up ${host} (${code})`, { cause: error })
}
