/**
 * One bar as a line: `name  bar  percent  done/total  rate  peers  time left`, fitted to the width. Columns that do not
 * fit are left out, the least telling first. Pure.
 */
import {
  formatBytes,
  formatEta,
  formatPercent,
  formatProgress,
  formatRate,
  fractionOf,
  plural,
} from './format.ts'
import type { BarName } from './bar-name.ts'
import { displayWidth, truncateEnd } from './text-width.ts'
import type { Meaning, Theme } from './theme.ts'

export interface BarRow {
  readonly name: BarName
  readonly state: 'checking' | 'connecting' | 'moving' | 'stalled' | 'seeding'
  readonly doneBytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  readonly peerCount: number
  readonly etaSeconds: number | undefined
  /**
   * Clean: what it does instead of moving, and why; the longest first. The first one that has room takes the place of
   * rate, peers and time left, and of the sizes when it needs it. Of one that seeds: of all but the name.
   */
  readonly notes: readonly string[]
  /** What is being done while it is `checking`; that, unless another word is given. */
  readonly activity?: string
}

/** sizes: done and total; size: the total, where both have no room */
type FieldName = 'percent' | 'sizes' | 'size' | 'rate' | 'peers' | 'eta'

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

export const NO_COLUMNS: BarColumns = { nameCells: 0, barCells: 0, fields: [] }

const GAP = '  '
/** Cells to the right that stay free: a full row would wrap, and a terminal echoes Ctrl-C as `^C` behind it. */
const RIGHT_MARGIN = 3
const MIN_NAME = 8
/** Names are not cut shorter than this for the sake of figures. */
const TELLING_NAME = 20
const MAX_NAME = 40
const MIN_BAR = 8
/** A bar gets this much before names get more than a telling part. */
const TELLING_BAR = 10
const MAX_BAR = 40
const NAME_SHARE = 0.6

const FIELD_SETS: readonly (readonly FieldName[])[] = [
  ['percent', 'sizes', 'rate', 'peers', 'eta'],
  ['percent', 'sizes', 'rate', 'eta'],
  ['percent', 'size', 'rate', 'eta'],
  ['percent', 'rate', 'eta'],
  ['percent', 'eta'],
  ['percent'],
]
/** Room that is kept even while texts are shorter: a line that changes its shape is hard to read. */
const MIN_CELLS: Readonly<Record<FieldName, number>> = {
  percent: 4,
  sizes: 0,
  size: 9,
  rate: 10,
  peers: 8,
  eta: 5,
}
const MEANINGS: Readonly<Record<BarRow['state'], Meaning>> = {
  checking: 'checking',
  connecting: 'quiet',
  moving: 'moving',
  stalled: 'stalled',
  seeding: 'done',
}

/**
 * @param columns of the terminal @param earlier of the frame before, for the same width: no column gets narrower, so that
 *   a rate that goes from 1.2 MiB/s to 13.1 MiB/s and back, or a long name that comes and goes, moves the lines once
 */
export function fitColumns(
  rows: readonly BarRow[],
  columns: number,
  earlier: BarColumns = NO_COLUMNS,
): BarColumns {
  const usable = columns - RIGHT_MARGIN
  const longest = Math.max(MIN_NAME, earlier.nameCells, ...rows.map(({ name }) => name.cells))
  for (const [index, names] of FIELD_SETS.entries()) {
    const fields = names.map((name) => ({ name, cells: fieldCells(name, rows, earlier.fields) }))
    const room = usable - totalCells(fields) - GAP.length
    const isLast = index === FIELD_SETS.length - 1
    if (room < (isLast ? MIN_NAME + MIN_BAR : Math.min(longest, TELLING_NAME) + TELLING_BAR)) continue
    const nameCells = Math.min(longest, MAX_NAME, Math.max(MIN_NAME, nameShare(room)))
    return { nameCells, barCells: Math.min(MAX_BAR, room - nameCells), fields }
  }
  const fields: readonly Field[] = [{ name: 'percent', cells: MIN_CELLS.percent }]
  return { nameCells: Math.max(0, Math.min(longest, usable - totalCells(fields))), barCells: 0, fields }
}

