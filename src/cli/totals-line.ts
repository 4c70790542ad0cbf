/** The totals of a batch as the last line of the screen, fitted to its width. Pure. */
import type { TotalsPart } from './progress-tally.ts'
import { displayWidth, truncateEnd } from './text-width.ts'
import type { Theme } from './theme.ts'

/** Cells to the right that stay free, as beside a bar. */
const RIGHT_MARGIN = 3
/** Left out first where there is no room. */
const LEAST_TELLING: readonly TotalsPart[] = [
  'sent',
  'bytes',
  'stalled',
  'waiting',
  'running',
  'rate',
  'left',
  'seeding',
  'upRate',
  'failed',
]

export function drawTotals(parts: ReadonlyMap<TotalsPart, string>, columns: number, theme: Theme): string {
  const room = Math.max(0, columns - RIGHT_MARGIN)
  const separator = ` ${theme.symbols.dot} `
  const kept = new Map(parts)
  for (const part of LEAST_TELLING) {
    if (displayWidth([...kept.values()].join(separator)) <= room) break
    kept.delete(part)
  }
  if (kept.size === 1) return truncateEnd([...kept.values()].join(), room, '')
  return [...kept]
    .map(([part, text]) => theme.paint(part === 'failed' ? 'failed' : 'quiet', text))
    .join(theme.paint('quiet', separator))
}
