/** An HTTP or HTTPS tracker (BEP 3, 7, 23, 48): queries out, bencoded answers in. The rules of fetching are http-fetch.ts. */
import { scopeOf, type AddressScope } from '../common/address-scope.ts'
import { systemClock, type Clock } from '../common/clock.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { TrackerError } from '../common/errors.ts'
import {
  announceTarget,
  failureReasonOf,
  readAnnounceBody,
  readScrapeBody,
  scrapeTarget,
  type HttpAnswer,
} from './http-codec.ts'
import { fetchBounded, type HttpResult } from './http-fetch.ts'
import { resolveWithSystem, type ResolveHost } from './resolve-host.ts'
import { parseTrackerUrl } from './tracker-url.ts'
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse, Tracker } from './tracker.ts'

export interface HttpTrackerOptions {
  /** `torrent-dl/1.2.3` */
  readonly userAgent: string
  readonly clock?: Clock
  readonly resolve?: ResolveHost
  /** From which addresses it is asked; default: any. */
  readonly local?: LocalAddresses
  /**
   * The user named this tracker, so it may be anywhere. One that a torrent names may lie on this machine or in this
   * network only when its path starts with `/announce`: other paths could be any service's.
   */
  readonly isUserNamed?: boolean
  /** For tests, which have only loopback addresses. */
  readonly scopeOf?: (host: string) => AddressScope
}

export class HttpTracker implements Tracker {
  readonly url: string
  readonly #url: URL
  readonly #options: HttpTrackerOptions
  readonly #closing = new AbortController()
  /** BEP 3's `tracker id`, which the tracker wants back. */
  #trackerId: Buffer | undefined

  /** @throws TrackerError TRACKER_URL_INVALID, TRACKER_URL_UNSUPPORTED */
  constructor(url: string, options: HttpTrackerOptions) {
    this.url = url
    this.#url = parseTrackerUrl(url)
    this.#options = options
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    const { body, scope } = await this.#get(announceTarget(this.#url, request, this.#trackerId), signal)
    const { trackerId, ...answer }: HttpAnswer = readAnnounceBody(body)
    this.#trackerId = trackerId ?? this.#trackerId
    return { ...answer, scope }
  }

  async scrape(infoHash: Buffer, signal: AbortSignal): Promise<ScrapeResponse> {
    const target = scrapeTarget(this.#url, infoHash)
    if (target === undefined) {
      throw new TrackerError(
        'TRACKER_NO_SCRAPE',
        'this tracker has no scrape address (its path does not end in "announce")',
      )
    }
    const { body } = await this.#get(target, signal)
    return readScrapeBody(body, infoHash)
  }

  close(): void {
    this.#closing.abort()
  }

  async #get(target: string, signal: AbortSignal): Promise<HttpResult> {
    const {
      userAgent,
      clock = systemClock,
      resolve = resolveWithSystem,
      local = LocalAddresses.any,
    } = this.#options
    const result = await fetchBounded(
      this.#url,
      target,
      {
        clock,
        resolve,
        local,
        userAgent,
        scopeOf: this.#options.scopeOf ?? scopeOf,
        mayDial: (scope) => this.#mayDial(scope),
      },
      AbortSignal.any([signal, this.#closing.signal]),
    )
    if (result.status === 200) return result
    const reason = result.status >= 400 && result.status < 500 ? failureReasonOf(result.body) : undefined
    if (reason !== undefined) throw new TrackerError('TRACKER_REFUSED', reason)
    throw new TrackerError('TRACKER_HTTP_STATUS', `HTTP status ${result.status}`)
  }

  #mayDial(scope: AddressScope): boolean {
    if (scope === 'unusable') return false
    if (scope === 'public' || this.#options.isUserNamed === true) return true
    return this.#url.pathname.startsWith('/announce')
  }
}
