/** A UDP tracker (BEP 15, 41): names to addresses, one link an address, the answer of the first that gives one. */
import { scopeOf } from '../common/address-scope.ts'
import type { Clock } from '../common/clock.ts'
import { LocalAddresses } from '../common/local-addresses.ts'
import { TrackerError } from '../common/errors.ts'
import { raceAddresses } from './race-addresses.ts'
import { resolveWithin, resolveWithSystem, type ResolveHost } from './resolve-host.ts'
import { hostOf, parseTrackerUrl } from './tracker-url.ts'
import type { AnnounceRequest, AnnounceResponse, ScrapeResponse, Tracker } from './tracker.ts'
import {
  readAnnounceResponse,
  readScrapeResponse,
  writeAnnounceRequest,
  writeScrapeRequest,
  type UdpFamily,
} from './udp-codec.ts'
import { uint64 } from './uint64.ts'
import type { UdpParts, UdpRequest } from './udp-link.ts'
import { UdpLinks } from './udp-links.ts'

export interface UdpTrackerOptions extends Partial<UdpParts> {
  readonly resolve?: ResolveHost
  /** From which addresses it is asked (those of `links` decide which one is used); default: any. */
  readonly local?: LocalAddresses
  /** The session's; without them it has its own. */
  readonly links?: UdpLinks
}

const DEFAULT_PORT = 80

export class UdpTracker implements Tracker {
  readonly url: string
  readonly #host: string
  readonly #port: number
  readonly #urlData: string
  readonly #resolve: ResolveHost
  readonly #local: LocalAddresses
  readonly #links: UdpLinks
  /** Closed with the tracker; those of a session are not. */
  readonly #ownLinks: UdpLinks | undefined
  /** The address that answered last; asked first the next time. */
  #goodAddress: string | undefined
  readonly #closing = new AbortController()

  /** @throws TrackerError TRACKER_URL_INVALID, TRACKER_URL_UNSUPPORTED */
  constructor(url: string, options: UdpTrackerOptions = {}) {
    const parsed = parseTrackerUrl(url)
    this.url = url
    this.#host = hostOf(parsed)
    this.#port = parsed.port === '' ? DEFAULT_PORT : Number(parsed.port)
    this.#urlData = urlDataOf(parsed)
    this.#resolve = options.resolve ?? resolveWithSystem
    this.#local = options.local ?? LocalAddresses.any
    this.#links = options.links ?? new UdpLinks(options)
    this.#ownLinks = options.links === undefined ? this.#links : undefined
  }

  async announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResponse> {
    // The add-on behind the counters takes some milliseconds to load: better while the connect packet travels.
    setImmediate(uint64)
    return this.#ask(
      (family) => ({
        write: (ids) => writeAnnounceRequest(ids, request, this.#urlData),
        read: (packet) => readAnnounceResponse(packet, family),
      }),
      (answer, address) => ({
        ...answer,
        minIntervalSeconds: undefined,
        warning: undefined,
        scope: scopeOf(address),
      }),
      signal,
    )
  }

  async scrape(infoHash: Buffer, signal: AbortSignal): Promise<ScrapeResponse> {
    return this.#ask(
      () => ({ write: (ids) => writeScrapeRequest(ids, infoHash), read: readScrapeResponse }),
      (answer) => answer,
      signal,
    )
  }

  close(): void {
    this.#closing.abort()
    this.#ownLinks?.close()
  }

  async #ask<A, T>(
    requestFor: (family: UdpFamily) => UdpRequest<A>,
    finish: (answer: A, address: string) => T,
    signal: AbortSignal,
  ): Promise<T> {
    const limits = { clock: this.#links.clock, signal: AbortSignal.any([signal, this.#closing.signal]) }
    const addresses = await this.#addresses(limits)
    return raceAddresses(
      addresses,
      async (address, raceSignal) => {
        const family = address.includes(':') ? 'v6' : 'v4'
        const link = this.#links.to({ host: address, port: this.#port })
        const answer = await link.ask(requestFor(family), raceSignal)
        this.#goodAddress = address
        return finish(answer, address)
      },
      limits,
    )
  }

  async #addresses(limits: { clock: Clock; signal: AbortSignal }): Promise<readonly string[]> {
    const found = await resolveWithin(this.#host, {
      resolve: this.#resolve,
      local: this.#local,
      ...limits,
    })
    const usable = found.filter((address) => scopeOf(address) !== 'unusable')
    if (usable.length === 0) {
      throw new TrackerError(
        'TRACKER_ADDRESS_REFUSED',
        `${this.#host} is at ${String(found[0])}, which is no host's address`,
      )
    }
    const good = this.#goodAddress
    if (good === undefined || !usable.includes(good)) return usable
    return [good, ...usable.filter((address) => address !== good)]
  }
}

/** BEP 41: path and query, unless they are the plain ones that every tracker expects. */
function urlDataOf(url: URL): string {
  const hasPlainPath = url.pathname === '' || url.pathname === '/' || url.pathname === '/announce'
  return hasPlainPath && url.search === '' ? '' : url.pathname + url.search
}
