/**
 * What to do about a full disk: nothing for a while (`--disk-wait`), so that room can be made. The first failure says so
 * and begins the wait; what failed is tried again every two seconds; the first success ends it.
 */
import type { Clock } from '../common/clock.ts'
import { sleep } from '../common/clock.ts'
import { StorageError } from '../common/errors.ts'

const RETRY_MS = 2_000

export interface DiskWaitOptions {
  readonly clock: Clock
  /** 0: never. */
  readonly limitMs: number
  /** Gets sentences for the user. */
  readonly onNotice: (message: string) => void
}

export class DiskWait {
  readonly #options: DiskWaitOptions
  readonly #ending = new AbortController()
  #fullSinceMs: number | undefined

  constructor(options: DiskWaitOptions) {
    this.#options = options
  }

  /** Is it a full disk, and still time to wait for room? */
  canWaitFor(error: unknown): error is StorageError {
    if (!(error instanceof StorageError) || error.code !== 'DISK_FULL') return false
    const { clock, limitMs } = this.#options
    const waitedMs = this.#fullSinceMs === undefined ? 0 : clock.now() - this.#fullSinceMs
    return waitedMs < limitMs && !this.#ending.signal.aborted
  }

  /** Waits before the next try. @param error for which it can be waited @throws it, when the wait was ended */
  async wait(error: StorageError): Promise<void> {
    const { clock, limitMs } = this.#options
    const leftMs = this.onFull(error) + limitMs - clock.now()
    await sleep(clock, Math.min(RETRY_MS, leftMs), this.#ending.signal)
    if (this.#ending.signal.aborted) throw error
  }

  /** Something could not be written. @returns since when the disk is full */
  onFull(error: StorageError): number {
    const { clock, limitMs, onNotice } = this.#options
    if (this.#fullSinceMs === undefined) {
      this.#fullSinceMs = clock.now()
      onNotice(`${error.message}; waiting up to ${formatMs(limitMs)} for room`)
    }
    return this.#fullSinceMs
  }

  /** Something was written. */
  onWritten(): void {
    if (this.#fullSinceMs === undefined) return
    this.#fullSinceMs = undefined
    this.#options.onNotice('there is room on the disk again: going on')
  }

  /** Runs it until it does not fail for want of room. Rejects as it does, or when the time is up. */
  async retry<T>(run: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        const result = await run()
        this.onWritten()
        return result
      } catch (error) {
        if (!this.canWaitFor(error)) throw error
        await this.wait(error)
      }
    }
  }

  /** Nobody waits any more. */
  end(): void {
    this.#ending.abort()
  }
}

function formatMs(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 360) / 10} h`
}
