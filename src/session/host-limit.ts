/** How many datagrams are looked at in a second, of one host and of all together: the others are dropped unread. Pure. */

const SECOND_MS = 1_000
const MAX_OF_HOST = 20
const MAX_OF_ALL = 1_000

export class HostLimit {
  readonly #perHost = new Map<string, number>()
  #total = 0
  #startMs = -Infinity

  /** One more of this host. @returns false when it is one too many */
  take(host: string, nowMs: number): boolean {
    if (nowMs - this.#startMs >= SECOND_MS) {
      this.#startMs = nowMs
      this.#total = 0
      this.#perHost.clear()
    }
    const count = this.#perHost.get(host) ?? 0
    if (count >= MAX_OF_HOST || this.#total >= MAX_OF_ALL) return false
    this.#perHost.set(host, count + 1)
    this.#total++
    return true
  }
}
