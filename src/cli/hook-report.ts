/** How the command of `--on-complete` or `--on-error` ended, for whoever shows it. */

export interface HookReport {
  readonly option: 'on-complete' | 'on-error'
  /**
   * failed: it ended with a code other than 0, or by a signal that was not ours; timeout: `--hook-timeout` ended it;
   * stopped: we were told to stop; not-started: the system would not run it, or we were told to stop before
   */
  readonly outcome: 'succeeded' | 'failed' | 'timeout' | 'stopped' | 'not-started'
  /** Its exit code, 0..255; undefined when a signal ended it or it never began. */
  readonly code: number | undefined
  /** Which signal ended it: `SIGKILL`. */
  readonly signal: string | undefined
  readonly seconds: number
  /** What was wrong, as a clause for people; undefined when nothing was. */
  readonly message: string | undefined
}
