/** What torrent-dl promises for one file of a corpus. The files themselves are not part of this project. */

export interface AcceptedFile {
  /** 40 hex digits. */
  readonly infoHash: string
  readonly totalBytes: number
  /** Paths of the files that will be on disk, in torrent order; for longer lists `fileCount` instead. */
  readonly paths?: readonly string[]
  /** All entries, padding and links included. */
  readonly fileCount?: number
  /** Default 0. */
  readonly paddingCount?: number
  /** Paths of links left out; default none. */
  readonly links?: readonly string[]
  /** All tiers, flat; default none. */
  readonly trackers?: readonly string[]
  /** Default none. */
  readonly webSeeds?: readonly string[]
  /** Default 0. */
  readonly renameCount?: number
  /** Default 0. */
  readonly noticeCount?: number
  /** Default false. */
  readonly isPrivate?: boolean
  readonly creationDateSeconds?: number
}

export interface Expectation {
  /** Below the folder of all corpora. */
  readonly file: string
  readonly outcome: { readonly code: string } | AcceptedFile
}

export function refused(code: string, ...files: readonly string[]): Expectation[] {
  return files.map((file) => ({ file: `${file}.torrent`, outcome: { code } }))
}

export function accepted(file: string, outcome: AcceptedFile): Expectation {
  return { file: `${file}.torrent`, outcome }
}
