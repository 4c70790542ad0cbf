/** The options that belong to one source, as the command line gives them to every source. */
import { resolve } from 'node:path'
import type { TorrentSettings } from '../session/settings.ts'
import type { HostAndPort } from './options.ts'
import type { DownloadFlags } from './program.ts'

export interface ItemOptions {
  /** As typed. */
  readonly outputDirectory: string
  readonly usePartFiles: boolean
  readonly force: boolean
  readonly peers: readonly HostAndPort[]
  /** Of this source alone, bytes a second. On the command line the option is the process's: only a list sets it here. */
  readonly downloadLimit?: number | undefined
}

export function itemOptionsOf(flags: DownloadFlags): ItemOptions {
  return {
    outputDirectory: flags.output,
    usePartFiles: flags.part,
    force: flags.force,
    peers: flags.peer,
  }
}

/** @param peers those of the options, their names resolved */
export function torrentSettings(
  { outputDirectory, usePartFiles, force, downloadLimit }: ItemOptions,
  peers: TorrentSettings['peers'],
): TorrentSettings {
  return {
    outputDirectory: resolve(outputDirectory),
    shownDirectory: outputDirectory,
    usePartFiles,
    force,
    peers,
    downloadLimit,
    seedWhenComplete: false,
  }
}
