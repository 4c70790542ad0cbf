/** The options that belong to one source, as the command line gives them to every source. */
import { resolve } from 'node:path'
import type { Metainfo } from '../metainfo/metainfo.ts'
import { piecePriorities, wantedFiles } from '../metainfo/file-selection.ts'
import type { TorrentSettings } from '../session/settings.ts'
import type { HostAndPort } from './options.ts'
import type { DownloadFlags } from './program.ts'
import type { FileSelection, SelectionOptions } from './select-files.ts'

export interface ItemOptions {
  /** As typed. */
  readonly outputDirectory: string
  readonly usePartFiles: boolean
  readonly force: boolean
  readonly peers: readonly HostAndPort[]
  readonly selection: SelectionOptions
}

export function itemOptionsOf(flags: DownloadFlags): ItemOptions {
  return {
    outputDirectory: flags.output,
    usePartFiles: flags.part,
    force: flags.force,
    peers: flags.peer,
    selection: { select: flags.select, exclude: flags.exclude, maxSizeBytes: flags.maxSize },
  }
}

/** Which files of this torrent the options choose; undefined: all alike. @throws InputError SELECTION_... */
export async function chooseFiles(
  metainfo: Metainfo,
  { selection }: ItemOptions,
): Promise<FileSelection | undefined> {
  const { select, exclude, maxSizeBytes } = selection
  if (select.length === 0 && exclude.length === 0 && maxSizeBytes === undefined) return undefined
  const { selectFiles } = await import('./select-files.ts')
  return await selectFiles(metainfo, selection)
}

/** @param peers those of the options, their names resolved */
export function torrentSettings(
  { outputDirectory, usePartFiles, force }: ItemOptions,
  peers: TorrentSettings['peers'],
  chosen?: ChosenPieces,
): TorrentSettings {
  return {
    outputDirectory: resolve(outputDirectory),
    shownDirectory: outputDirectory,
    usePartFiles,
    force,
    peers,
    ...chosen,
    seedWhenComplete: false,
  }
}

/** What a choice of files means for the engine. */
export type ChosenPieces = Pick<TorrentSettings, 'wantedFiles'> & { readonly priorities: Uint8Array }

export function chosenPieces(metainfo: Metainfo, { priorities }: FileSelection): ChosenPieces {
  const files = wantedFiles(metainfo, priorities)
  return { wantedFiles: files, priorities: piecePriorities(metainfo, priorities) }
}
