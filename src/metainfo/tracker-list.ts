/**
 * The addresses a .torrent names: trackers in tiers (BEP 3 `announce`, BEP 12 `announce-list`) and web seeds (BEP 19
 * `url-list`). A bad address never spoils a torrent: it is left out with a notice.
 */
import { asList, asText, decode } from '../bencode/codec.ts'
import { BencodeError } from '../bencode/check.ts'
import type { BencodeView } from '../bencode/view.ts'
import type { Notices } from './notices.ts'

/** Distinct trackers, and web seeds, that are kept. */
export const MAX_ADDRESSES = 200
export const MAX_URL_LENGTH = 2048
/** An address list with more values than this is no address list. */
const MAX_LIST_VALUES = 100_000

type Fields = ReadonlyMap<string, BencodeView>

/**
 * BEP 12: `announce-list` wins over `announce` whenever it has an address that can be used. Order within tiers is
 * kept; shuffling is up to the announcer. No tier is empty, no address is there twice.
 */
export function readTrackerTiers(top: Fields, notices: Notices): string[][] {
  const picker = new AddressPicker(['http', 'https', 'udp'], 'tracker', notices)
  const tiers: string[][] = []
  for (const tier of readList(top.get('announce-list'), 'announce-list', notices)) {
    const usable = (asList(tier) ?? [tier]).map((url) => picker.pick(url)).filter((url) => url !== undefined)
    if (usable.length > 0) tiers.push(usable)
  }
  if (tiers.length > 0) return tiers
  const announce = top.get('announce')
  const url = announce === undefined ? undefined : picker.pick(announce.asBytes())
  return url === undefined ? [] : [[url]]
}

/** `url-list` as a string or a list; the addresses as they are. */
export function readWebSeeds(top: Fields, notices: Notices): string[] {
  const view = top.get('url-list')
  const picker = new AddressPicker(['http', 'https'], 'web seed', notices)
  const list = view?.kind === 'string' ? [view.asBytes()] : readList(view, 'url-list', notices)
  return list.map((url) => picker.pick(url)).filter((url) => url !== undefined)
}

function readList(view: BencodeView | undefined, field: string, notices: Notices): readonly unknown[] {
  if (view === undefined || (view.kind === 'string' && view.asBytes()?.length === 0)) return []
  try {
    const list = asList(decode(view.raw, { maxValues: MAX_LIST_VALUES }))
    if (list !== undefined) return list
    notices.add(`${field} left out`, `it is ${view.describe()}`)
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error
    notices.add(`${field} left out`, error.message)
  }
  return []
}

/** Percent-encodes what no address may hold (controls, spaces inside), so that it cannot break a request line. */
function withoutControls(url: string): string {
  return /[\p{Cc} ]/u.test(url) && URL.canParse(url) ? new URL(url).href : url
}

/** Decides address by address which are kept: text, a known scheme, a host, not seen before, not too many. */
class AddressPicker {
  readonly #schemes: readonly string[]
  readonly #what: string
  readonly #notices: Notices
  readonly #seen = new Set<string>()

  constructor(schemes: readonly string[], what: string, notices: Notices) {
    this.#schemes = schemes
    this.#what = what
    this.#notices = notices
  }

  pick(value: unknown): string | undefined {
    const text = asText(value)
    if (text === undefined) {
      this.#notices.add(`${this.#what} left out, its address is no text`)
      return undefined
    }
    const url = withoutControls(text.trim())
    if (url === '' || this.#seen.has(url)) return undefined
    if (!this.#isUsable(url)) {
      this.#notices.add(`${this.#what} left out, only ${this.#schemes.join(', ')} addresses are used`, url)
      return undefined
    }
    if (this.#seen.size === MAX_ADDRESSES) {
      this.#notices.add(`${this.#what} left out, more than ${MAX_ADDRESSES} are there`, url)
      return undefined
    }
    this.#seen.add(url)
    return url
  }

  #isUsable(url: string): boolean {
    if (url.length > MAX_URL_LENGTH || !URL.canParse(url)) return false
    const { protocol, hostname } = new URL(url)
    return this.#schemes.includes(protocol.slice(0, -1)) && hostname !== ''
  }
}
