/** Which way progress is shown on standard error. */
import type { ProgressChoice } from './flags.ts'
import { isInForeground } from './job-control.ts'
import type { OutputStream, Terminal } from './terminal.ts'

/** errors: nothing but failures; summary: no progress; plain: lines; bars: drawn */
export type ProgressKind = 'errors' | 'summary' | 'plain' | 'bars'

/**
 * Bars need a terminal that no other output of ours goes to, and where nobody else types.
 * @param terminal of standard error @param writesData is standard output for more than paths?
 */
export function progressKind(
  { quiet, progress }: { readonly quiet: boolean; readonly progress: ProgressChoice },
  terminal: Terminal,
  stdout: Pick<OutputStream, 'isTTY'>,
  writesData: boolean,
): ProgressKind {
  if (quiet) return 'errors'
  const sharesTerminal = writesData && stdout.isTTY === true && terminal.isTty
  if (progress === 'none' || (progress === 'auto' && sharesTerminal)) return 'summary'
  const isForBars = terminal.canRedraw && (progress === 'bar' || isInForeground())
  return progress === 'plain' || !isForBars || sharesTerminal ? 'plain' : 'bars'
}
