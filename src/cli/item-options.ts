/** The options that belong to one source, as the command line gives them to every source. */
import { resolve } from 'node:path'
import { userUrls } from '../metainfo/user-trackers.ts'
import type { UserTrackers } from '../metainfo/user-trackers.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { HostAndPort } from './options.ts'
import type { DownloadFlags } from './program.ts'

export interface ItemOptions {
  /** As typed. */
  readonly outputDirectory: string
  readonly usePartFiles: boolean
  readonly force: boolean
  readonly peers: readonly HostAndPort[]
  readonly trackers: UserTrackers
}

export function itemOptionsOf(flags: DownloadFlags): ItemOptions {
  return {
    outputDirectory: flags.output,
    usePartFiles: flags.part,
    force: flags.force,
    peers: flags.peer,
    trackers: { extra: flags.tracker, only: flags.onlyTracker },
  }
}

/** @param peers those of the options, their names resolved */
export function torrentSettings(
  { outputDirectory, usePartFiles, force, trackers }: ItemOptions,
  peers: TorrentSettings['peers'],
): TorrentSettings {
  return {
    outputDirectory: resolve(outputDirectory),
    shownDirectory: outputDirectory,
    usePartFiles,
    force,
    peers,
    userTrackers: userUrls(trackers),
    seedWhenComplete: false,
  }
}
