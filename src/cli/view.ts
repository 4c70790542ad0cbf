/** What the download command tells those who show it: bars, plain lines, events. They pull numbers by snapshot(). */
import type { KnownError } from '../common/errors.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { TorrentSnapshot, TorrentState } from '../torrent/snapshot.ts'
import type { TrackerStatus } from '../tracker/tracker.ts'
import type { SavedList } from './failed-list.ts'
import type { SeedFigures } from './seed-goal.ts'
import type { StopSignal } from './exit-codes.ts'
import type { HookReport } from './hook-report.ts'

/** One torrent on its way. */
export interface JobView {
  /** As typed; foreign text to whoever prints it. */
  readonly source: string
  readonly metainfo: Metainfo
  /** 40 hex digits */
  readonly infoHash: string
  /** Where it will lie, relative or absolute as the user gave the output directory; '' when nothing is kept. */
  readonly path: string
  /** What the same command does after an early end, when that is not to go on from there; '' when nothing is kept. */
  readonly goOn?: string
  /** `seed`: only what is there already is shared. */
  readonly onlySeeds?: boolean
  snapshot(): TorrentSnapshot
  /** Undefined unless it is whole and being shared. */
  seeding?(): SeedFigures | undefined
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
  /** Of one that was shared once it was whole: at the end of that. */
  readonly seeding?: SeedFigures | undefined
  /** The first source of this torrent, whose result this is. */
  readonly duplicateOf?: string
  /** Not even looked at: the run ended before its turn. */
  readonly isUntouched?: boolean
}

/** What is kept of a JobResult when the torrent is gone: plain values, foreign text in them. */
export interface ItemResult {
  readonly source: string
  readonly outcome: JobResult['outcome']
  readonly code: number
  readonly errorCode: string | undefined
  readonly message: string | undefined
  /** 40 hex digits; this, name, path and the bytes are undefined when it never became a torrent. */
  readonly infoHash: string | undefined
  readonly name: string | undefined
  readonly path: string | undefined
  readonly isDirectory: boolean | undefined
  /** The whole torrent, wanted or not. */
  readonly torrentBytes: number | undefined
  readonly doneBytes: number | undefined
  /** What was asked for. */
  readonly totalBytes: number | undefined
  /** Payload received in this run, waste included. */
  readonly receivedBytes: number | undefined
  readonly wastedBytes: number | undefined
  readonly uploadedBytes: number | undefined
  readonly seeding: SeedFigures | undefined
  /** That came in this run and were of use. */
  readonly downloadedBytes: number
  readonly seconds: number
  readonly duplicateOf: string | undefined
  readonly isUntouched: boolean
  /** What ran for it afterwards. */
  readonly hook?: HookReport | undefined
}

/** total = complete + failed + stopped + duplicates */
export interface RunCounts {
  readonly total: number
  readonly complete: number
  /** Of the complete ones: nothing had to be fetched. */
  readonly alreadyThere: number
  readonly failed: number
  readonly stopped: number
  /** Of the failed and stopped ones: the run ended before their turn. */
  readonly untouched: number
  readonly duplicates: number
  /** That came in this run and were of use. */
  readonly downloadedBytes: number
  /** Sent by those that were shared once they were whole. */
  readonly seededBytes: number
  /** How many these were. */
  readonly seeded: number
}

/** Sources so far: more may come unless these are all. */
export interface SourceCount {
  readonly known: number
  readonly isAll: boolean
}

/** How the whole command ended. */
export interface RunSummary {
  readonly code: number
  readonly signal: StopSignal | undefined
  readonly counts: RunCounts
  /** In the order of the sources. Of more than 10,000 that are done, or are not, the rest is only counted. */
  readonly results: readonly ItemResult[]
  /** Of the whole run. */
  readonly seconds: number
  /** Of a command that does not go on from there: see JobView.goOn. */
  readonly goOn?: string | undefined
  /** What `--failed-to` wrote, or could not. */
  readonly failedList: SavedList | undefined
}

/** A file was compared with a list of checksums. */
export interface ChecksumResult {
  /** Index into the torrent's files. */
  readonly file: number
  readonly algorithm: string
  /** Lower-case hexadecimal, what the list says, and what the file has. */
  readonly expected: string
  readonly actual: string
  /** As typed. */
  readonly list: string
}

/** Calls are synchronous and do not throw. */
export interface DownloadView {
  onStart(job: JobView): void
  onState(job: JobView, state: TorrentState): void
  onTracker(job: JobView, status: TrackerStatus): void
  /** This file is whole under its final name. */
  onFile(job: JobView, file: number): void
  /** After everything of it was there. */
  onChecksum(job: JobView, result: ChecksumResult): void
  /** A sentence with foreign text inside. @param job undefined: about the whole run */
  onWarning(job: JobView | undefined, message: string): void
  /** Once a second. */
  onTick(): void
  /** It is whole and is being shared from now on: how the download ended. `onResult` follows at the end of that. */
  onSeeding(result: JobResult): void
  onResult(result: JobResult): void
  /** After everything is saved; nothing follows. */
  onEnd(summary: RunSummary): void
}

/** A view for programs, that is told more. */
export interface EventView extends DownloadView {
  /** The command of `--on-complete` or `--on-error` has ended; comes after `onResult`. */
  onHook(result: JobResult, report: HookReport): void
  /** Instead of `onEnd`: something ended the run that is not the fault of a source. @param summary of those that ended */
  onAbort(error: unknown, summary: RunSummary): void
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
