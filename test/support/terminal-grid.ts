/**
 * A terminal in memory: what is written to it becomes rows of cells, as the emulators do it that people use. It knows
 * what the bars write (text, `\r`, `\n`, cursor up, erasing, colours), wraps, scrolls, and wraps anew when it is resized,
 * with the cursor kept on its character. Anything else is refused, so that nobody writes what no test looks at.
 */
import type { OutputStream } from '../../src/cli/terminal.ts'
import { clustersOf, displayWidth } from '../../src/cli/text-width.ts'

/** One cell; a wide character has its text in the first of two, and '' in the second. */
export interface Cell {
  readonly text: string
  /** The parameters of the last SGR sequence that set something: `31`, `38;5;28`; '' for none. */
  readonly style: string
}

interface Row {
  cells: Cell[]
  /** Goes on in the next row: the terminal wrapped it. */
  isWrapped: boolean
}

const BLANK: Cell = { text: ' ', style: '' }
const ESC = '\x1b'
const PLAIN = new RegExp(`^[^${ESC}\r\n]+`)
const SEQUENCE = new RegExp(`^${ESC}\\[(\\d*(?:;\\d+)*)([AKJm])`)

export interface GridOptions {
  readonly columns: number
  readonly rows: number
  /** Does it wrap rows anew when it is resized? xterm and the Linux console do not: they cut. */
  readonly wrapsAnew?: boolean
}

export class TerminalGrid implements OutputStream {
  readonly isTTY = true
  columns: number
  rows: number
  /** How often something was written. */
  writeCount = 0
  byteCount = 0
  readonly #wrapsAnew: boolean
  /** What scrolled off, and the screen below it. */
  #lines: Row[] = [newRow()]
  /** Index of the first row of the screen in #lines. */
  #top = 0
  #row = 0
  #column = 0
  #style = ''
  readonly #listeners = new Set<() => void>()

  constructor({ columns, rows, wrapsAnew = true }: GridOptions) {
    this.columns = columns
    this.rows = rows
    this.#wrapsAnew = wrapsAnew
  }

