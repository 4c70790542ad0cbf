/**
 * One bar as a line: `name  bar  percent  done/total  rate  peers  time left`, fitted to the width. Columns that do not
 * fit are left out, the least telling first. Pure.
 */
import { formatEta, formatPercent, formatProgress, formatRate, fractionOf, plural } from './format.ts'
import { displayWidth, padEndCells, truncateEnd, truncateMiddle } from './text-width.ts'
import type { Meaning, Theme } from './theme.ts'

export interface BarRow {
  /** Clean. */
  readonly name: string
  readonly state: 'checking' | 'connecting' | 'moving' | 'stalled'
  readonly doneBytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly peerCount: number
  readonly etaSeconds: number | undefined
  /** Clean: why it connects or stalls. Takes the place of rate, peers and time left. */
  readonly note: string
}

type FieldName = 'percent' | 'sizes' | 'rate' | 'peers' | 'eta'

export interface Field {
  readonly name: FieldName
  readonly cells: number
}

/** How a line is divided; the same for all bars, so that they line up. */
export interface BarColumns {
  readonly nameCells: number
  readonly barCells: number
  /** What follows the graphic. */
  readonly fields: readonly Field[]
}

const GAP = '  '
/** Cells to the right that stay free: a full row would wrap, and a terminal echoes Ctrl-C as `^C` behind it. */
const RIGHT_MARGIN = 3
const MIN_NAME = 8
const MAX_NAME = 40
const MIN_BAR = 8
const MAX_BAR = 40
const NAME_SHARE = 0.6

const FIELD_SETS: readonly (readonly FieldName[])[] = [
  ['percent', 'sizes', 'rate', 'peers', 'eta'],
  ['percent', 'sizes', 'rate', 'eta'],
  ['percent', 'rate', 'eta'],
  ['percent', 'eta'],
  ['percent'],
]
/** Room that is kept even while texts are shorter: a line that changes its shape is hard to read. */
const MIN_CELLS: Readonly<Record<FieldName, number>> = { percent: 4, sizes: 0, rate: 10, peers: 8, eta: 5 }

const MEANINGS: Readonly<Record<BarRow['state'], Meaning>> = {
  checking: 'checking',
  connecting: 'quiet',
  moving: 'moving',
  stalled: 'stalled',
}

/**
 * @param columns of the terminal @param earlier fields of the frame before: none gets narrower, so that a rate that
 *   goes from 1.2 MiB/s to 13.1 MiB/s and back moves the line once
 */
export function fitColumns(
  rows: readonly BarRow[],
  columns: number,
  earlier: readonly Field[] = [],
): BarColumns {
  const usable = columns - RIGHT_MARGIN
  const longest = Math.max(MIN_NAME, ...rows.map(({ name }) => displayWidth(name)))
  for (const names of FIELD_SETS) {
    const fields = names.map((name) => ({ name, cells: fieldCells(name, rows, earlier) }))
    const room = usable - totalCells(fields) - GAP.length
    if (room < MIN_NAME + MIN_BAR) continue
    const nameCells = Math.min(longest, MAX_NAME, Math.max(MIN_NAME, Math.floor(room * NAME_SHARE)))
    return { nameCells, barCells: Math.min(MAX_BAR, room - nameCells), fields }
  }
  const fields: readonly Field[] = [{ name: 'percent', cells: MIN_CELLS.percent }]
  return { nameCells: Math.max(0, Math.min(longest, usable - totalCells(fields))), barCells: 0, fields }
}

/** The line, at most `columns - 3` cells wide. */
export function drawBar(row: BarRow, columns: number, fitted: BarColumns, theme: Theme): string {
  if (fitted.nameCells < 1)
    return truncateEnd(fieldText('percent', row), Math.max(0, columns - RIGHT_MARGIN), '')
  const name = padEndCells(truncateMiddle(row.name, fitted.nameCells, theme.symbols.cut), fitted.nameCells)
  const graphic = fitted.barCells > 0 ? GAP + drawGraphic(row, fitted.barCells, theme) : ''
  const usedCells = fitted.nameCells + graphicCells(fitted) + totalCells(fitted.fields)
  return (
    name + graphic + drawFields(row, fitted.fields, Math.max(0, columns - RIGHT_MARGIN - usedCells), theme)
  )
}

function graphicCells({ barCells }: BarColumns): number {
  return barCells > 0 ? GAP.length + barCells : 0
}

function drawGraphic(row: BarRow, cells: number, theme: Theme): string {
  const { filled, halfFilled, empty } = theme.symbols
  const halves = Math.floor(fractionOf(row.doneBytes, row.totalBytes) * cells * 2)
  const full = filled.repeat(halves >> 1) + (halves % 2 === 1 ? halfFilled : '')
  const rest = empty.repeat(cells - ((halves + 1) >> 1))
  return theme.paint(MEANINGS[row.state], full) + theme.paint('quiet', rest)
}

/** @param freeCells to the right of the fields: a note may use them */
function drawFields(row: BarRow, fields: readonly Field[], freeCells: number, theme: Theme): string {
  const kept = row.note === '' ? fields : fields.filter(({ name }) => name === 'percent' || name === 'sizes')
  const shown = kept.map(({ name, cells }) => {
    const text = fieldText(name, row).padStart(cells)
    return GAP + (name === 'peers' ? theme.paint('quiet', text) : text)
  })
  const noteCells = totalCells(fields) + freeCells - totalCells(kept) - GAP.length
  if (row.note === '' || noteCells < 1) return shown.join('')
  const note = truncateEnd(row.note, noteCells, theme.symbols.cut)
  return shown.join('') + GAP + theme.paint(MEANINGS[row.state], note)
}

/** All of it is ASCII: characters are cells. */
function fieldText(name: FieldName, row: BarRow): string {
  switch (name) {
    case 'percent':
      return formatPercent(row.doneBytes, row.totalBytes)
    case 'sizes':
      return formatProgress(row.doneBytes, row.totalBytes)
    case 'rate':
      return formatRate(row.bytesPerSecond)
    case 'peers':
      return row.state === 'checking' ? 'checking' : plural(row.peerCount, 'peer')
    case 'eta':
      // The estimate looks back further than the rate: with 0 B/s beside it, it would be no estimate.
      return row.etaSeconds === undefined || row.bytesPerSecond <= 0 ? '-:--' : formatEta(row.etaSeconds)
  }
}

function fieldCells(name: FieldName, rows: readonly BarRow[], earlier: readonly Field[]): number {
  const before = earlier.find((field) => field.name === name)?.cells ?? 0
  const cellsOf = (row: BarRow): number =>
    name === 'sizes' ? formatProgress(row.totalBytes, row.totalBytes).length : fieldText(name, row).length
  return Math.max(MIN_CELLS[name], before, ...rows.map(cellsOf))
}

function totalCells(fields: readonly Field[]): number {
  return fields.reduce((sum, { cells }) => sum + GAP.length + cells, 0)
}
