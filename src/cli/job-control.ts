/**
 * Ctrl-Z, `fg` and `bg`: what is drawn is taken off the screen before we stop, and drawn anew when we go on in the
 * foreground. In the background somebody else types.
 */
import { readFileSync } from 'node:fs'
import type { CancelTimer, Clock } from '../common/clock.ts'

const LOOK_MS = 500

export type JobControlSignal = 'SIGTSTP' | 'SIGCONT'

/** The part of `process` that is needed; tests give their own. */
export interface JobControlSource {
  on(signal: JobControlSignal, listener: () => void): unknown
  off(signal: JobControlSignal, listener: () => void): unknown
  /** Sends the signal to this process. */
  raise(signal: JobControlSignal): void
}

/** What is drawn. Calling any of these again does nothing. */
export interface Drawing {
  /** Takes it off the screen. */
  suspend(): void
  /** It was stopped unasked: what it drew is somewhere above. */
  lose(): void
  resume(): void
}

export interface JobControlParts {
  readonly source: JobControlSource
  /** Does the keyboard of our terminal belong to us? */
  readonly isForeground: () => boolean
  readonly clock: Clock
}

/** @returns takes the handlers away again */
export function watchJobControl(
  { source, isForeground, clock }: JobControlParts,
  drawing: Drawing,
): () => void {
  let cancelLook: CancelTimer | undefined
  // A shell tells nobody that `fg` took a job out of the background which was running there.
  const resumeInForeground = (): void => {
    cancelLook?.()
    cancelLook = undefined
    if (isForeground()) drawing.resume()
    else cancelLook = clock.after(LOOK_MS, resumeInForeground)
  }
  const onStop = (): void => {
    drawing.suspend()
    // The system's own handling stops us, and lets us be where no shell could wake us again.
    source.off('SIGTSTP', onStop)
    source.raise('SIGTSTP')
    source.on('SIGTSTP', onStop)
    // SIGCONT comes first, unless nothing stopped us.
    cancelLook?.()
    cancelLook = clock.after(LOOK_MS, resumeInForeground)
  }
  const onContinue = (): void => {
    drawing.lose()
    resumeInForeground()
  }
  source.on('SIGTSTP', onStop)
  source.on('SIGCONT', onContinue)
  return () => {
    cancelLook?.()
    source.off('SIGTSTP', onStop)
    source.off('SIGCONT', onContinue)
  }
}

/** Does the keyboard of our terminal belong to us? True where nobody knows. */
export function isInForeground(): boolean {
  try {
    return belongsToForeground(readFileSync('/proc/self/stat', 'latin1'))
  } catch {
    return true
  }
}

/** @param stat `/proc/self/stat`: pid (name) state ppid pgrp session tty_nr tpgid ... */
export function belongsToForeground(stat: string): boolean {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [group, foregroundGroup] = [Number(fields[2]), Number(fields[5])]
  return !(foregroundGroup > 0) || group === foregroundGroup
}
