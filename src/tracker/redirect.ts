/** Where an HTTP tracker may send us: the part of the rules that needs no network. Addresses are http-fetch.ts's. */
import { TrackerError } from '../common/errors.ts'
import { maskUrl } from './mask-url.ts'

/**
 * The URL that a `Location` means: http or https, never from https back to http.
 * @throws TrackerError TRACKER_REDIRECT_REFUSED
 */
export function redirectTarget(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw refusedRedirect('a redirect to something that is no address')
  const url = new URL(location, from.href)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw refusedRedirect(`a redirect to ${url.protocol}, not http or https`)
  }
  if (from.protocol === 'https:' && url.protocol === 'http:') {
    throw refusedRedirect(`a redirect from https to http (${maskUrl(url.href)})`)
  }
  return url
}

export function refusedRedirect(message: string): TrackerError {
  return new TrackerError('TRACKER_REDIRECT_REFUSED', message)
}
