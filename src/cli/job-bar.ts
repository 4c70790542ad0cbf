/** What the bar of one torrent says right now. Figures that would flicker stay as they are for a second. */
import type { TorrentSnapshot } from '../torrent/snapshot.ts'
import type { BarRow } from './bar-line.ts'
import { BarName } from './bar-name.ts'
import { steadyText } from './text-width.ts'
import type { SeedFigures } from './seed-goal.ts'
import { seedingNotes } from './seeding-notes.ts'
import type { JobView } from './view.ts'
import { barReasons, describePeers, isStalled } from './why-idle.ts'

/** More would be cut anyhow, over and over. */
const MAX_NAME_CHARACTERS = 256

const RANKS: Readonly<Record<BarRow['state'], number>> = {
  moving: 0,
  checking: 0,
  connecting: 1,
  stalled: 2,
  seeding: 3,
}

interface Figures {
  /** Whole seconds of the clock. */
  readonly second: number
  readonly bytesPerSecond: number
  readonly etaSeconds: number | undefined
  /** Undefined unless it seeds. */
  readonly seeding?: SeedFigures | undefined
}

export class JobBar {
  readonly job: JobView
  readonly #name: BarName
  #snapshot: TorrentSnapshot
  #figures: Figures = { second: -1, bytesPerSecond: 0, etaSeconds: undefined }
  /** When the first byte of existing data was checked: the engine does not measure this rate. */
  #checksSinceMs: number | undefined

  /** @param clean makes foreign text safe to print */
  constructor(job: JobView, clean: (text: string) => string) {
    this.job = job
    this.#name = new BarName(steadyText(clean(job.metainfo.name.slice(0, MAX_NAME_CHARACTERS))))
    this.#snapshot = job.snapshot()
  }

  /** As of the last refresh. */
  get snapshot(): TorrentSnapshot {
    return this.#snapshot
  }

  /** Looks at the torrent anew. */
  refresh(nowMs: number): void {
    this.#snapshot = this.job.snapshot()
    const second = Math.floor(nowMs / 1000)
    if (second === this.#figures.second) return
    const { state, downloadBytesPerSecond, uploadBytesPerSecond, etaSeconds } = this.#snapshot
    const seeding = this.job.seeding?.()
    if (seeding !== undefined)
      this.#figures = { second, bytesPerSecond: uploadBytesPerSecond, etaSeconds: undefined, seeding }
    else if (state === 'checking') this.#figures = { second, ...this.#checkingFigures(nowMs) }
    else this.#figures = { second, bytesPerSecond: downloadBytesPerSecond, etaSeconds }
  }

  /** Figures of another state say nothing. */
  onState(): void {
    this.#figures = { second: -1, bytesPerSecond: 0, etaSeconds: undefined }
  }

  /** The lower the more telling, when there is not room for all. */
  get rank(): number {
    return RANKS[this.state]
  }

  get state(): BarRow['state'] {
    const { state, peers, downloadBytesPerSecond } = this.#snapshot
    if (this.#figures.seeding !== undefined) return 'seeding'
    if (state === 'checking') return 'checking'
    if (state !== 'downloading' || downloadBytesPerSecond > 0) return 'moving'
    if (isStalled(this.#snapshot)) return 'stalled'
    return peers.connected === 0 ? 'connecting' : 'moving'
  }

  get row(): BarRow {
    const { state } = this
    const { bytesToCheck, checkedBytes, doneBytes, totalBytes, peers } = this.#snapshot
    const { bytesPerSecond, etaSeconds } = this.#figures
    const isChecking = state === 'checking' && bytesToCheck > 0
    return {
      name: this.#name,
      state,
      doneBytes: isChecking ? checkedBytes : doneBytes,
      totalBytes: isChecking ? bytesToCheck : totalBytes,
      bytesPerSecond,
      peerCount: peers.connected,
      etaSeconds,
      notes: this.#notes(state),
    }
  }

  #notes(state: BarRow['state']): readonly string[] {
    const { bytesToCheck, peers } = this.#snapshot
    const { seeding, bytesPerSecond } = this.#figures
    if (seeding !== undefined) return seedingNotes(seeding, bytesPerSecond, peers)
    if (state === 'checking') return bytesToCheck > 0 ? [] : ['checking what is there', 'checking']
    if (state === 'stalled') {
      const [reason, brief] = barReasons(this.#snapshot)
      return [`stalled: ${reason}`, `stalled: ${brief}`, 'stalled']
    }
    if (state === 'moving') return []
    return peers.known === 0 ? ['looking for peers'] : [describePeers(peers), 'connecting']
  }

  #checkingFigures(nowMs: number): Omit<Figures, 'second'> {
    const { checkedBytes, bytesToCheck } = this.#snapshot
    if (checkedBytes > 0) this.#checksSinceMs ??= nowMs
    const elapsedMs = nowMs - (this.#checksSinceMs ?? nowMs)
    if (elapsedMs <= 0) return { bytesPerSecond: 0, etaSeconds: undefined }
    const bytesPerSecond = (checkedBytes * 1000) / elapsedMs
    return { bytesPerSecond, etaSeconds: (bytesToCheck - checkedBytes) / bytesPerSecond }
  }
}
