/** `torrent-dl serve PATH`: one run, from the first hash to the reason why it ended. */
import type { Clock } from '../../common/clock.ts'
import { messageOf, SourceError } from '../../common/errors.ts'
import type { Serve, ServeObserver } from '../../share/serve.ts'
import { Ending } from '../ending.ts'
import { EXIT, exitCodeOf, SIGNAL_EXIT } from '../exit-codes.ts'
import type { StopSignal } from '../exit-codes.ts'
import { formatLimit } from '../format.ts'

const TICK_MS = 1000

/** Where it shows; serve-view.ts has the real ones. */
export interface ServeView {
  onHashed(doneBytes: number, totalBytes: number): void
  onListening(serve: Serve): void
  /** @param count so far @param of how many, when it ends with that many */
  onCompleted(count: number, of: number | undefined): void
  onTick(serve: Serve, count: number): void
  onWarning(message: string): void
  onEnd(end: ServeEnd): void
  /** It failed; whoever called prints why. */
  onAbort(end: ServeEnd): void
}

export interface ServeEnd {
  readonly code: number
  readonly signal: StopSignal | undefined
  /** Of the time limit, or of what failed. */
  readonly error: Error | undefined
  readonly completedCount: number
  readonly uploadedBytes: number
  readonly totalBytes: number
  readonly seconds: number
}

export interface ServeParts {
  readonly open: (observer: ServeObserver, signal: AbortSignal) => Promise<Serve>
  readonly clock: Clock
  readonly view: ServeView
  readonly watchSignals: (onStop: (signal: StopSignal) => void) => () => void
  readonly untilCompleted: number | undefined
  readonly expireMs: number | undefined
}

type Reason =
  { readonly kind: 'completed' | 'expired' } | { readonly signal: StopSignal } | { readonly error: Error }

/** @returns the exit code @throws what opening throws, and what ended the seeder */
export async function serve(parts: ServeParts): Promise<number> {
  return await new ServeRun(parts).finish()
}

class ServeRun {
  readonly #parts: ServeParts
  readonly #ending = new Ending()
  readonly #startMs: number
  #reason: Reason | undefined
  #serving: Serve | undefined
  #count = 0

  constructor(parts: ServeParts) {
    this.#parts = parts
    this.#startMs = parts.clock.now()
  }

  async finish(): Promise<number> {
    const { clock, watchSignals, expireMs } = this.#parts
    const endSignals = watchSignals((signal) => {
      this.#end({ signal })
    })
    const cancelExpiry =
      expireMs === undefined
        ? undefined
        : clock.after(expireMs, () => {
            this.#end({ kind: 'expired' })
          })
    try {
      return await this.#run()
    } catch (error) {
      this.#parts.view.onAbort(this.#endOf({ code: exitCodeOf(error), error: errorOf(error) }))
      throw error
    } finally {
      cancelExpiry?.()
      endSignals()
    }
  }

  async #run(): Promise<number> {
    const { clock, view } = this.#parts
    const serving = await this.#open()
    if (serving === undefined) return this.#tell()
    this.#serving = serving
    try {
      view.onListening(serving)
      const tick = (): void => {
        this.#onCount(serving)
        view.onTick(serving, this.#count)
      }
      const cancel = clock.every(TICK_MS, tick)
      this.#onCount(serving)
      await this.#ending.before(new Promise<never>(() => undefined))
      cancel()
      return this.#tell()
    } finally {
      await serving.close()
    }
  }

  /** @returns undefined when the run ended first */
  async #open(): Promise<Serve | undefined> {
    const { open, view } = this.#parts
    let opened: Serve | undefined
    const observer: ServeObserver = {
      onHashed: (done, total) => {
        view.onHashed(done, total)
      },
      onWarning: (message) => {
        view.onWarning(message)
      },
      onCompleted: () => {
        if (opened !== undefined) this.#onCount(opened)
      },
      onFailed: (error) => {
        if (opened !== undefined) this.#end({ error }) // before, `open` rejects with it
      },
    }
    try {
      opened = await open(observer, this.#ending.signal)
      return opened
    } catch (error) {
      if (this.#ending.isOver()) return undefined
      throw error
    }
  }

  #onCount(serving: Serve): void {
    const { untilCompleted, view } = this.#parts
    const count = serving.completedCount
    if (count <= this.#count) return
    this.#count = count
    view.onCompleted(count, untilCompleted)
    if (count >= (untilCompleted ?? Infinity)) this.#end({ kind: 'completed' })
  }

  #end(reason: Reason): void {
    this.#reason ??= reason
    this.#ending.end()
  }

  #tell(): number {
    const { view } = this.#parts
    const reason = this.#reason ?? { kind: 'completed' }
    const error = this.#errorOf(reason)
    const signal = 'signal' in reason ? reason.signal : undefined
    if ('error' in reason) throw reason.error
    const code = signal === undefined ? (error === undefined ? EXIT.ok : EXIT.limit) : SIGNAL_EXIT[signal]
    view.onEnd(this.#endOf({ code, signal, error }))
    return code
  }

  #endOf({ code, signal, error }: Pick<ServeEnd, 'code' | 'error'> & Partial<ServeEnd>): ServeEnd {
    return {
      ...{ code, signal, error, completedCount: this.#count },
      uploadedBytes: this.#serving?.snapshot().uploadedBytes ?? 0,
      totalBytes: this.#serving?.metainfo.geometry.totalBytes ?? 0,
      seconds: (this.#parts.clock.now() - this.#startMs) / 1000,
    }
  }

  /** To expire is the plan, unless so many were to have it by then. */
  #errorOf(reason: Reason): Error | undefined {
    const { untilCompleted, expireMs = 0 } = this.#parts
    if (!('kind' in reason) || reason.kind !== 'expired' || untilCompleted === undefined) return undefined
    const message = `${this.#count} of ${untilCompleted} downloads were complete after ${formatLimit(expireMs)} (--expire)`
    return new SourceError('TIME_LIMIT', message)
  }
}

function errorOf(error: unknown): Error {
  return error instanceof Error ? error : new Error(messageOf(error))
}
