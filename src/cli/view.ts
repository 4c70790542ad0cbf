/** What the download command tells those who show it: bars, plain lines, events. They pull numbers by snapshot(). */
import type { KnownError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { StopSignal } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'

/** One torrent on its way. */
export interface JobView {
  /** As typed; foreign text to whoever prints it. */
  readonly source: string
  readonly metainfo: Metainfo
  /** 40 hex digits */
  readonly infoHash: string
  /** Where it will lie, relative or absolute as the user gave the output directory. */
  readonly path: string
  snapshot(): TorrentSnapshot
}

/** How one source ended. */
export interface JobResult {
  readonly source: string
  readonly outcome: 'complete' | 'failed' | 'stopped'
  /** Exit code of this item alone. */
  readonly code: number
  /** Why it failed. */
  readonly error: KnownError | undefined
  /** undefined when it never became a torrent. */
  readonly job: JobView | undefined
  /** The last one. */
  readonly snapshot: TorrentSnapshot | undefined
  /** Spent downloading (without the check of existing data), in seconds. */
  readonly seconds: number
}

/** How the whole command ended. */
export interface RunSummary {
  readonly code: number
  readonly signal: StopSignal | undefined
  /** In the order of the sources. */
  readonly results: readonly JobResult[]
}

/** Calls are synchronous and do not throw. */
export interface DownloadView {
  onStart(job: JobView): void
  onState(job: JobView, state: TorrentState): void
  onTracker(job: JobView, status: TrackerStatus): void
  /** This file is whole under its final name. */
  onFile(job: JobView, file: number): void
  /** A sentence with foreign text inside. @param job undefined: about the whole run */
  onWarning(job: JobView | undefined, message: string): void
  /** Once a second. */
  onTick(): void
  onResult(result: JobResult): void
  /** After everything is saved; nothing follows. */
  onEnd(summary: RunSummary): void
}

/** A view for programs, that is told more. */
export interface EventView extends DownloadView {
  /** The command of `--on-complete` or `--on-error` has ended; comes after `onResult`. */
  onHook(result: JobResult, report: HookReport): void
  /** Instead of `onEnd`: something ended the run that is not the fault of a source. @param results of those that ended */
  onAbort(error: unknown, results: readonly JobResult[]): void
  /** Resolves when all that was told is written, or nobody is left to read it. */
  written(): Promise<void>
}

/** A view for eyes, on stderr. */
export interface Screen extends DownloadView {
  /** One line, clean already; above the bars when there are any. */
  line(text: string): void
  /** Leaves the terminal as it was found. Calling it again does nothing. */
  close(): void
}
