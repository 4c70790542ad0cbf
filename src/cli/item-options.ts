/** The options that belong to one source, as the command line gives them to every source. */
import { resolve } from 'node:path'
import { userUrls } from '../metainfo/user-trackers.ts'
import type { UserTrackers } from '../metainfo/user-trackers.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { FileAllocation } from '../storage/allocate-files.ts'
import type { HostAndPort } from './options.ts'
import type { DownloadFlags } from './program.ts'

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
}

export function itemOptionsOf(flags: DownloadFlags): ItemOptions {
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
  }
}

/** @param peers those of the options, their names resolved */
export function torrentSettings(options: ItemOptions, peers: TorrentSettings['peers']): TorrentSettings {
  const { outputDirectory, usePartFiles, force, downloadLimit, allocation, hashesAll, syncs, diskWaitMs } =
    options
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
    seedWhenComplete: false,
  }
}
