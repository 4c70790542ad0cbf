/**
 * The torrents that a run has met, so that one that is given twice is downloaded once. The same torrent with other
 * options (another directory, say) is other work: it has its turn when the first has ended.
 */
import { maskSource } from '../tracker/mask-url.ts'
import type { QueuedSource } from './source-queue.ts'
import type { JobResult } from './view.ts'

/** Older ones are forgotten when they have ended. One that comes again then is found to be there already. */
const MAX_ENDED = 10_000

/** What is kept of the result of a torrent for those that are given again. */
export type SharedResult = Pick<JobResult, 'source' | 'outcome' | 'code' | 'error'>

export interface KnownTorrent {
  readonly source: string
  readonly options: string
  /** Given again before there was a result. */
  duplicates: QueuedSource[]
  result: SharedResult | undefined
  /** Resolves when everything of it is closed. */
  readonly ended: Promise<void>
  readonly end: () => void
  isEnded: boolean
  /** Resolves when it begins to seed: that may have no end. */
  readonly seedingBegun: Promise<void>
  readonly onSeeding: () => void
  isSeeding: boolean
}

export class KnownTorrents {
  /** By info-hash, in the order they began. */
  readonly #torrents = new Map<string, KnownTorrent>()

  find(infoHash: string): KnownTorrent | undefined {
    return this.#torrents.get(infoHash)
  }

  add(infoHash: string, { source, optionLines }: QueuedSource): KnownTorrent {
    const { ended, resolve } = makeEnd()
    const seeding = makeEnd()
    const torrent: KnownTorrent = {
      source: maskSource(source),
      options: optionText(optionLines),
      duplicates: [],
      result: undefined,
      ended,
      end: () => {
        torrent.isEnded = true
        resolve()
      },
      isEnded: false,
      seedingBegun: seeding.ended,
      onSeeding: () => {
        torrent.isSeeding = true
        seeding.resolve()
      },
      isSeeding: false,
    }
    this.#torrents.delete(infoHash) // to the end of the order
    this.#torrents.set(infoHash, torrent)
    if (this.#torrents.size > MAX_ENDED) this.#forgetOne()
    return torrent
  }

  #forgetOne(): void {
    for (const [infoHash, { isEnded }] of this.#torrents) {
      if (!isEnded) continue
      this.#torrents.delete(infoHash)
      return
    }
  }
}

/** Is this the same work, not only the same torrent? */
export function asksTheSame(torrent: KnownTorrent, { optionLines }: QueuedSource): boolean {
  return torrent.options === optionText(optionLines)
}

/** Of one that was given again. */
export function duplicateResult({ source }: QueuedSource, first: SharedResult): JobResult {
  const nothing = { job: undefined, snapshot: undefined, seconds: 0 }
  return {
    source: maskSource(source),
    outcome: first.outcome,
    code: first.code,
    error: first.error,
    ...nothing,
    duplicateOf: first.source,
  }
}

function optionText(lines: readonly string[]): string {
  return lines.join('\n')
}

function makeEnd(): { ended: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined
  const ended = new Promise<void>((resolveEnd) => {
    resolve = resolveEnd
  })
  return { ended, resolve }
}
