/** `--tracker` and `--only-tracker`: what is typed becomes tiers of URLs that a tracker can have. Pure. */
import { TrackerError, UsageError } from '../common/errors.ts'
import { maskUrl } from '../tracker/mask-url.ts'
import { MAX_TRACKERS } from '../tracker/tiers.ts'
import { hostOf, parseTrackerUrl } from '../tracker/tracker-url.ts'

type Tiers = readonly (readonly string[])[]

/** A comma ends a URL only where another one begins: addresses may hold commas. */
const NEXT_URL = /\s*,\s*(?=[a-z][a-z0-9+.-]*:\/\/)/i

/**
 * One more tier.
 * @param text URLs with commas between them @param earlier tiers of the same option
 * @throws UsageError that says which URL is wrong, without the keys that may stand in it
 */
export function addTrackerTier(text: string, earlier: Tiers): Tiers {
  const urls = text.trim().split(NEXT_URL)
  for (const url of urls) check(url)
  const tiers = [...earlier, urls]
  if (tiers.flat().length > MAX_TRACKERS)
    throw new UsageError('USAGE', `more than ${MAX_TRACKERS} trackers: no more are asked`)
  return tiers
}

function check(url: string): void {
  try {
    if (/[\p{Cc}\s]/u.test(url)) throw wrong(url, 'it has spaces inside')
    const parsed = parseTrackerUrl(url)
    if (!/^[\w.:-]+$/.test(hostOf(parsed))) throw wrong(url, 'there is no such host name')
  } catch (error) {
    if (error instanceof TrackerError) throw wrong(url, reasonOf(error))
    throw error
  }
}

function reasonOf({ code, message }: TrackerError): string {
  return code === 'TRACKER_URL_UNSUPPORTED'
    ? `${message} (udp, http and https are)`
    : 'it needs udp://, http:// or https:// and a host'
}

function wrong(url: string, reason: string): UsageError {
  return new UsageError('USAGE', `'${maskUrl(url)}' is not a tracker's address: ${reason}`)
}
