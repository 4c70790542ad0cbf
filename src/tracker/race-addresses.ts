/** Several addresses of one tracker: the next is tried when one fails, or in addition when it keeps us waiting. */
import type { Clock } from '../common/clock.ts'
import { TrackerError } from '../common/errors.ts'
import { aborted } from './tracker-url.ts'

/** How long one address has before the next is asked as well. */
const NEXT_ADDRESS_AFTER_MS = 5000

/** Asks one address; must reject soon after `signal` aborts. */
export type AskAddress<T> = (address: string, signal: AbortSignal) => Promise<T>

/**
 * The first answer; the other attempts are aborted. A refusal (TRACKER_REFUSED) is an answer too.
 * @param addresses at least one
 * @throws TrackerError of the address that failed last; TRACKER_ABORTED
 */
export async function raceAddresses<T>(
  addresses: readonly string[],
  ask: AskAddress<T>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<T> {
  const [first] = addresses
  if (signal.aborted || first === undefined) throw aborted()
  if (addresses.length === 1) return ask(first, signal)
  return new Promise<T>((resolve, reject) => {
    new Race(addresses, ask, { clock, signal, resolve, reject }).startNext()
  })
}

interface RaceParts<T> {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly resolve: (answer: T) => void
  readonly reject: (error: Error) => void
}

class Race<T> {
  readonly #addresses: readonly string[]
  readonly #ask: AskAddress<T>
  readonly #parts: RaceParts<T>
  readonly #losers = new AbortController()
  #started = 0
  #failed = 0
  #cancelTimer: () => void = () => undefined

  constructor(addresses: readonly string[], ask: AskAddress<T>, parts: RaceParts<T>) {
    this.#addresses = addresses
    this.#ask = ask
    this.#parts = parts
    parts.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  readonly startNext = (): void => {
    this.#cancelTimer()
    const address = this.#addresses[this.#started]
    if (address === undefined) return
    this.#started += 1
    if (this.#started < this.#addresses.length) {
      this.#cancelTimer = this.#parts.clock.after(NEXT_ADDRESS_AFTER_MS, this.startNext)
    }
    this.#ask(address, this.#losers.signal).then(
      (answer) => {
        this.#end()
        this.#parts.resolve(answer)
      },
      (error: unknown) => {
        this.#onFailure(error instanceof Error ? error : new Error(String(error)))
      },
    )
  }

  #onFailure(error: Error): void {
    this.#failed += 1
    const isRefusal = error instanceof TrackerError && error.code === 'TRACKER_REFUSED'
    if (isRefusal || this.#failed === this.#addresses.length) {
      this.#end()
      this.#parts.reject(error)
    } else if (!this.#losers.signal.aborted) {
      this.startNext()
    }
  }

  readonly #onAbort = (): void => {
    this.#end()
    this.#parts.reject(aborted())
  }

  #end(): void {
    this.#cancelTimer()
    this.#parts.signal.removeEventListener('abort', this.#onAbort)
    this.#losers.abort()
  }
}
