/**
 * From which of our own addresses we talk and listen, by family: all of them, one family alone (`-4`, `-6`), or those
 * of one interface. Nothing may leave by another: whoever opens a socket asks here first.
 */

/** IP literals; `0.0.0.0` and `::` let the system choose, undefined: this family is not used. */
export interface OwnAddresses {
  readonly v4?: string | undefined
  readonly v6?: string | undefined
  /** Why a family is not used, for messages: `IPv6 is off (-4)`. */
  readonly reason?: string
}

const ANY_V4 = '0.0.0.0'
const ANY_V6 = '::'
/** IPv4 in IPv6's clothes: the system sends IPv4. */
const MAPPED = /^(::|0:0:0:0:0:)ffff:/i

export class LocalAddresses {
  readonly #v4: string | undefined
  readonly #v6: string | undefined
  /** Why a family is not used. */
  readonly reason: string

  constructor({ v4, v6, reason = 'its family is not used' }: OwnAddresses) {
    this.#v4 = v4
    this.#v6 = v6
    this.reason = reason
  }

  /** No address in particular. */
  static readonly any = new LocalAddresses({ v4: ANY_V4, v6: ANY_V6 })

  /** May we talk to this address? @param host an IP literal */
  reaches(host: string): boolean {
    return this.#of(host) !== undefined
  }

  /** The address to talk to `host` from; undefined: whichever the system takes. */
  toward(host: string): string | undefined {
    const own = this.#of(host)
    return own === ANY_V4 || own === ANY_V6 ? undefined : own
  }

  /** Does a socket have to be bound to an address of ours before it talks? */
  get isBound(): boolean {
    return [this.#v4, this.#v6].some((own) => own !== undefined && own !== ANY_V4 && own !== ANY_V6)
  }

  /** Where to listen; undefined: everywhere, both families where the machine has both. */
  get listenHosts(): readonly string[] | undefined {
    if (this.#v4 === ANY_V4 && this.#v6 === ANY_V6) return undefined
    return [this.#v4, this.#v6].filter((own) => own !== undefined)
  }

  /** What to ask a resolver for; 0: both. */
  get family(): 0 | 4 | 6 {
    if (this.#v4 !== undefined && this.#v6 !== undefined) return 0
    return this.#v4 === undefined ? 6 : 4
  }

  #of(host: string): string | undefined {
    return host.includes(':') && !MAPPED.test(host) ? this.#v6 : this.#v4
  }
}
