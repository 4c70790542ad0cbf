/**
 * A torrent as the rest of the program sees it: checked, bounded, with safe paths. Made by torrent-file.ts only.
 * Strings marked "foreign" came from strangers as they are; cli cleans them before printing.
 */
import type { Geometry } from './geometry.ts'

export interface FileEntry {
  /**
   * Path elements below the output directory, safe on disk (metainfo/safe-path.ts) and unique in the torrent. For a
   * multi-file torrent the first is the torrent's name.
   */
  readonly path: readonly string[]
  readonly lengthBytes: number
  /** Position of the first byte in the torrent. */
  readonly start: number
  /** BEP 47 `p`: zeros between files; never written, never shown. */
  readonly isPadding: boolean
  /** BEP 47 `x`. */
  readonly isExecutable: boolean
  /** BEP 47 `l`: reported and left out, never made. Such an entry has length 0. */
  readonly isSymlink: boolean
}

/** A name that had to change to be safe on disk. Shown to the user once. */
export interface Rename {
  /** The path as the torrent has it, elements joined by `/`. Foreign. */
  readonly from: string
  /** The path that is used, elements joined by `/`. */
  readonly to: string
}

export interface Metainfo {
  /** 20 bytes: SHA-1 of the raw `info` span (BEP 3). */
  readonly infoHash: Buffer
  /** Safe on disk. */
  readonly name: string
  readonly isSingleFile: boolean
  readonly geometry: Geometry
  /** 20 bytes a piece, a view into the torrent's bytes. */
  readonly pieceHashes: Buffer
  /** In torrent order; their lengths tile [0, totalBytes). */
  readonly files: readonly FileEntry[]
  /** BEP 27: peers only from the torrent's own trackers. */
  readonly isPrivate: boolean
  /** BEP 12 tiers, usable URLs only, at most 200 in all. */
  readonly trackerTiers: readonly (readonly string[])[]
  /** BEP 19, http(s) only; kept for later. */
  readonly webSeeds: readonly string[]
  /** Foreign. */
  readonly comment: string | undefined
  /** Foreign. */
  readonly createdBy: string | undefined
  /** Seconds since 1970, as the torrent says. */
  readonly creationDateSeconds: number | undefined
  readonly renames: readonly Rename[]
  /** Things left out or odd, one sentence each, foreign text inside. */
  readonly notices: readonly string[]
}
