/**
 * What to do about a full disk: nothing for a while (`--disk-wait`), so that room can be made. The first failure says so
 * and begins the wait; what failed is tried again every two seconds; the first success ends it.
 */
import type { Clock } from '../common/clock.ts'
import { sleep, systemClock } from '../common/clock.ts'
import { StorageError } from '../common/errors.ts'

const RETRY_MS = 2_000

export interface DiskWaitOptions {
  /** Undefined: the system's. */
  readonly clock?: Clock | undefined
  /** Undefined: no wait. */
  readonly diskWaitMs?: number | undefined
}

export class DiskWait {
  readonly #clock: Clock
  readonly #limitMs: number
  readonly #onNotice: (message: string) => void
  readonly #ending = new AbortController()
  #fullSinceMs: number | undefined
  /** All who wait try again together. */
  #pause: Promise<void> | undefined

  /** @param onNotice gets sentences for the user */
  constructor({ clock = systemClock, diskWaitMs = 0 }: DiskWaitOptions, onNotice: (message: string) => void) {
    this.#clock = clock
    this.#limitMs = diskWaitMs
    this.#onNotice = onNotice
  }

  /** Is it a full disk, and still time to wait for room? */
  canWaitFor(error: unknown): error is StorageError {
    if (!(error instanceof StorageError) || error.code !== 'DISK_FULL') return false
    const waitedMs = this.#fullSinceMs === undefined ? 0 : this.#clock.now() - this.#fullSinceMs
    return waitedMs < this.#limitMs && !this.#ending.signal.aborted
  }

  /** Waits before the next try. @param error for which it can be waited @throws it, when the wait was ended */
  async wait(error: StorageError): Promise<void> {
    const leftMs = this.onFull(error) + this.#limitMs - this.#clock.now()
    this.#pause ??= sleep(this.#clock, Math.min(RETRY_MS, leftMs), this.#ending.signal).finally(() => {
      this.#pause = undefined
    })
    await this.#pause
    if (this.#ending.signal.aborted) throw error
  }

  /** Something could not be written. @returns since when the disk is full */
  onFull(error: StorageError): number {
    if (this.#fullSinceMs === undefined) {
      this.#fullSinceMs = this.#clock.now()
      this.#onNotice(`${error.message}; waiting up to ${formatMs(this.#limitMs)} for room`)
    }
    return this.#fullSinceMs
  }

  /** Something was written. */
  onWritten(): void {
    if (this.#fullSinceMs === undefined) return
    this.#fullSinceMs = undefined
    this.#onNotice('there is room on the disk again: going on')
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
