/** `--peer` names -> addresses, each name once a run. */
import type { TorrentSettings } from '../session/settings.ts'
import type { HostAndPort } from './options.ts'

type Peers = TorrentSettings['peers']

/** A list may name a peer for each of a million sources. */
const MAX_REMEMBERED = 1000

export class NamedPeers {
  readonly #lookup: (name: string) => Promise<readonly string[]>
  readonly #warn: (message: string) => void
  readonly #found = new Map<string, Promise<Peers>>()

  /** @param lookup all addresses of a name; rejects with a sentence @param warn told of names without any */
  constructor(lookup: (name: string) => Promise<readonly string[]>, warn: (message: string) => void) {
    this.#lookup = lookup
    this.#warn = warn
  }

  /** A name that cannot be resolved is told, once, and left out: others may do. */
  async resolve(peers: readonly HostAndPort[]): Promise<Peers> {
    const found = await Promise.all(peers.map(async (peer) => this.#resolveOne(peer)))
    return found.flat()
  }

  async #resolveOne({ host, port }: HostAndPort): Promise<Peers> {
    const key = `${host}:${port}`
    const known = this.#found.get(key)
    if (known !== undefined) return known
    if (this.#found.size >= MAX_REMEMBERED) this.#found.clear()
    const found = this.#ask({ host, port })
    this.#found.set(key, found)
    return found
  }

  async #ask({ host, port }: HostAndPort): Promise<Peers> {
    try {
      return (await this.#lookup(host)).map((address) => ({ host: address, port }))
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#warn(`--peer ${host}:${port}: ${reason}`)
      return []
    }
  }
}
