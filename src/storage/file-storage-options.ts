/** What a FileStorage is told. */
import type { Bitfield } from '../common/bitfield.ts'
import type { Clock } from '../common/clock.ts'
import type { LogSink } from '../common/log.ts'
import type { Metainfo } from '../metainfo/metainfo.ts'
import type { FileAllocation } from './allocate-files.ts'
import type { HashPool } from './hash-pool.ts'
import type { WriteAt } from './write-fully.ts'

export interface FileStorageOptions {
  readonly metainfo: Metainfo
  /** Absolute. Made if it is missing. */
  readonly outputDirectory: string
  /** The same as the user wrote it, for messages. */
  readonly shownDirectory?: string
  /** Absolute; resume records and locks lie here. */
  readonly stateDirectory: string
  /** NAME.part until a file is whole. */
  readonly usePartFiles: boolean
  /** Files that somebody else made and that do not match are replaced. */
  readonly force: boolean
  /** Others are not made, and not touched where they are. Undefined: all. */
  readonly wantedFiles?: Bitfield | undefined
  readonly log: LogSink
  /** Names the boot that the system is in; undefined: nothing is taken on trust. */
  readonly bootId?: () => string | undefined
  /** Hashes what is there; undefined: the process's own. */
  readonly hashPool?: HashPool
  /** Default: `none`. */
  readonly allocation?: FileAllocation | undefined
  /** Hash everything that is there, whatever the record says. */
  readonly hashesAll?: boolean | undefined
  /** Bytes and names are on the disk before a file counts as whole. */
  readonly syncs?: boolean | undefined
  /** Nothing below the output directory is made, moved or written: what is missing there is an error, DATA_MISSING. */
  readonly isReadOnly?: boolean | undefined
  /** How long a full disk is waited for; default: not at all. */
  readonly diskWaitMs?: number | undefined
  /** Write to files, and have what was written put on the disk; undefined: the system does. */
  readonly write?: WriteAt
  readonly sync?: (fd: number) => Promise<void>
  /** For waits; undefined: the system's. */
  readonly clock?: Clock
}
