/**
 * Errors we expect. The class says what dies with it, `code` says what happened (stable, documented in
 * docs/errors.md, tested), `cause` says what lay underneath. Messages carry numbers and names, and may hold foreign
 * text: only cli prints them, after cleaning.
 */
export abstract class KnownError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.name = new.target.name
  }
}

/** Ends one peer connection. */
export class PeerError extends KnownError {}

/** Ends one attempt at one tracker. */
export class TrackerError extends KnownError {}

/** Stops one torrent: its files cannot be read or written. */
export class StorageError extends KnownError {}

/** Stops one torrent: nobody is left who could give us its data, or not in the time allowed. Exit codes 4 and 5. */
export class SourceError extends KnownError {}

/** Ends one command: what the user gave us (a torrent, a list) is not usable. Exit code 3. */
export class InputError extends KnownError {}

/** Stops one torrent: it, or its data, is not what the user said it must be. Exit code 6. */
export class VerificationError extends KnownError {}

/** Ends one command before it began: how it was called is wrong. Exit code 2. */
export class UsageError extends KnownError {}

/** Ends one command: its standard output takes no more. Exit codes 141, 9 and 10. */
export class OutputError extends KnownError {}

/** A broken promise inside our own code. Ends the process. Exit code 1. */
export class BugError extends KnownError {}

/** The message of anything that was thrown, for a `cause` or a log line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The `code` of a Node system error (`ENOSPC`, `ECONNREFUSED`...), or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
