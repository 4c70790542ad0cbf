/**
 * The terminal as cli-progress wants it, over any stream. It gathers the rows of a frame and writes them at once (no
 * flicker), knows how many rows the last frame takes after a resize, and never hides the cursor or turns wrapping off: a
 * killed process leaves the user's terminal usable. Rows it is given fit the width.
 */
import { stripVTControlCharacters } from 'node:util'
import type { OutputStream, Terminal } from './terminal.ts'
import { displayWidth } from './text-width.ts'

const UP = (rows: number): string => (rows > 0 ? `\x1b[${rows}A` : '')
const CLEAR_RIGHT = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** What the terminal shows of ours; the cursor stands behind the last row. */
interface DrawnFrame {
  readonly rows: readonly string[]
  readonly columns: number
  readonly lines: number
}

const NOTHING: DrawnFrame = { rows: [], columns: 0, lines: 0 }

export class BarTerminal {
  readonly #stream: OutputStream
  readonly #terminal: Terminal
  #above = ''
  #rows: string[] = []
  #drawn = NOTHING
  /** Rows of ours that scrolled off when the screen got lower: they come back when it gets higher. */
  #scrolledOff = 0

  constructor(stream: OutputStream, terminal: Terminal) {
    this.#stream = stream
    this.#terminal = terminal
  }

  /** Writes the frame in place of the last one. @param isForced also when it is the same */
  present(isForced: boolean): void {
    const frame = { rows: this.#rows, columns: this.#terminal.width(), lines: this.#terminal.height() }
    if (!isForced && this.#above === '' && isSameFrame(frame, this.#drawn)) return
    const rows = frame.rows.map((row) => row + CLEAR_RIGHT).join('\n')
    this.#stream.write(this.#toFirstRow(frame) + this.#above + rows + this.#clearRest(frame))
    this.#above = ''
    this.#drawn = frame
  }

  /** A line that may be wider than the terminal, above the next frame. */
  writeAbove(text: string): void {
    this.#above += `${text}\n`
  }

  /** Somebody else wrote behind what we drew: the next frame begins below. */
  forget(): void {
    if (this.#drawn.rows.length > 0) this.#above += '\n'
    this.#drawn = NOTHING
    this.#scrolledOff = 0
  }

  cursorRelativeReset(): void {
    this.#rows = []
  }

  newline(): void {
    // A row begins with cursorTo().
  }

  cursorTo(): void {
    this.#rows.push('')
  }

  write(text: string): void {
    this.#rows[this.#rows.length - 1] = text
  }

  clearRight(): void {
    // present() does.
  }

  clearLine(): void {
    // present() does.
  }

  clearBottom(): void {
    // present() does.
  }

  cursor(): void {
    // Left alone, see above.
  }

  lineWrapping(): void {
    // Left alone, see above.
  }

  isTTY(): boolean {
    return true
  }

  getWidth(): number {
    return this.#terminal.width()
  }

  /** Back to the first cell of the first row; what the terminal made of old rows after a resize is wiped. */
  #toFirstRow({ columns, lines }: DrawnFrame): string {
    const drawn = this.#drawn
    if (drawn.rows.length === 0) return ''
    const takenRows =
      columns === drawn.columns ? drawn.rows.length : rowsTaken(drawn.rows, columns, this.#terminal)
    const returned = this.#returnedRows(lines)
    this.#scrolledOff = Math.max(this.#scrolledOff - returned, takenRows - lines, 0)
    const isResized = drawn.columns !== columns || drawn.lines !== lines
    return `\r${UP(takenRows + returned - 1)}${isResized || this.#above !== '' ? CLEAR_BELOW : ''}`
  }

  /** Of the rows that scrolled off; none once a line of somebody's is between them and us. */
  #returnedRows(lines: number): number {
    const returned = Math.min(this.#scrolledOff, Math.max(0, lines - this.#drawn.lines))
    if (this.#above !== '') this.#scrolledOff = 0
    return returned
  }

  #clearRest({ rows }: DrawnFrame): string {
    return rows.length < this.#drawn.rows.length || rows.length === 0 ? CLEAR_BELOW : ''
  }
}

/** Terminals wrap rows anew when they get narrower: a row then takes several. */
function rowsTaken(rows: readonly string[], columns: number, { wrapsAnew }: Terminal): number {
  if (!wrapsAnew) return rows.length
  const cells = rows.map((row) => displayWidth(stripVTControlCharacters(row)))
  return cells.reduce((sum, count) => sum + Math.max(1, Math.ceil(count / columns)), 0)
}

function isSameFrame(one: DrawnFrame, other: DrawnFrame): boolean {
  return (
    one.columns === other.columns &&
    one.lines === other.lines &&
    one.rows.length === other.rows.length &&
    one.rows.every((row, index) => row === other.rows[index])
  )
}
