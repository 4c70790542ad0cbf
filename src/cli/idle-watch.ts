/**
 * Decides when to say why a torrent does not move: after 30 s of nothing, then every 30 s. When many stand still, a few
 * of them at a time, those first of which was said nothing for longest.
 */
import type { Clock } from '../common/clock.ts'
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import { formatPercent, formatProgress } from './format.ts'
import type { JobView } from './view.ts'
import { whyIdle } from './why-idle.ts'

const IDLE_SECONDS = 30
/** In IDLE_SECONDS, of all torrents together. */
const MAX_SAID = 3

interface Said {
  readonly job: JobView
  readonly atMs: number
}

export class IdleWatch {
  readonly #clock: Clock
  /** The oldest first. */
  #said: Said[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of whom to say why now. @param running each with a snapshot of this moment */
  due(running: Iterable<readonly [JobView, TorrentSnapshot]>): TorrentSnapshot[] {
    const idle = new Map([...running].filter(([, snapshot]) => isIdle(snapshot)))
    this.#said = this.#said.filter(({ job }) => idle.has(job))
    const now = this.#clock.now()
    const room = MAX_SAID - this.#said.filter(({ atMs }) => now - atMs < IDLE_SECONDS * 1000).length
    const saidAtMs = new Map(this.#said.map(({ job, atMs }) => [job, atMs]))
    const due = [...idle.keys()]
      .filter((job) => now - (saidAtMs.get(job) ?? -Infinity) >= IDLE_SECONDS * 1000)
      .toSorted((a, b) => (saidAtMs.get(a) ?? -Infinity) - (saidAtMs.get(b) ?? -Infinity) || 0)
      .slice(0, Math.max(0, room))
    const fresh = new Set(due)
    this.#said = [
      ...this.#said.filter(({ job }) => !fresh.has(job)),
      ...due.map((job) => ({ job, atMs: now })),
    ]
    return [...idle].flatMap(([job, snapshot]) => (fresh.has(job) ? [snapshot] : []))
  }
}

function isIdle({ state, idleSeconds }: TorrentSnapshot): boolean {
  return state === 'downloading' && idleSeconds >= IDLE_SECONDS
}

/** `linux-12.iso  58% 368.2/631.0 MiB, 0 B/s for 30 s: 3 peers, all choking; ...`. Holds foreign text. */
export function idleText(snapshot: TorrentSnapshot): string {
  const { name, doneBytes, totalBytes, idleSeconds } = snapshot
  const progress = `${formatPercent(doneBytes, totalBytes)} ${formatProgress(doneBytes, totalBytes)}`
  return `${name}  ${progress}, 0 B/s for ${Math.floor(idleSeconds)} s: ${whyIdle(snapshot)}`
}