/** Of what names and bars have together. */
function nameShare(room: number): number {
  return Math.max(Math.floor(room * NAME_SHARE), Math.min(TELLING_NAME, room - TELLING_BAR))
}

/** The line, at most `columns - 3` cells wide. */
export function drawBar(row: BarRow, columns: number, fitted: BarColumns, theme: Theme): string {
  if (fitted.nameCells < 1)
    return truncateEnd(fieldText('percent', row), Math.max(0, columns - RIGHT_MARGIN), '')
  const name = row.name.fit(fitted.nameCells, theme.symbols.cut)
  if (row.state === 'seeding')
    return name + drawSeeding(row, columns - RIGHT_MARGIN - fitted.nameCells, theme)
  const graphic = fitted.barCells > 0 ? GAP + drawGraphic(row, fitted.barCells, theme) : ''
  const usedCells = fitted.nameCells + graphicCells(fitted) + totalCells(fitted.fields)
  return (
    name + graphic + drawFields(row, fitted.fields, Math.max(0, columns - RIGHT_MARGIN - usedCells), theme)
  )
}

/** It has no end that a bar could show; its figures need the room. */
function drawSeeding({ notes }: BarRow, room: number, theme: Theme): string {
  const text = notes.find((note) => displayWidth(GAP + note) <= room)
  if (text === undefined) return ''
  const [, label = '', rest = ''] = /^(seeding)?(.*)$/s.exec(text) ?? []
  return GAP + theme.paint('done', label) + rest
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
  if (row.notes.length > 0) return drawNote(row, fields, totalCells(fields) + freeCells, theme)
  const labelField = labelPlace(fields)
  return fields
    .map(({ name, cells }) => {
      const isLabel = row.state === 'checking' && name === labelField
      const text = (isLabel ? (row.activity ?? 'checking') : fieldText(name, row)).padStart(cells)
      const meaning = isLabel ? 'checking' : name === 'peers' ? 'quiet' : undefined
      return GAP + (meaning === undefined ? text : theme.paint(meaning, text))
    })
    .join('')
}

/** A check has no peers; where they have no column, its rate tells least. */
function labelPlace(fields: readonly Field[]): FieldName {
  return fields.some(({ name }) => name === 'peers') ? 'peers' : 'rate'
}

/** The longest note that has room, beside the sizes or in their place; one that is cut when none has. */
function drawNote(row: BarRow, fields: readonly Field[], room: number, theme: Theme): string {
  const beside = [
    fields.filter(({ name }) => name === 'percent' || name === 'sizes' || name === 'size'),
    fields.filter(({ name }) => name === 'percent'),
  ] as const
  const noteCells = (kept: readonly Field[]): number => room - totalCells(kept) - GAP.length
  const choices = row.notes.flatMap((note) => beside.map((kept) => ({ note, kept })))
  const fitting = choices.find(({ note, kept }) => displayWidth(note) <= noteCells(kept))
  const { note, kept } = fitting ?? { note: row.notes.at(-1) ?? '', kept: beside[1] }
  const shown = kept.map(({ name, cells }) => GAP + fieldText(name, row).padStart(cells)).join('')
  const text = truncateEnd(note, Math.max(0, noteCells(kept)), theme.symbols.cut)
  return text === '' ? shown : shown + GAP + theme.paint(MEANINGS[row.state], text)
}

/** All of it is ASCII: characters are cells. */
function fieldText(name: FieldName, row: BarRow): string {
  switch (name) {
    case 'percent':
      return formatPercent(row.doneBytes, row.totalBytes)
    case 'sizes':
      return formatProgress(row.doneBytes, row.totalBytes)
    case 'size':
      return formatBytes(row.totalBytes)
    case 'rate':
      return formatRate(row.bytesPerSecond)
    case 'peers':
      return plural(row.peerCount, 'peer')
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