  write(text: string): void {
    this.writeCount += 1
    this.byteCount += Buffer.byteLength(text)
    let rest = text
    while (rest !== '') {
      const plain = PLAIN.exec(rest)?.[0] ?? ''
      for (const cluster of clustersOf(plain)) this.#put(cluster)
      rest = rest.slice(plain.length)
      if (rest !== '') rest = rest.slice(this.#control(rest))
    }
  }

  on(_event: 'resize', listener: () => void): void {
    this.#listeners.add(listener)
  }

  off(_event: 'resize', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** The rows of the screen, without the spaces at their ends and the empty rows below. */
  screen(): string[] {
    return trimmed(this.#lines.slice(this.#top).map(textOf))
  }

  /** All there ever was: what scrolled off, too. */
  everything(): string[] {
    return trimmed(this.#lines.map(textOf))
  }

  /** The screen as cells, for pictures. */
  cells(): readonly (readonly Cell[])[] {
    return this.#lines.slice(this.#top).map(({ cells }) => [...cells])
  }

  /** 0-based, on the screen. */
  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row - this.#top, column: this.#column }
  }

  /** As when the user pulls at the window: rows are wrapped anew, then the program is told. */
  resize(columns: number, rows: number): void {
    if (columns !== this.columns) this.#reflow(columns)
    this.columns = columns
    this.#changeHeight(rows)
    this.rows = rows
    for (const listener of this.#listeners) listener()
  }

  /** Text of a shell or of the user, not of the program. */
  type(text: string): void {
    this.write(text.replaceAll('\n', '\r\n'))
    this.writeCount -= 1
  }

  /** @returns how many characters it took */
  #control(text: string): number {
    if (text.startsWith('\r')) this.#column = 0
    else if (text.startsWith('\n')) this.#lineFeed()
    else return this.#sequence(text)
    return 1
  }

  #sequence(text: string): number {
    const match = SEQUENCE.exec(text)
    if (match === null) throw new Error(`the grid does not know ${JSON.stringify(text.slice(0, 12))}`)
    const [whole, parameters = '', command] = match
    if (command === 'A') this.#row = Math.max(this.#top, this.#row - Number(parameters || 1))
    else if (command === 'm') this.#style = /^(?:0|22|39)?$/.test(parameters) ? '' : parameters
    else {
      if (parameters !== '') throw new Error(`the grid does not know ${JSON.stringify(whole)}`)
      this.#line().cells.length = Math.min(this.#line().cells.length, this.#column)
      this.#line().isWrapped = false
      if (command === 'J') this.#lines.length = this.#row + 1
    }
    return whole.length
  }

  #put(cluster: string): void {
    const cells = displayWidth(cluster)
    if (cells === 0) return
    if (this.#column + cells > this.columns) {
      this.#line().isWrapped = true
      this.#lineFeed()
      this.#column = 0
    }
    const row = this.#line().cells
    while (row.length < this.#column) row.push(BLANK)
    row[this.#column] = { text: cluster, style: this.#style }
    for (let i = 1; i < cells; i++) row[this.#column + i] = { text: '', style: this.#style }
    this.#column += cells
  }

  #lineFeed(): void {
    // The terminal's driver makes \r\n of \n.
    this.#column = 0
    this.#row += 1
    if (this.#row === this.#lines.length) this.#lines.push(newRow())
    this.#top = Math.max(this.#top, this.#row - this.rows + 1)
  }

  #line(): Row {
    return this.#lines[this.#row]!
  }

  #changeHeight(rows: number): void {
    // From below: empty rows go first, then the first ones scroll off; they come back when there is room.
    if (this.#row - this.#top >= rows) this.#top = this.#row - rows + 1
    else if (rows > this.rows) this.#top = Math.max(0, Math.min(this.#top, this.#lines.length - rows))
    const below = this.#top + rows
    if (this.#lines.length > below) this.#lines.length = below
  }

  /** Wraps every line anew for this width (or cuts it, where the terminal does that). */
  #reflow(columns: number): void {
    if (!this.#wrapsAnew) {
      for (const { cells } of this.#lines) cells.length = Math.min(cells.length, columns)
      this.#column = Math.min(this.#column, columns)
      return
    }
    const wrapped: Row[] = []
    let cursor = { row: 0, column: 0 }
    for (const { cells, offset } of this.#wholeLines()) {
      const first = wrapped.length
      const cut = cutCells(cells, columns)
      wrapped.push(...cut)
      if (offset === undefined) continue
      let [row, column] = [0, offset]
      while (row < cut.length - 1 && column >= cut[row]!.cells.length) column -= cut[row++]!.cells.length
      cursor = { row: first + row, column: Math.min(column, columns) }
    }
    this.#lines = wrapped
    this.#row = cursor.row
    this.#column = cursor.column
    this.#top = Math.max(0, Math.min(this.#row, wrapped.length - this.rows))
  }

  /** What was one line to the program. @returns offset: where the cursor is in it */
  *#wholeLines(): Generator<{ cells: Cell[]; offset: number | undefined }> {
    let cells: Cell[] = []
    let offset: number | undefined
    for (const [index, row] of this.#lines.entries()) {
      if (index === this.#row) offset = cells.length + this.#column
      cells = [...cells, ...row.cells]
      if (row.isWrapped) continue
      yield { cells, offset }
      cells = []
      offset = undefined
    }
    if (cells.length > 0) yield { cells, offset }
  }
}

function newRow(): Row {
  return { cells: [], isWrapped: false }
}

/** A wide character is not torn. */
function cutCells(cells: readonly Cell[], columns: number): Row[] {
  const rows: Row[] = [newRow()]
  for (const [index, cell] of cells.entries()) {
    const width = cells[index + 1]?.text === '' ? 2 : 1
    if (cell.text !== '' && rows.at(-1)!.cells.length + width > columns) {
      rows.at(-1)!.isWrapped = true
      rows.push(newRow())
    }
    rows.at(-1)!.cells.push(cell)
  }
  return rows
}

function textOf({ cells }: Row): string {
  return cells
    .map(({ text }) => text)
    .join('')
    .trimEnd()
}

function trimmed(rows: readonly string[]): string[] {
  return rows.slice(0, rows.findLastIndex((row) => row !== '') + 1)
}
