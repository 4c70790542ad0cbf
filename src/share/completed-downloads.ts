/** Which downloads have ended well, by what they tell the tracker. Pure. */
import type { ServedAnnounce } from '../tracker/tracker-server.ts'

/** More downloads than this are not told from one another; of more unfinished ones the oldest are forgotten. */
const MAX_COMPLETED = 1_000_000
const MAX_UNFINISHED = 100_000

export class CompletedDownloads {
  /** Peer ids, a character each byte. */
  readonly #completed = new Set<string>()
  readonly #unfinished = new Set<string>()

  get count(): number {
    return this.#completed.size
  }

  /**
   * Complete is who says so, and who lacked something and lacks nothing now: aria2 with `--seed-time=0` only says
   * `stopped`, with nothing left.
   * @returns whether this is one more
   */
  add({ event, peerId, leftBytes }: Pick<ServedAnnounce, 'event' | 'peerId' | 'leftBytes'>): boolean {
    const key = peerId.toString('latin1')
    if (event !== 'completed' && leftBytes > 0) {
      this.#remember(key)
      return false
    }
    const isDone = this.#unfinished.delete(key) || event === 'completed'
    if (!isDone || this.#completed.has(key) || this.#completed.size >= MAX_COMPLETED) return false
    this.#completed.add(key)
    return true
  }

  #remember(key: string): void {
    const [oldest] = this.#unfinished
    if (this.#unfinished.size >= MAX_UNFINISHED && oldest !== undefined) this.#unfinished.delete(oldest)
    this.#unfinished.add(key)
  }
}
