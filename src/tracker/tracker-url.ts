/** Tracker addresses: what we accept of them, and the words for what went wrong on the way there. */
import { formatEndpoint, type Endpoint } from '../common/endpoint.ts'
import { messageOf, systemCodeOf, TrackerError } from '../common/errors.ts'
import { maskUrl } from './mask-url.ts'

/** A longer URL is no tracker's. */
const MAX_URL_LENGTH = 2048

/** @throws TrackerError TRACKER_URL_INVALID, TRACKER_URL_UNSUPPORTED for anything but udp, http and https */
export function parseTrackerUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) {
    throw new TrackerError('TRACKER_URL_INVALID', `not a tracker address: ${maskUrl(text)}`)
  }
  const url = new URL(text)
  if (url.protocol !== 'udp:' && url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TrackerError('TRACKER_URL_UNSUPPORTED', `${url.protocol} trackers are not supported`)
  }
  if (url.hostname === '' || url.port === '0') {
    throw new TrackerError('TRACKER_URL_INVALID', `no host or port in ${maskUrl(text)}`)
  }
  return url
}

/** The host of a URL as the resolver wants it: no brackets around IPv6, international names in ASCII. */
export function hostOf(url: URL): string {
  // Only the "special" schemes of the URL standard get their host normalised, and udp is none of them.
  const asHttp = `http://${url.hostname}/`
  const host = URL.canParse(asHttp) ? new URL(asHttp).hostname : url.hostname
  return host.startsWith('[') ? host.slice(1, -1) : host
}

/** Is this text an IP address as `dns` and `net` understand it? */
export function isIpLiteral(host: string): boolean {
  if (host.includes(':')) return /^[0-9a-f:.]{2,45}$/i.test(host) && URL.canParse(`http://[${host}]/`)
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(host) && host.split('.').every((part) => Number(part) <= 255)
}

const CAUSES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused by',
  ECONNRESET: 'connection closed by',
  EPIPE: 'connection closed by',
  ENETUNREACH: 'no network to',
  EHOSTUNREACH: 'no route to',
  ETIMEDOUT: 'no connection to',
  EMFILE: 'too many open files to reach',
  EADDRNOTAVAIL: 'the address of --interface is gone: cannot reach',
  EACCES: 'not allowed to reach',
  EPERM: 'not allowed to reach',
}

/** A socket's error in words. @returns TrackerError TRACKER_UNREACHABLE */
export function unreachable(remote: Endpoint, error: unknown): TrackerError {
  const words = CAUSES[systemCodeOf(error) ?? '']
  const where = formatEndpoint(remote)
  const message = words === undefined ? `cannot reach ${where}: ${messageOf(error)}` : `${words} ${where}`
  return new TrackerError('TRACKER_UNREACHABLE', message, { cause: error })
}

/** @returns TrackerError TRACKER_ABORTED: the announce was called off, nothing is wrong with the tracker */
export function aborted(): TrackerError {
  return new TrackerError('TRACKER_ABORTED', 'called off')
}
