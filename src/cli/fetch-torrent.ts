/** The bytes of a .torrent at an http or https address. Loaded only when a source is one. */
import { mayLeadTo, scopeOf, type AddressScope } from '../common/address-scope.ts'
import { systemClock, type Clock } from '../common/clock.ts'
import { InputError, SourceError, TrackerError, type KnownError } from '../common/errors.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { VERSION } from '../common/version.ts'
import { fetchBounded, type HttpResult } from '../tracker/http-fetch.ts'
import { resolveWithSystem } from '../tracker/resolve-host.ts'
import { maskSource } from '../tracker/mask-url.ts'

const FIRST_BYTE_MS = 20_000
/** 64 MiB within it need 0.5 MiB/s. */
const TOTAL_MS = 120_000
const MAX_URL_LENGTH = 8192
/** As much of a body as shows that it is a web page. */
const SNIFFED_BYTES = 512

/** What makes another try worth while: the server is not there, or says itself that it is for a time only. */
const PASSING = new Set([
  'TRACKER_TIMEOUT',
  'TRACKER_UNREACHABLE',
  'TRACKER_DNS_FAILED',
  'TRACKER_NO_SUCH_HOST',
])

const STATUS_WORDS: Readonly<Record<number, string>> = {
  401: 'it asks for a name and a password (http://NAME:PASSWORD@HOST/...)',
  403: 'the server does not give it to us',
  404: 'there is nothing at this address',
  410: 'it is not there any more',
  429: 'the server has been asked too often',
}

export interface FetchTorrentOptions {
  readonly maxBytes: number
  /** From which addresses it is asked; default: any. */
  readonly local?: LocalAddresses | undefined
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock
  /** For tests, which have only loopback addresses. */
  readonly scopeOf?: (host: string) => AddressScope
}

/**
 * @param source an address that the user gave: it may be of any host; redirects lead no further inwards than it
 * @throws InputError TORRENT_URL_INVALID, TORRENT_URL_STATUS, TORRENT_URL_FAILED, TORRENT_URL_WEB_PAGE,
 *   TORRENT_FILE_TOO_LARGE; SourceError TORRENT_URL_UNREACHABLE, TORRENT_URL_UNAVAILABLE
 */
export async function fetchTorrent(source: string, options: FetchTorrentOptions): Promise<Buffer> {
  const shown = maskSource(source)
  const url = parseUrl(source, shown)
  const { maxBytes, local = LocalAddresses.any, clock = systemClock } = options
  try {
    const result = await fetchBounded(
      url,
      url.pathname + url.search,
      {
        clock,
        local,
        resolve: resolveWithSystem,
        userAgent: `torrent-dl/${VERSION}`,
        scopeOf: options.scopeOf ?? scopeOf,
        mayDial: (scope) => mayLeadTo('loopback', scope),
        limits: {
          firstByteMs: FIRST_BYTE_MS,
          totalMs: TOTAL_MS,
          maxBodyBytes: maxBytes,
          firstHopRule: 'no host has this address',
        },
      },
      options.signal ?? new AbortController().signal,
    )
    return bodyOf(result, shown)
  } catch (error) {
    throw error instanceof TrackerError ? failure(shown, error) : error
  }
}

function parseUrl(source: string, shown: string): URL {
  const url = source.length <= MAX_URL_LENGTH && URL.canParse(source) ? new URL(source) : undefined
  if (url === undefined || url.hostname === '' || url.port === '0')
    throw new InputError('TORRENT_URL_INVALID', `cannot read ${shown}: not a valid address`)
  return url
}

/** @throws InputError, SourceError for anything but a 200 that may be a .torrent */
function bodyOf({ status, body }: HttpResult, shown: string): Buffer {
  if (status !== 200) throw statusFailure(status, shown)
  if (/^(\ufeff|\s)*<(!doctype|html|head|\?xml|!--)/i.test(body.toString('utf8', 0, SNIFFED_BYTES))) {
    const why = 'it is a web page, not a .torrent (give the address of the file itself)'
    throw new InputError('TORRENT_URL_WEB_PAGE', `cannot read ${shown}: ${why}`)
  }
  return body
}

function statusFailure(status: number, shown: string): KnownError {
  const words = STATUS_WORDS[status]
  const message = `cannot read ${shown}: ${words === undefined ? '' : `${words}, `}HTTP status ${status}`
  const isPassing = status === 408 || status === 429 || status >= 500
  return isPassing
    ? new SourceError('TORRENT_URL_UNAVAILABLE', message)
    : new InputError('TORRENT_URL_STATUS', message)
}

function failure(shown: string, cause: TrackerError): KnownError {
  if (cause.code === 'TRACKER_RESPONSE_TOO_LARGE')
    return new InputError('TORRENT_FILE_TOO_LARGE', `${shown} is larger than 64 MiB: not a .torrent file`)
  const message = `cannot read ${shown}: ${cause.message}`
  return PASSING.has(cause.code)
    ? new SourceError('TORRENT_URL_UNREACHABLE', message, { cause })
    : new InputError('TORRENT_URL_FAILED', message, { cause })
}
