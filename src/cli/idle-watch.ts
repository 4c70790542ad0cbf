/** Decides when to say why a torrent does not move: after 30 s of nothing, then every 30 s. */
import type { Clock } from '../common/clock.ts'
import { formatPercent, formatProgress } from './format.ts'
import type { JobView } from './view.ts'
import { whyIdle } from './why-idle.ts'

const IDLE_SECONDS = 30

export class IdleWatch {
  readonly #clock: Clock
  readonly #saidAtMs = new WeakMap<JobView, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The sentence to print now, or undefined. Holds foreign text. */
  reason(job: JobView): string | undefined {
    const snapshot = job.snapshot()
    if (snapshot.state !== 'downloading' || snapshot.idleSeconds < IDLE_SECONDS) {
      this.#saidAtMs.delete(job)
      return undefined
    }
    const now = this.#clock.now()
    const saidAtMs = this.#saidAtMs.get(job)
    if (saidAtMs !== undefined && now - saidAtMs < IDLE_SECONDS * 1000) return undefined
    this.#saidAtMs.set(job, now)
    const { name, doneBytes, totalBytes, idleSeconds } = snapshot
    const progress = `${formatPercent(doneBytes, totalBytes)} ${formatProgress(doneBytes, totalBytes)}`
    return `${name}  ${progress}, 0 B/s for ${Math.floor(idleSeconds)} s: ${whyIdle(snapshot)}`
  }
}
