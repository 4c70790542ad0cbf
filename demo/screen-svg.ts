/** Cells of a terminal as an SVG that follows the reader's light or dark theme. The same cells give the same bytes. */
import type { Cell } from '../test/support/terminal-grid.ts'
import type { Picture } from './screen-hero.ts'

const CELL_WIDTH = 8.4
const ROW_HEIGHT = 19
const PADDING = 16
const BASELINE = 14
const FONT_SIZE = 14

const STYLE = `svg { color-scheme: light dark }
  .page { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: ${FONT_SIZE}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
  }`

interface Run {
  readonly text: string
  readonly style: string
  readonly column: number
  readonly cells: number
}

export function drawSvg({ columns, rows }: Picture): string {
  const width = Math.ceil(columns * CELL_WIDTH) + 2 * PADDING
  const height = rows.length * ROW_HEIGHT + 2 * PADDING
  const lines = rows.flatMap((cells, row) => runsOf(cells).map((run) => drawRun(run, row)))
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
  <title>torrent-dl downloads a batch: one line a torrent, finished ones above, the totals below</title>
  <style>
  ${STYLE}
  </style>
  <rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${lines.map((line) => `  ${line}\n`).join('')}</svg>
`
}

/** Neighbours of one colour, cut at two spaces and around wide characters: each run begins at its own cell. */
function runsOf(cells: readonly Cell[]): Run[] {
  const runs: Run[] = []
  for (const [column, { text, style }] of cells.entries()) {
    const last = runs.at(-1)
    const isWide = cells[column + 1]?.text === '' || /\P{ASCII}/u.test(last?.text ?? '')
    if (last !== undefined && text === '') runs[runs.length - 1] = { ...last, cells: last.cells + 1 }
    else if (last !== undefined && canJoin(last, { text, style, column }) && (!isWide || isLine(text)))
      runs[runs.length - 1] = { ...last, text: last.text + text, cells: last.cells + 1 }
    else runs.push({ text, style, column, cells: 1 })
  }
  return runs.filter(({ text }) => text.trim() !== '').map(trimmedRun)
}

/** Spaces at the ends would be stretched with the text. */
function trimmedRun(run: Run): Run {
  const start = run.text.length - run.text.trimStart().length
  const end = run.text.length - run.text.trimEnd().length
  return { ...run, text: run.text.trim(), column: run.column + start, cells: run.cells - start - end }
}

function canJoin(last: Run, next: { text: string; style: string; column: number }): boolean {
  if (last.style !== next.style || last.column + last.cells !== next.column) return false
  if (isLine(last.text) !== isLine(next.text)) return false
  return !(last.text.endsWith('  ') && next.text !== ' ')
}

/** A piece of a bar: drawn, so that no font leaves gaps in it. */
function isLine(text: string): boolean {
  return /^[━╸]+$/.test(text)
}

function drawRun({ text, style, column, cells }: Run, row: number): string {
  const x = PADDING + column * CELL_WIDTH
  const y = PADDING + row * ROW_HEIGHT
  const color = colorOf(style)
  if (isLine(text)) {
    const length = (cells - (text.endsWith('╸') ? 0.5 : 0)) * CELL_WIDTH
    const opacity = color === QUIET && cells > 1 ? ' opacity="0.5"' : ''
    return `<rect x="${round(x)}" y="${y + 8}" width="${round(length)}" height="3" fill="${color}"${opacity}/>`
  }
  const fill = color === '' ? '' : ` style="fill:${color}"`
  return `<text x="${round(x)}" y="${y + BASELINE}" textLength="${round(cells * CELL_WIDTH)}" lengthAdjust="spacingAndGlyphs"${fill}>${escapeXml(text)}</text>`
}

/** Of an SGR colour of the 256; '' for the terminal's own. */
function colorOf(style: string): string {
  const index = /^38;5;(\d+)$/.exec(style)?.[1]
  return index === undefined ? '' : rgbOf(Number(index))
}

/** xterm's palette: a cube of 6 x 6 x 6 from 16 on, greys from 232 on. */
export function rgbOf(index: number): string {
  if (index >= 232) return hex([0, 1, 2].map(() => 8 + 10 * (index - 232)))
  const cube = index - 16
  const levels = [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6]
  return hex(levels.map((level) => (level === 0 ? 0 : 55 + 40 * level)))
}

function hex(values: readonly number[]): string {
  return `#${values.map((value) => value.toString(16).padStart(2, '0')).join('')}`
}

const QUIET = rgbOf(243)

function round(value: number): string {
  return String(Math.round(value * 100) / 100)
}

function escapeXml(text: string): string {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`)
}
