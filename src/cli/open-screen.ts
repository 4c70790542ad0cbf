/** Which screen a command has on standard error: bars, plain lines, a summary or errors alone. */
import { systemClock } from '../common/clock.ts'
import type { CliContext } from './context.ts'
import type { DownloadFlags } from './flags.ts'
import { isInForeground, watchJobControl } from './job-control.ts'
import { PlainProgress } from './plain-progress.ts'
import type { LineStyle } from './summary.ts'
import type { Screen, SourceCount } from './view.ts'

/** Bars need a terminal that no other output of ours goes to, and where nobody else types. @param writesData is standard output for more than paths? */
export async function openScreen(
  flags: Pick<DownloadFlags, 'progress' | 'quiet'>,
  style: LineStyle,
  { stdout, stderr, jobControl }: CliContext,
  { sourceCount, writesData }: { readonly sourceCount: () => SourceCount; readonly writesData: boolean },
): Promise<Screen> {
  const parts = { stream: stderr, style, clock: systemClock, sourceCount }
  if (flags.quiet) return new PlainProgress({ ...parts, amount: 'errors' })
  const sharesTerminal = writesData && stdout.isTTY === true && style.terminal.isTty
  const isSilent = flags.progress === 'none' || (flags.progress === 'auto' && sharesTerminal)
  if (isSilent) return new PlainProgress({ ...parts, amount: 'summary' })
  const isForBars = style.terminal.canRedraw && (flags.progress === 'bar' || isInForeground())
  if (flags.progress === 'plain' || !isForBars || sharesTerminal) {
    return new PlainProgress({ ...parts, amount: 'progress' })
  }
  const { openProgressBars } = await import('./progress-bars.ts')
  return await openProgressBars({
    ...parts,
    watchJobControl: (drawing) =>
      watchJobControl({ source: jobControl, isForeground: isInForeground, clock: systemClock }, drawing),
  })
}
