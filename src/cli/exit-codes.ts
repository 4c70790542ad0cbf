/** Exit codes: the table of the help text, and the only place where an error becomes a number. */
import {
  InputError,
  KnownError,
  OutputError,
  SourceError,
  StorageError,
  UsageError,
  VerificationError,
  messageOf,
} from '../common/errors.ts'

export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  input: 3,
  noSource: 4,
  limit: 5,
  verificationFailed: 6,
  unfinished: 7,
  someFailed: 8,
  diskFull: 9,
  fileSystem: 10,
  locked: 12,
  fileInTheWay: 13,
  commandNotExecutable: 126,
  commandNotFound: 127,
  outputGone: 141,
} as const

/** Code and meaning, in the order of the help text. */
export const EXIT_CODE_TABLE: readonly (readonly [string, string])[] = [
  ['0', 'everything asked for is there and verified'],
  ['1', 'internal error'],
  ['2', 'wrong usage'],
  ['3', 'not a valid torrent or list, or not readable'],
  ['4', 'no source: no tracker answered, no peer'],
  ['5', 'time or stall limit reached'],
  ['6', 'verification failed: something is not what it should be'],
  ['7', 'unfinished: some data is missing (seed: or wrong)'],
  ['8', 'several sources: some failed'],
  ['9', 'disk full'],
  ['10', 'file system error'],
  ['12', 'another process or torrent is writing there'],
  ['13', 'a different file is in the way'],
  ['126, 127', 'testbed: the command cannot be run, or is not there'],
  ['141', 'cat: whoever read the output went away'],
  ['129, 130, 143', 'stopped by SIGHUP, SIGINT, SIGTERM after a clean save'],
]

const BY_CODE: Readonly<Record<string, number>> = {
  SELECTION_EMPTY: EXIT.usage,
  SELECTION_NUMBER: EXIT.usage,
  SELECTION_TOO_COMPLEX: EXIT.usage,
  TRACKER_SERVER_PORT: EXIT.usage,
  NO_SOURCE: EXIT.noSource,
  TIME_LIMIT: EXIT.limit,
  STALLED: EXIT.limit,
  DATA_MISSING: EXIT.unfinished,
  DISK_FULL: EXIT.diskFull,
  LOCKED: EXIT.locked,
  FILE_IN_THE_WAY: EXIT.fileInTheWay,
  COMMAND_NOT_EXECUTABLE: EXIT.commandNotExecutable,
  COMMAND_NOT_FOUND: EXIT.commandNotFound,
  OUTPUT_GONE: EXIT.outputGone,
  OUTPUT_FULL: EXIT.diskFull,
}

/** The exit code that an error ends a command (or one item of it) with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof KnownError)) return EXIT.internal
  const byCode = BY_CODE[error.code]
  if (byCode !== undefined) return byCode
  if (error instanceof UsageError) return EXIT.usage
  if (error instanceof InputError) return EXIT.input
  if (error instanceof VerificationError) return EXIT.verificationFailed
  if (error instanceof StorageError || error instanceof OutputError) return EXIT.fileSystem
  if (error instanceof SourceError) return EXIT.noSource
  return EXIT.internal
}

/**
 * One item alone ends with its own code; several with 0 when all are fine, else 8; none with 0.
 * @param codes those that occurred @param count of items
 */
export function combinedExitCode(codes: readonly number[], count: number): number {
  const [only] = codes
  if (count === 1 && only !== undefined) return only
  return codes.every((code) => code === EXIT.ok) ? EXIT.ok : EXIT.someFailed
}

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** 128 + the signal's number, as a shell reports it. */
export const SIGNAL_EXIT: Readonly<Record<StopSignal, number>> = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** A sentence says it all, as of no mistake of ours. */
export function isExpected(error: unknown): error is KnownError {
  return error instanceof KnownError && exitCodeOf(error) !== EXIT.internal
}

/** What to print for an error: a sentence for those we expect, the stack for our own mistakes. Not yet cleaned. */
export function describeError(error: unknown): string {
  if (isExpected(error)) return error.message
  return `internal error: ${error instanceof Error ? (error.stack ?? error.message) : messageOf(error)}`
}
