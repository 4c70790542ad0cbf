/** The options that belong to one source, as the command line gives them to every source. */
import { resolve } from 'node:path'
import { piecePriorities, wantedFiles } from '../metainfo/file-selection.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { userUrls } from '../metainfo/user-trackers.ts'
import type { UserTrackers } from '../metainfo/user-trackers.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { FileAllocation } from '../storage/allocate-files.ts'
import type { HostAndPort } from './options.ts'
import type { DownloadFlags, SeedFlags } from './flags.ts'
import type { SeedGoal } from './seed-goal.ts'
import type { FileSelection, SelectionOptions } from './select-files.ts'

export interface ItemOptions {
  /** As typed. */
  readonly outputDirectory: string
  readonly usePartFiles: boolean
  readonly force: boolean
  /** See TorrentSettings for these. */
  readonly allocation?: FileAllocation
  readonly hashesAll?: boolean
  readonly syncs?: boolean
  readonly diskWaitMs?: number | undefined
  /** It ends when nothing came for so long. */
  readonly stallTimeoutMs?: number | undefined
  readonly peers: readonly HostAndPort[]
  /**
   * Of this source alone, bytes a second. The command line's is the process's, which bounds all sources together, too: so
   * as a source's own it changes nothing, and a list can say less for one of them.
   */
  readonly downloadLimit?: number | undefined
  readonly trackers: UserTrackers
  readonly selection: SelectionOptions
  /** The torrent must have one of these info-hashes; see DownloadFlags.expect. */
  readonly expected?: readonly string[]
  /** Lists of checksums that its files are compared with when they are there. */
  readonly checksumFiles?: readonly string[]
  /** Undefined: it ends when it is whole. */
  readonly seeding?: SeedingOptions | undefined
  /** As `downloadLimit`, of what is sent. */
  readonly uploadLimit?: number | undefined
}

/** What happens once all is there. */
export interface SeedingOptions {
  readonly goal: SeedGoal
  /** `seed`: what is not there is not fetched, and nothing is written. */
  readonly isOnly: boolean
  /** See TorrentSettings. */
  readonly isSuperSeeding?: boolean
}

/** The flags of the download, and of `seed` where it has more. */
export type SharingFlags = DownloadFlags & Partial<Pick<SeedFlags, 'untilCompleted' | 'superSeed'>>

/** @param onlySeeds what is there is shared, and nothing fetched */
export function itemOptionsOf(flags: SharingFlags, onlySeeds = false): ItemOptions {
  return {
    outputDirectory: flags.output,
    usePartFiles: flags.part,
    force: flags.force,
    allocation: flags.fileAllocation,
    hashesAll: flags.verify,
    syncs: flags.fsync,
    diskWaitMs: flags.diskWait,
    stallTimeoutMs: flags.stallTimeout,
    downloadLimit: flags.downloadLimit,
    peers: flags.peer,
    trackers: { extra: flags.tracker, only: flags.onlyTracker },
    selection: { select: flags.select, exclude: flags.exclude, maxSizeBytes: flags.maxSize },
    expected: flags.expect,
    checksumFiles: flags.checksumFile,
    seeding: seedingOf(flags, onlySeeds),
    uploadLimit: flags.uploadLimit,
  }
}

/** An end implies the beginning. A time of 0 is how other clients are told not to. */
function seedingOf(flags: SharingFlags, isOnly: boolean): SeedingOptions | undefined {
  const { seed, seedRatio: ratio, seedTime: timeMs, untilCompleted: completedPeers, superSeed } = flags
  const goal = { ratio, timeMs, completedPeers }
  if (isOnly) return { goal, isOnly, isSuperSeeding: superSeed === true }
  const isAsked = seed === true || ratio !== undefined || timeMs !== undefined
  return isAsked && timeMs !== 0 ? { goal, isOnly } : undefined
}

/** Which files of this torrent the options choose; undefined: all alike. @throws InputError SELECTION_... */
export async function chooseFiles(
  metainfo: Metainfo,
  { selection }: Pick<ItemOptions, 'selection'>,
): Promise<FileSelection | undefined> {
  const { select, exclude, maxSizeBytes } = selection
  if (select.length === 0 && exclude.length === 0 && maxSizeBytes === undefined) return undefined
  const { selectFiles } = await import('./select-files.ts')
  return await selectFiles(metainfo, selection)
}

/** @param peers those of the options, their names resolved */
export function torrentSettings(
  options: ItemOptions,
  peers: TorrentSettings['peers'],
  chosen?: ChosenPieces,
): TorrentSettings {
  const { outputDirectory, usePartFiles, force, downloadLimit, allocation, hashesAll, syncs, diskWaitMs } =
    options
  const { seeding, uploadLimit } = options
  return {
    outputDirectory: resolve(outputDirectory),
    shownDirectory: outputDirectory,
    usePartFiles,
    force,
    peers,
    downloadLimit,
    allocation,
    hashesAll,
    syncs,
    diskWaitMs,
    userTrackers: userUrls(options.trackers),
    uploadLimit,
    ...chosen,
    seedWhenComplete: seeding !== undefined,
    isReadOnly: seeding?.isOnly === true,
    isSuperSeeding: seeding?.isSuperSeeding === true,
  }
}

/** What a choice of files means for the engine. */
export type ChosenPieces = Pick<TorrentSettings, 'wantedFiles'> & { readonly priorities: Uint8Array }

export function chosenPieces(metainfo: Metainfo, { priorities }: FileSelection): ChosenPieces {
  const files = wantedFiles(metainfo, priorities)
  return { wantedFiles: files, priorities: piecePriorities(metainfo, priorities) }
}
